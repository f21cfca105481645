"""Which strategies to try in a program: those that the bound says could matter most, as many as leave it of bearable size."""

from collections.abc import Sequence

import numpy as np

from passes.solvers.shardings.core import Core, core_of
from passes.solvers.shardings.problem import Costs
from passes.solvers.shardings.shrink import Graph, NoFiniteChoice
from passes.solvers.shardings.tables import Indices

_BUDGETS = (3_000, 10_000, 30_000, 90_000)  # columns before shrinking, which often leaves a tenth
Wanted = Sequence[frozenset[int]]  # of each core node, positions among the strategies that are left


def columns(core: Core) -> int:
    """Columns of the program that has all pairs of strategies of the core."""
    return sum(cost.size for _, _, cost in core.edges)


def promising_parts(
    graph: Graph,
    core: Core,
    numbers: Sequence[int],
    wanted: Sequence[Wanted],
    rises: Sequence[Costs],
    most: int,
) -> list[Graph]:
    """The graph with only some strategies, shrunk: from few to many, up to ``most`` columns.

    First those of each of ``wanted``, then those of the last and more and more of those with the least rise of the bound.
    """
    parts: list[Graph] = []
    known: list[tuple[int, int, float]] = []
    for taken, budget in (*((each, 0) for each in wanted), *((wanted[-1], budget) for budget in _BUDGETS)):
        part = graph.copy()
        try:
            kept = _promising(core, taken, rises, budget)
            for node, keep in zip(numbers, kept, strict=True):
                if len(keep) < len(part.kept[node]):
                    part.restrict(node, keep)
            part.shrink()
        except NoFiniteChoice:
            continue
        left = core_of(part)[0]
        size = columns(left)
        like = len(left.costs), size, part.constant
        if size > most and budget:
            break
        if size <= most and like not in known:
            parts.append(part)
            known.append(like)
    return parts


def also(graph: Graph, numbers: Sequence[int], wanted: Wanted, choices: Sequence[Sequence[int]]) -> Wanted:
    """``wanted`` and what ``choices`` (of every node of the problem) take, as far as it is left."""
    taken = [np.unique([choice[node] for choice in choices]).astype(np.intp) for node in numbers]
    places = (np.flatnonzero(np.isin(graph.kept[node], mine)) for node, mine in zip(numbers, taken, strict=True))
    return tuple(mine | set(place.tolist()) for mine, place in zip(wanted, places, strict=True))


def _promising(core: Core, wanted: Wanted, rises: Sequence[Costs], budget: int) -> list[Indices]:
    """Of every node the wanted strategies and those with the least rise of the bound, some ``budget`` columns in all."""
    levels = np.unique(np.concatenate([[-1.0], *rises]))  # at the lowest level, only what is wanted
    low, high = 0, len(levels) - 1

    def keeps(level: float) -> list[Indices]:
        kept = [rise <= level for rise in rises]
        for mask, mine in zip(kept, wanted, strict=True):
            mask[list(mine)] = True
        return [np.flatnonzero(mask) for mask in kept]

    def size(kept: list[Indices]) -> int:
        return sum(len(kept[a]) * len(kept[b]) for a, b, _ in core.edges if len(kept[a]) > 1 and len(kept[b]) > 1)

    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(keeps(float(levels[middle]))) <= budget else (low, middle - 1)
    return keeps(float(levels[low]))

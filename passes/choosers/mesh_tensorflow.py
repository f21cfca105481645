"""``mesh-tensorflow``: every dim of the program has a name, and a layout says for each mesh axis which name it splits, everywhere.

The names are found, not given: dims that share a factor of an op's rule are one name, as are those of a value that crosses
fragments or goes around a loop. All layouts over the names that hold most bytes are tried with our costs; the cheapest is
taken. A tensor that has a name twice is split along it once, and an op whose rule cannot follow the layout is as close to it as
it can be.

Source: Mesh-TensorFlow (Shazeer et al., NeurIPS'18, arXiv:1811.02084, section 3).
"""

import time
from itertools import product

import numpy as np

from dialects.sharding import Sharding
from passes.analysis.ops.op_costs import is_free_value
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Site
from passes.choosers.base import Mask, SolverOptions, best_of, evaluated
from passes.choosers.named_dims import NamedDims
from passes.solvers.shardings.problem import ShardingSolution

NAMES = 5  # the largest ones; the batch is always among them: (5 + 1) ** axes layouts

Layout = dict[str, int | None]  # mesh axis -> name


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """The cheapest layout of the whole program."""
    began = time.perf_counter()
    names = NamedDims(case)
    axes = [name for name, size in case.prices.mesh.axes if size > 1]
    best: tuple[float, tuple[int, ...]] | None = None
    for layout in product((None, *names.largest(NAMES)), repeat=len(axes)):
        follow = _Follow(case, names, dict(zip(axes, layout, strict=True)))
        choice = best_of(case.problem, {site.index: follow.mask(site) for site in case.graph.sites}, options)
        seconds = case.problem.objective(choice)
        if best is None or seconds < best[0]:
            best = seconds, choice
    assert best is not None
    return evaluated(case, best[1], "mesh-tensorflow", began)


class _Follow:
    """``mask(site)``: the strategies that split nothing but what the layout says, and of that as much as they can."""

    def __init__(self, case: Case, names: NamedDims, layout: Layout) -> None:
        self.case, self.names, self.layout = case, names, layout
        self._known: dict[tuple[object, ...], Mask] = {}

    def mask(self, site: Site) -> Mask:
        """True for at least the whole value, if it is among the strategies."""
        if not site.members:
            dims = self.names.of_site(site)
            return self._best(id(site.forms), None if dims is None else (dims,), [form[:1] for form in site.forms])
        total: Mask | None = None
        for member in site.members:
            values = (*member.op.operands, *member.op.results)
            dims = tuple(None if is_free_value(value) else self.names.of(value) for value in values)
            uses = [(*item.operands, *item.results) for item in member.strategies]
            mine = self._best(id(member.strategies), dims, uses)
            total = mine if total is None or not (total & mine).any() else total & mine
        assert total is not None
        return total

    def _best(
        self, kind: int, dims: tuple[tuple[int, ...] | None, ...] | None, uses: list[tuple[Sharding, ...]]
    ) -> Mask:
        places = tuple(None if item is None else tuple(self._places(item)) for item in dims or ())
        key = kind, places
        if key not in self._known:
            points = np.array([self._points(places, use) if dims else 0 for use in uses])
            self._known[key] = (points == points.max()) & (points >= 0)
        return self._known[key]

    def _places(self, dims: tuple[int, ...]) -> list[tuple[str, int]]:
        """(axis, dim) pairs that the layout asks of a value: the first dim of that name."""
        return [(axis, dims.index(name)) for axis, name in self.layout.items() if name is not None and name in dims]

    def _points(self, places: tuple[tuple[tuple[str, int], ...] | None, ...], use: tuple[Sharding, ...]) -> int:
        points = 0
        for mine, sharding in zip(places, use, strict=True):
            for dim, axes in enumerate(() if mine is None else sharding.dims):
                for axis in axes:
                    if mine is not None and (axis, dim) not in mine:
                        return -1
                    points += 1
        return points

"""Does an op's sharding follow its rule? Finds which mesh axes each factor is split over, or says what does not fit.

dot_general ([i, k], [k, j])->([i, j]) with [{"x"}, {"y"}], [{"y"}, {}] -> [{"x"}, {}], unreduced={"y"}
    along: i=x, k=y; summed: y
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects.sharding import MeshShape, Sharding
from passes.analysis.ops.exchanges import exchanges
from passes.analysis.ops.local_rules import allowed_factors, reduction_kind, unreduced_operands
from passes.analysis.ops.rules import Rule, factor_letter


class Misfit(Exception):
    """What does not fit, as a sentence; the caller knows the op."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How one op is split. ``ins`` and ``outs``: shardings of its operands and results.

    ``along``: factor -> axes. ``summed``: axes of split reduction factors. ``passed``: axes over which the result stays unreduced
    because an operand is; ``masks``: operand -> axes of these along which only device 0 may contribute it.
    ``shapes``: whole shapes of the operands, then of the results.
    """

    ins: tuple[Sharding, ...]
    outs: tuple[Sharding, ...]
    shapes: tuple[tuple[int, ...], ...]
    along: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    summed: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    masks: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    rule: Rule | None = None

    @property
    def open_axes(self) -> tuple[str, ...]:
        """Axes over which the result is still to be joined."""
        return (*self.summed, *self.passed)


def fit(
    op: ir.Operation,
    rule: Rule,
    ins: tuple[Sharding, ...],
    outs: tuple[Sharding, ...],
    shapes: tuple[tuple[int, ...], ...],
    mesh: MeshShape,
) -> Fit:
    """The only way to run ``op`` on parts with these shardings. Raises Misfit when there is none."""
    along = _factor_axes(rule, ins, outs, mesh)
    forbidden = sorted(factor for factor in along if factor not in allowed_factors(op, rule))
    if forbidden:
        raise Misfit(f"it cannot be split along {', '.join(factor_letter(factor) for factor in forbidden)}")
    split = [axis for axes in along.values() for axis in axes]
    if len(set(split)) < len(split):
        raise Misfit("it is split over one axis in two ways")
    opened = set(outs[0].unreduced)
    if any(set(sharding.unreduced) != opened for sharding in outs):
        raise Misfit("some of its results are unreduced and others are not")
    summed = tuple(axis for factor, axes in along.items() if factor in rule.reduction for axis in axes)
    if set(summed) - opened:
        raise Misfit(f"it sums over {', '.join(sorted(set(summed) - opened))} and its result does not say so")
    passed = tuple(sorted(opened - set(summed)))
    if passed and summed and reduction_kind(op) != "sum":
        raise Misfit(f"its {reduction_kind(op)} does not commute with an unreduced operand")
    if exchanges(op, shapes, ins, mesh) is None:
        raise Misfit("its windows reach beyond the neighbours' parts, or parts do not begin alike")
    masks = _masks(op, ins, passed)
    return Fit(ins, outs, shapes, along, summed, passed, masks, rule)


def _masks(op: ir.Operation, ins: Sequence[Sharding], passed: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    strange = {axis for sharding in ins for axis in sharding.unreduced} - set(passed)
    if strange:
        raise Misfit(f"an operand is unreduced over {', '.join(sorted(strange))} and its result is not")
    masks: dict[int, tuple[str, ...]] = {}
    for axis in passed:
        opened = {i for i, sharding in enumerate(ins) if axis in sharding.unreduced}
        groups = [group for group in unreduced_operands(op) if opened and opened <= set(group)]
        if not groups:
            said = "no operand is" if not opened else "the op does not commute with sums"
            raise Misfit(f"its result is unreduced over {axis}, but {said}")
        for i in min(groups, key=len):
            if i not in opened:
                masks[i] = (*masks.get(i, ()), axis)
    return masks


def _factor_axes(
    rule: Rule, ins: Sequence[Sharding], outs: Sequence[Sharding], mesh: MeshShape
) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for mapping, sharding in zip((*rule.operands, *rule.results), (*ins, *outs), strict=True):
        for factors, axes in zip(mapping, sharding.dims, strict=True):
            for factor, mine in _deal(rule, factors, axes, mesh).items():
                if found.setdefault(factor, mine) != mine:
                    raise Misfit(
                        f"{factor_letter(factor)} is split over {_said(found[factor])} here and {_said(mine)} there"
                    )
    return {factor: axes for factor, axes in found.items() if axes}


def _deal(rule: Rule, factors: tuple[int, ...], axes: tuple[str, ...], mesh: MeshShape) -> dict[int, tuple[str, ...]]:
    """Give the axes of a dim to its factors, major first; a factor must be split to single elements before the next gets any."""
    rest, full = list(axes), True
    found: dict[int, tuple[str, ...]] = {}
    for factor in factors:
        mine: list[str] = []
        left = rule.sizes[factor]
        while full and rest and left > 1 and left % mesh.size(rest[:1]) == 0:
            left //= mesh.size(rest[:1])
            mine.append(rest.pop(0))
        full = full and left <= 1
        found[factor] = tuple(mine)
    if rest:
        raise Misfit(
            f"{', '.join(rest)} split a dim of the factors {', '.join(factor_letter(f) for f in factors)} unevenly"
        )
    return found


def _said(axes: tuple[str, ...]) -> str:
    return "*".join(axes) or "nothing"

"""Shardings spread from values that have one to all others, along the factors of Shardy's rules.

    annotated %x = [{"x"}, {}]        %h = dot_general %x, %w ([i, k], [k, j])->([i, j])        i = x, so %h = [{"x"}, {}]

First along elementwise ops and views, to and fro until nothing changes, then along all ops. Where operands disagree about a
factor the first one counts, and an operand counts more than a result: the producer wins. An axis is used once in an op.

Source: GSPMD (arXiv:2105.04663, section 3.5) for the order; Shardy's basic factor propagation.
"""

from collections.abc import Callable

from jaxlib.mlir import ir

from dialects.annotation import Annotation
from dialects.ops import shape_of
from passes.analysis.ops.local_rules import ELEMENTWISE
from passes.analysis.ops.op_costs import is_free_value
from passes.analysis.ops.rules import Rule, read_rule
from passes.analysis.shardings.cases import Case
from passes.choosers.base import batch_dim

SWEEPS = 8  # to and fro; each reaches through the whole program, so what is left after that is a quarrel
_EARLY = ELEMENTWISE | {"stablehlo.transpose", "stablehlo.reshape", "stablehlo.broadcast_in_dim"}

Dims = tuple[tuple[str, ...], ...]


class Propagation:
    """``of(value)``: the axes of its dims after ``run``. ``same(value)`` names the values that lie alike, a state and its next."""

    def __init__(self, case: Case, same: Callable[[ir.Value], ir.Value]) -> None:
        self.mesh, self.same = case.prices.mesh, same
        self.held: dict[ir.Value, Dims] = {}
        self.closed: dict[ir.Value, tuple[bool, ...]] = {}
        members = [member.op for site in case.graph.sites for member in site.members]
        self.ops = [(op, rule) for op in members if (rule := read_rule(op)) is not None]

    def of(self, value: ir.Value) -> Dims:
        """The axes of each dim."""
        return self.held.get(self.same(value), ((),) * len(shape_of(value)))

    def fix(self, value: ir.Value, wanted: Annotation) -> None:
        """Start from here; the first annotation of a value counts."""
        root = self.same(value)
        if root not in self.closed:
            self.held[root] = wanted.dims
            self.closed[root] = tuple(not more for more in wanted.open)

    def run(self) -> None:
        """Spread until nothing changes."""
        early = [(op, rule) for op, rule in self.ops if op.name in _EARLY]
        for ops in (early, self.ops):
            for _ in range(SWEEPS):
                forward = [self._spread(op, rule) for op, rule in ops]
                backward = [self._spread(op, rule) for op, rule in reversed(ops)]
                if not any(forward) and not any(backward):
                    break

    def _spread(self, op: ir.Operation, rule: Rule) -> bool:
        values = [*op.operands, *op.results]
        sides = [
            (value, mapping)
            for value, mapping in zip(values, (*rule.operands, *rule.results), strict=True)
            if not is_free_value(value)
        ]
        along: dict[int, tuple[str, ...]] = {}
        used: set[str] = set()
        for value, mapping in sides:
            for axes, factors in zip(self.of(value), mapping, strict=True):
                factor = next((factor for factor in factors if rule.sizes[factor] > 1), None)
                if factor is None or factor in rule.need_replication or factor in rule.permutation:
                    continue
                old = along.get(factor, ())
                if axes[: len(old)] == old and used.isdisjoint(axes[len(old) :]):
                    if rule.sizes[factor] % self.mesh.size(axes) == 0:
                        along[factor] = axes
                        used.update(axes)
        changed = [self._take(value, mapping, rule, along) for value, mapping in sides]  # all of them take
        return any(changed)

    def _take(
        self,
        value: ir.Value,
        mapping: tuple[tuple[int, ...], ...],
        rule: Rule,
        along: dict[int, tuple[str, ...]],
    ) -> bool:
        root, old = self.same(value), self.of(value)
        closed = self.closed.get(root, (False,) * len(old))
        new = list(old)
        for dim, factors in enumerate(mapping):
            axes = next((along.get(f, ()) for f in factors if rule.sizes[f] > 1), ())
            grows = len(axes) > len(new[dim]) and axes[: len(new[dim])] == new[dim] and not closed[dim]
            others = {axis for other, held in enumerate(new) if other != dim for axis in held}
            in_order = list(axes) == sorted(axes, key=self.mesh.names.index)
            if grows and in_order and others.isdisjoint(axes) and shape_of(value)[dim] % self.mesh.size(axes) == 0:
                new[dim] = axes
        if tuple(new) == old:
            return False
        self.held[root] = tuple(new)
        return True


def batch_as_annotation(case: Case, value: ir.Value) -> Annotation | None:
    """Rows over as many axes as divide them: what a user without annotations means. None for a value without rows."""
    mesh, dim, shape = case.prices.mesh, batch_dim(value), shape_of(value)
    if not 0 <= dim < len(shape):
        return None
    axes: tuple[str, ...] = ()
    for name, size in mesh.axes:
        if size > 1 and shape[dim] % mesh.size((*axes, name)) == 0:
            axes = (*axes, name)
    return Annotation(tuple(axes if i == dim else () for i in range(len(shape))), (True,) * len(shape))

"""``gspmd``: the user's annotations are kept, and everything else follows from them by propagation.

A value that no annotation reaches is whole. An op runs as close to what its operands and results have as it can. Without any
annotation the rows of the batch arguments over the whole mesh are the annotation, which makes it data parallelism by propagation.

Source: GSPMD (Xu et al., arXiv:2105.04663).
"""

import time
from collections.abc import Iterable

import numpy as np
from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import BARRIER, CONTROL_FLOW, all_ops, body_ops, entry_block
from dialects.sharding import Sharding
from dialects.signature import attr_dicts, text_of
from dialects.values import kind_of
from passes.analysis.ops.op_costs import is_free_value
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Member, Site
from passes.choosers.annotated import annotation_masks
from passes.choosers.base import Mask, SolverOptions, best_of, evaluated
from passes.choosers.propagation import Dims, Propagation, batch_as_annotation
from passes.solvers.shardings.problem import ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Propagate; the solver only decides where sums are done and what is as close as what."""
    began = time.perf_counter()
    alike = _Alike(case)
    spread = Propagation(case, alike.root)
    for value_id, wanted in case.annotations.ports.items():
        if value_id in alike.ports:
            spread.fix(alike.ports[value_id], wanted)
    for value, wanted in case.annotations.values.items():
        spread.fix(value, wanted)
    if not case.annotations:
        for value_id, value in alike.ports.items():
            rows = batch_as_annotation(case, value) if kind_of(value_id) == "batch" else None
            if rows is not None:
                spread.fix(value, rows)
    spread.run()
    follow = _Follow(case, spread, alike)
    masks = {site.index: follow.mask(site) for site in case.graph.sites}
    masks.update(annotation_masks(case))
    return evaluated(case, best_of(case.problem, masks, options), "gspmd", began)


class _Alike:
    """Values that have one sharding: those of one port, and those that a loop carries."""

    def __init__(self, case: Case) -> None:
        self._parent: dict[ir.Value, ir.Value] = {}
        self.ports: dict[str, ir.Value] = {}  # id of a port -> one of its values
        for func in case.funcs:
            block = entry_block(func)
            returned = body_ops(block)[-1].operands
            for which, values in (("arg_attrs", block.arguments), ("res_attrs", returned)):
                for value, entry in zip(values, attr_dicts(func, which), strict=True):
                    own_id = text_of(entry, names.VALUE)
                    if not is_free_value(value):
                        self._join(self.ports.setdefault(case.aliases.get(own_id, own_id), value), value)
            for op in all_ops(func.operation):
                if op.name in CONTROL_FLOW:
                    self._control_flow(op)
                elif op.name == BARRIER:
                    self._together(op.operands, op.results)

    def root(self, value: ir.Value) -> ir.Value:
        """The value that stands for all that lie as ``value``."""
        while (above := self._parent.get(value, value)) != value:
            self._parent[value] = self._parent.get(above, above)
            value = above
        return value

    def _control_flow(self, op: ir.Operation) -> None:
        loop = op.name == "stablehlo.while"
        for number, region in enumerate(op.regions):
            block = region.blocks[0]
            groups = [list(block.arguments), *([list(op.operands)] if loop else [])]
            if not loop or number == 1:
                groups.append(list(body_ops(block)[-1].operands))
            for group in groups:
                self._together(group, op.results)

    def _together(self, values: Iterable[ir.Value], results: Iterable[ir.Value]) -> None:
        for value, result in zip(values, results, strict=False):
            if not is_free_value(value):
                self._join(result, value)

    def _join(self, first: ir.Value, second: ir.Value) -> None:
        a, b = self.root(first), self.root(second)
        if a != b:
            self._parent[b] = a


class _Follow:
    """``mask(site)``: the strategies with the fewest values that lie otherwise than propagation says."""

    def __init__(self, case: Case, spread: Propagation, alike: _Alike) -> None:
        self.spread = spread
        self.values = {port.index: alike.ports.get(value_id) for value_id, port in case.graph.ports.items()}
        self._known: dict[tuple[int, tuple[Dims | None, ...]], Mask] = {}

    def mask(self, site: Site) -> Mask:
        """At least one strategy."""
        if not site.members:
            value = self.values.get(site.index, site.value)
            if value is None:
                return np.ones(len(site.forms), bool)
            return self._misses(id(site.forms), (self.spread.of(value),), [f[:1] for f in site.forms]) == 0
        total = np.zeros(len(site.forms))
        for member in site.members:
            total = total + self._member(member)
        return total == total.min()

    def _member(self, member: Member) -> Mask:
        values = (*member.op.operands, *member.op.results)
        wanted = tuple(None if is_free_value(value) else self.spread.of(value) for value in values)
        uses = [(*item.operands, *item.results) for item in member.strategies]
        return self._misses(id(member.strategies), wanted, uses)

    def _misses(self, kind: int, wanted: tuple[Dims | None, ...], uses: list[tuple[Sharding, ...]]) -> Mask:
        key = kind, wanted
        if key not in self._known:
            self._known[key] = np.array(
                [sum(dims is not None and s.dims != dims for s, dims in zip(use, wanted, strict=True)) for use in uses]
            )
        return self._known[key]

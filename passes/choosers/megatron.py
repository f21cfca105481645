"""``megatron``: the last mesh axis is tensor-parallel, the others split the batch.

Weights of consecutive products alternate column, row; attention by heads; embeddings by vocabulary; what lies between a row and the
next column is whole on the tensor-parallel axis, or split by the sequence (the dim after the batch) where that is cheaper.
Backward and update follow the forward. Where the rule does not apply the tensor-parallel devices repeat each other's work.

Source: Megatron-LM (Shoeybi et al., arXiv:1909.08053, section 3); sequence parallelism (Korthikanti et al., arXiv:2205.05198).
"""

import numpy as np
from jaxlib.mlir import ir

from dialects.ops import op_key, shape_of
from dialects.sharding import Sharding
from dialects.values import FORWARD, SETUP, kind_of
from passes.analysis.ops.op_costs import is_free_value
from passes.analysis.ops.rules import read_rule
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Member, Site
from passes.choosers.base import Mask, SolverOptions, phase_of, solved
from passes.choosers.data import Rows
from passes.choosers.megatron_walk import PRODUCTS, Walk, place
from passes.choosers.named_dims import NamedDims
from passes.solvers.shardings.problem import ShardingSolution

WHOLE = -1


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Walk the forward, then let the solver follow."""
    axes = [name for name, size in case.prices.mesh.axes if size > 1]
    rows = Rows(case, axes[:-1])
    rule = _Megatron(case, axes[-1] if axes else "", rows.dims)
    masks: dict[int, Mask] = {}
    for site in case.graph.sites:
        mask = rows.of(site)
        both = mask & rule.mask(site)
        masks[site.index] = both if both.any() else mask
    return solved(case, masks, options, "megatron")


class _Megatron:
    """``mask(site)``: the strategies that put the tensor-parallel axis where the walk does."""

    def __init__(self, case: Case, axis: str, dims: NamedDims) -> None:
        self.case, self.axis, self.dims = case, axis, dims
        self.walk = Walk(case, dims, case.prices.mesh.size([axis]) if axis else 1)
        if axis:
            self.walk.run()
        self.like: dict[
            tuple[int, ...], set[int]
        ] = {}  # shape of a split parameter -> the dims that such are split along
        for value_id, dim in self.walk.weights.items():
            self.like.setdefault(case.graph.ports[value_id].shape, set()).add(dim)
        self.ids = {port.index: value_id for value_id, port in case.graph.ports.items()}
        self._known: dict[tuple[int, tuple[tuple[int, ...], ...]], Mask] = {}

    def mask(self, site: Site) -> Mask:
        """All strategies of what comes after the forward."""
        if not self.axis:
            return np.ones(len(site.forms), bool)
        if site.kind == "port":
            return self._places(id(site.forms), (self._port(site),), [form[:1] for form in site.forms])
        if phase_of(site) not in (SETUP, FORWARD):
            return np.ones(len(site.forms), bool)
        if site.members:
            return np.logical_and.reduce([self._member(member) for member in site.members])
        assert site.value is not None or len(site.forms) == 1
        places = (WHOLE,) if site.value is None else self._between(site.value, self.walk.split.get(site.value, WHOLE))
        if site.kind == "copy" and site.value is not None:  # what a reader shares may be split as the value or whole
            places = (*places, WHOLE)
        return self._places(id(site.forms), (places,), [form[:1] for form in site.forms])

    def _port(self, site: Site) -> tuple[int, ...]:
        value_id = self.ids[site.index]
        role = self.case.roles.get(value_id, "")
        if role == "parameter":
            return (self.walk.weights.get(value_id, WHOLE),)
        if role == "optimizer":
            return tuple(sorted(self.like.get(site.shape, {WHOLE})))
        if role or kind_of(value_id) in ("arg", "batch"):
            return (WHOLE,)
        if value_id in self.walk.ports:
            return (self.walk.ports[value_id],)
        if site.batch_dim >= 0:
            return (WHOLE, site.batch_dim + 1)
        return tuple(range(WHOLE, len(site.shape)))

    def _member(self, member: Member) -> Mask:
        op, rule = member.op, read_rule(member.op)
        factor = self.walk.factor.get(op_key(op))
        values = (*op.operands, *op.results)
        if factor is None or rule is None:
            between = op.name not in PRODUCTS
            places = tuple(self._between(value, WHOLE) if between else (WHOLE,) for value in values)
        else:
            places = tuple((place(rule, item, factor),) for item in (*rule.operands, *rule.results))
        return self._places(
            id(member.strategies), places, [(*item.operands, *item.results) for item in member.strategies]
        )

    def _between(self, value: ir.Value, dim: int) -> tuple[int, ...]:
        """A whole value of three dims or more may be split by the sequence; a constant lies as its reader likes."""
        if is_free_value(value):
            return tuple(range(WHOLE, len(shape_of(value))))
        batch = self.dims.batch_dim(value)
        sequence = dim == WHOLE and 0 <= batch < len(shape_of(value)) - 2
        return (dim, batch + 1) if sequence else (dim,)

    def _places(self, kind: int, places: tuple[tuple[int, ...], ...], uses: list[tuple[Sharding, ...]]) -> Mask:
        """Where each value may have the axis: one of its dims, or none (``WHOLE``)."""
        key = kind, places
        if key not in self._known:
            good = [all(self._at(s) in at for s, at in zip(use, places, strict=True)) for use in uses]
            self._known[key] = np.array(good)
        return self._known[key]

    def _at(self, sharding: Sharding) -> int:
        return next((dim for dim, axes in enumerate(sharding.dims) if self.axis in axes), WHOLE)

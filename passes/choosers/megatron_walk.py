"""Megatron's walk over a program: which dim of every value, and which factor of every op, the tensor-parallel axis splits.

product of an unsplit value and a weight      by a common dim, if it is not the batch: experts;
                                              else column: the first dim of the weight that the result has
product of a split value and a weight         row, if the split dim is contracted: the sum is done at once
product of two values, with a common dim      by that dim, if it is not the batch: attention by heads
lookup in a weight                            by the rows of the table: embedding by vocabulary
anything else                                 keeps the split of its first split operand, as far as its rule can carry it
"""

from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import BARRIER, CONTROL_FLOW, body_ops, entry_block, op_key, shape_of
from dialects.signature import attr_dicts, op_text, text_of
from dialects.values import FORWARD, SETUP
from passes.analysis.ops.rules import Rule, read_rule
from passes.analysis.shardings.cases import Case
from passes.choosers.named_dims import NamedDims

PRODUCTS = ("stablehlo.dot_general", "stablehlo.dot", "stablehlo.convolution")


@dataclass(frozen=True)
class Weight:
    """A value that is a parameter, or made of one alone: ``dims[d]`` is the parameter's dim that dim d is, -1 if none."""

    port: str
    dims: tuple[int, ...]


@dataclass
class Walk:
    """``split[value]``: its tensor-parallel dim; ``factor[op key]``; ``weights[port id]``: the dim of a parameter that is split."""

    case: Case
    dims: NamedDims
    size: int  # of the tensor-parallel axis
    split: dict[ir.Value, int] = field(default_factory=dict[ir.Value, int])
    factor: dict[ir.Value | ir.Block, int] = field(default_factory=dict[ir.Value | ir.Block, int])
    weights: dict[str, int] = field(default_factory=dict[str, int])
    ports: dict[str, int] = field(default_factory=dict[str, int])  # of other values that cross fragments
    _made_of: dict[ir.Value, Weight] = field(default_factory=dict[ir.Value, Weight])
    _weight_ports: dict[str, Weight] = field(default_factory=dict[str, Weight])

    def run(self) -> None:
        """Setup (casts of weights) and forward."""
        for func in self.case.funcs:
            if op_text(func.operation, names.PHASE) not in (SETUP, FORWARD):
                continue
            block = entry_block(func)
            for value, entry in zip(block.arguments, attr_dicts(func, "arg_attrs"), strict=True):
                self._enter(value, text_of(entry, names.VALUE))
            self._block(block)
            returned = body_ops(block)[-1].operands
            for value, entry in zip(returned, attr_dicts(func, "res_attrs"), strict=True):
                value_id = text_of(entry, names.VALUE)
                if value in self._made_of:
                    self._weight_ports[value_id] = self._made_of[value]
                if value in self.split:
                    self.ports[value_id] = self.split[value]

    def _enter(self, value: ir.Value, value_id: str) -> None:
        if self.case.roles.get(value_id) == "parameter":
            self._made_of[value] = Weight(value_id, tuple(range(len(shape_of(value)))))
        elif value_id in self._weight_ports:
            self._made_of[value] = self._weight_ports[value_id]
        elif value_id in self.ports:
            self.split[value] = self.ports[value_id]

    def _block(self, block: ir.Block) -> None:
        for op in body_ops(block)[:-1]:
            if op.name in CONTROL_FLOW:
                self._control_flow(op)
            elif op.name == BARRIER:
                for value, result in zip(op.operands, op.results, strict=True):
                    self._same(value, result)
            elif (rule := read_rule(op)) is not None:
                self._leaf(op, rule)

    def _leaf(self, op: ir.Operation, rule: Rule) -> None:
        parts = [value for value in op.operands if value in self._made_of]
        if len(parts) == len(op.operands) == 1:
            self._pass_on(op, rule, self._made_of[parts[0]])
        factor = self._choose(op, rule)
        if factor is None or rule.sizes[factor] % self.size or factor in rule.need_replication:
            return
        self.factor[op_key(op)] = factor
        for value, mapping in zip(op.operands, rule.operands, strict=True):
            dim, weight = place(rule, mapping, factor), self._made_of.get(value)
            if weight is not None and dim >= 0 and weight.dims[dim] >= 0:
                self.weights.setdefault(weight.port, weight.dims[dim])
        for value, mapping in zip(op.results, rule.results, strict=True):
            if (dim := place(rule, mapping, factor)) >= 0:
                self.split[value] = dim

    def _pass_on(self, op: ir.Operation, rule: Rule, weight: Weight) -> None:
        """What is made of a weight alone is a weight: casts, transposes, slices of stacked layers."""
        for value, mapping in zip(op.results, rule.results, strict=True):
            dims: list[int] = []
            for factors in mapping:
                there = [weight.dims[d] for d, other in enumerate(rule.operands[0]) if other == factors and factors]
                dims.append(there[0] if there else -1)
            self._made_of[value] = Weight(weight.port, tuple(dims))

    def _choose(self, op: ir.Operation, rule: Rule) -> int | None:
        """The factor that the tensor-parallel axis splits."""
        carried = [self._carried(value, mapping) for value, mapping in zip(op.operands, rule.operands, strict=True)]
        known = next((factor for factor in carried if factor is not None), None)
        weights = [i for i, value in enumerate(op.operands) if value in self._made_of]
        if op.name == "stablehlo.gather" and weights == [0]:
            rows = [f for f in rule.reduction if place(rule, rule.operands[0], f) >= 0]
            return rows[0] if rows else None
        if known is not None or op.name not in PRODUCTS:
            return known
        if len(weights) == 2:
            return None
        left, right, result = (_factors(mapping) for mapping in (*rule.operands[:2], rule.results[0]))
        batch = _factor_at(rule.results[0], self.dims.batch_dim(op.results[0]))
        common = next((f for f in sorted(left & right & result - {batch}) if self._fits(rule, f)), None)
        if not weights:
            return common
        tied = self._tied(op.operands[weights[0]], rule.operands[weights[0]])
        if tied is not None or common is not None:
            return common if tied is None else tied
        other = right if weights[0] == 0 else left
        columns = [f for dim in rule.operands[weights[0]] for f in dim if f in result and f not in other]
        return next((f for f in columns if self._fits(rule, f)), None)

    def _fits(self, rule: Rule, factor: int) -> bool:
        return rule.sizes[factor] % self.size == 0 and rule.sizes[factor] > 1

    def _carried(self, value: ir.Value, mapping: tuple[tuple[int, ...], ...]) -> int | None:
        return _factor_at(mapping, self.split.get(value, -1))

    def _tied(self, value: ir.Value, mapping: tuple[tuple[int, ...], ...]) -> int | None:
        """The factor of a weight's dim that an earlier op has split."""
        weight = self._made_of[value]
        dim = self.weights.get(weight.port, -2)
        return _factor_at(mapping, weight.dims.index(dim)) if dim in weight.dims else None

    def _same(self, value: ir.Value, other: ir.Value) -> None:
        """``other`` is ``value``: behind a barrier, inside a loop."""
        if value in self._made_of:
            self._made_of[other] = self._made_of[value]
        if value in self.split:
            self.split[other] = self.split[value]

    def _control_flow(self, op: ir.Operation) -> None:
        if op.name != "stablehlo.while":
            for region in op.regions:
                self._block(region.blocks[0])
            return
        body = op.regions[1].blocks[0]
        for value, inner, before in zip(op.operands, body.arguments, op.regions[0].blocks[0].arguments, strict=True):
            self._same(value, inner)
            if value in self.split:
                self.split[before] = self.split[value]
        self._block(body)
        for inner, after, result in zip(body.arguments, body_ops(body)[-1].operands, op.results, strict=True):
            if after in self.split and self.split.get(inner) == self.split[after]:
                self.split[result] = self.split[after]


def place(rule: Rule, mapping: tuple[tuple[int, ...], ...], factor: int) -> int:
    """The dim that has ``factor`` as its major one; -1 if none."""
    return next((dim for dim, factors in enumerate(mapping) if _major(rule, factors) == factor), -1)


def _major(rule: Rule, factors: tuple[int, ...]) -> int | None:
    return next((factor for factor in factors if rule.sizes[factor] > 1), None)


def _factor_at(mapping: tuple[tuple[int, ...], ...], dim: int) -> int | None:
    return mapping[dim][0] if 0 <= dim < len(mapping) and mapping[dim] else None


def _factors(mapping: tuple[tuple[int, ...], ...]) -> set[int]:
    return {factor for dim in mapping for factor in dim}

"""Shardy's sharding rule of an op as plain data, and the time axis seen through it.

``func.func(sdy-populate-op-sharding-rules)`` must have run. Source: shardy/dialect/sdy/ir/attrs.td, OpShardingRuleAttr.
"""

from dataclasses import dataclass

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import sdy

from passes.analysis.ops.forms import Form, split

RULE = "sdy.sharding_rule"


@dataclass(frozen=True)
class Rule:
    """Factor sizes; for each operand and result, per dim, its factors major first; and the kinds of the special factors."""

    sizes: tuple[int, ...]
    operands: tuple[tuple[tuple[int, ...], ...], ...]
    results: tuple[tuple[tuple[int, ...], ...], ...]
    reduction: frozenset[int]
    need_replication: frozenset[int]
    permutation: frozenset[int]


@dataclass(frozen=True)
class TimeFactor:
    """The factor that time runs along, and how many blocks of it lie outside the time axis (see Form.outer)."""

    factor: int
    outer: int


def read_rule(op: ir.Operation) -> Rule | None:
    """The rule of ``op``; None when Shardy has none for it."""
    if RULE not in op.attributes:
        return None
    rule = sdy.OpShardingRuleAttr(op.attributes[RULE])
    return Rule(
        sizes=tuple(rule.factor_sizes),
        operands=tuple(_mapping(item) for item in rule.operand_mappings),
        results=tuple(_mapping(item) for item in rule.result_mappings),
        reduction=frozenset(rule.reduction_factors),
        need_replication=frozenset(rule.need_replication_factors),
        permutation=frozenset(rule.permutation_factors),
    )


def _mapping(attribute: ir.Attribute) -> tuple[tuple[int, ...], ...]:
    dims = sdy.TensorMappingAttr(attribute).dim_mappings
    return tuple(tuple(sdy.DimMappingAttr(dim).factor_indices) for dim in dims)


def factor_of(rule: Rule, mapping: tuple[tuple[int, ...], ...], form: Form, microbatches: int) -> TimeFactor | None:
    """The factor that a split value's time axis lies in; None when it straddles factors (no single one holds it)."""
    before = 1
    for factor in mapping[form.dim]:
        size = rule.sizes[factor]
        if form.outer % before == 0:
            outer = form.outer // before
            if outer <= size and size % (outer * microbatches) == 0:
                return TimeFactor(factor, outer)
        before *= size
    return None


def form_of(rule: Rule, mapping: tuple[tuple[int, ...], ...], time: TimeFactor) -> Form | None:
    """The split form of an operand or result that has the time factor; None when it does not have it."""
    for dim, factors in enumerate(mapping):
        before = 1
        for factor in factors:
            if factor == time.factor:
                return split(dim, before * time.outer)
            before *= rule.sizes[factor]
    return None


def factor_letter(factor: int) -> str:
    """Shardy's name of a factor: i, j, …, z, z_1, …"""
    return chr(ord("i") + factor) if factor < 18 else f"z_{factor - 17}"

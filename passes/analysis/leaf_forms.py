"""Forms through one op without control flow, by Shardy's rule: which forms it wants of its operands and gives its results."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir

from passes.analysis.folds import body_fold
from passes.analysis.forms import AFTER, WHOLE, Fold, Form, partial
from passes.analysis.rules import Rule, TimeFactor, factor_of, form_of, read_rule


@dataclass(frozen=True)
class Transfer:
    """The forms an op wants of its operands and the forms of its results."""

    wants: tuple[Form, ...]
    gives: tuple[Form, ...]


@dataclass(frozen=True)
class Coupled:
    """Why an op cannot run on one microbatch alone: ``operand`` is the position to blame, -1 if none."""

    why: str
    operand: int = -1


# Ops whose result, when the time factor is a reduction factor, is exactly the fold of the results on the slices.
_SUMS = ("stablehlo.dot_general", "stablehlo.convolution", "stablehlo.dot")
_FOLDS = ("stablehlo.reduce", "stablehlo.scatter")


def leaf_transfer(op: ir.Operation, forms: Sequence[Form], microbatches: int) -> Transfer | Coupled:
    """Forms through ``op`` when no operand is partial. Source: propagation over factors as in Shardy, for one axis."""
    after = any(form.after for form in forms)
    split_at = [i for i, form in enumerate(forms) if form.is_split]
    if not split_at:
        return Transfer(tuple(forms), tuple([AFTER if after else WHOLE] * len(op.results)))
    if after:
        blame = next(i for i, form in enumerate(forms) if form.after)
        return Coupled("needs a value that is complete only after all microbatches", blame)
    if op.name == "stablehlo.optimization_barrier":
        return Transfer(tuple(forms), tuple(forms))
    rule = read_rule(op)
    if rule is None or len(rule.operands) != len(forms):
        return Coupled("has no sharding rule, so it needs the whole batch", split_at[0])
    time = factor_of(rule, rule.operands[split_at[0]], forms[split_at[0]], microbatches)
    if time is None:
        return Coupled(f"regroups the batch so that {microbatches} microbatches do not fall on one dim", split_at[0])
    for i in split_at[1:]:
        if factor_of(rule, rule.operands[i], forms[i], microbatches) != time:
            return Coupled("combines every row of the batch with every other row", i)
    return _through(op, rule, time, len(forms), split_at)


def _through(op: ir.Operation, rule: Rule, time: TimeFactor, num: int, split_at: list[int]) -> Transfer | Coupled:
    if time.factor in rule.need_replication or time.factor in rule.permutation:
        return Coupled("works across the rows of the batch", split_at[0])
    wants = [form_of(rule, rule.operands[i], time) or WHOLE for i in range(num)]
    reduces = time.factor in rule.reduction
    gives: list[Form] = []
    for mapping in rule.results:
        form = form_of(rule, mapping, time)
        if form is not None and not reduces:
            gives.append(form)
            continue
        fold = _fold_of(op) if reduces and form is None else None
        if fold is None:
            return Coupled("reduces over the rows of the batch in a way that has no fold", split_at[0])
        gives.append(partial(fold))
    if reduces and op.name in _FOLDS:
        first = len(op.results)  # scatter operands / reduce inits take part in the fold once, not once a microbatch
        sites = range(first) if op.name == "stablehlo.scatter" else range(first, 2 * first)
        for i in sites:
            wants[i] = gives[0]
    if op.name == "stablehlo.convolution" and not _simple_convolution(rule, time):
        return Coupled("is a grouped convolution over the batch", split_at[0])
    return Transfer(tuple(wants), tuple(gives))


def _fold_of(op: ir.Operation) -> Fold | None:
    if op.name in _SUMS:
        return "sum"
    if op.name in _FOLDS and len(op.results) == 1:
        return body_fold(op)
    return None


def _simple_convolution(rule: Rule, time: TimeFactor) -> bool:
    """Slicing must leave the group counts as they are: every dim that has the time factor has only that factor."""
    mappings = (*rule.operands, *rule.results)
    return all(len(dim) == 1 for mapping in mappings for dim in mapping if time.factor in dim)

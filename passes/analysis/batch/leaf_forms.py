"""Forms through one op without control flow, by Shardy's rule: which forms it wants of its operands and gives its results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.ops import shape_of
from passes.analysis.ops.folds import body_fold
from passes.analysis.ops.forms import AFTER, REPEATED, WHOLE, Fold, Form, partial, whole_form
from passes.analysis.ops.rules import Rule, TimeFactor, factor_of, form_of, read_rule


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
_NO_FOLD = "reduces over the rows of the batch in a way that has no fold"
_WITHOUT_FOLD = {
    "stablehlo.gather": "picks by an index among all rows of the batch"
}  # what Shardy calls a reduction too


def leaf_transfer(op: ir.Operation, forms: Sequence[Form], microbatches: int) -> Transfer | Coupled:
    """Forms through ``op`` when no operand is partial. Source: propagation over factors as in Shardy, for one axis."""
    after = any(form.after for form in forms)
    split_at = [i for i, form in enumerate(forms) if form.is_split]
    if not split_at:
        wants = tuple(AFTER if after and form.repeated else form for form in forms)
        return Transfer(wants, tuple([whole_form(forms)] * len(op.results)))
    if after:
        blame = next(i for i, form in enumerate(forms) if form.after)
        return Coupled("needs a value that is complete only after all microbatches", blame)
    if op.name == "stablehlo.optimization_barrier":
        return Transfer(tuple(forms), tuple(REPEATED if form.is_whole else form for form in forms))
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
            return Coupled(_WITHOUT_FOLD.get(op.name, _NO_FOLD), split_at[0])
        gives.append(partial(fold))
    if reduces and op.name in _FOLDS:
        first = len(op.results)  # scatter operands / reduce inits take part in the fold once, not once a microbatch
        sites = range(first) if op.name == "stablehlo.scatter" else range(first, 2 * first)
        for i in sites:
            wants[i] = gives[0]
    if op.name == "stablehlo.convolution" and not _simple_convolution(op, rule, time):
        return Coupled("is a grouped convolution over the batch", split_at[0])
    dim = next((dim for dim, factors in enumerate(rule.operands[0]) if time.factor in factors), None)
    if dim is not None and op.name in _KEEPS_ROWS and not _KEEPS_ROWS[op.name](op, dim):
        return Coupled("works across the rows of the batch", split_at[0])
    return Transfer(tuple(wants), tuple(gives))


def _pads_nothing(op: ir.Operation, dim: int) -> bool:
    edges = (
        list(ir.DenseI64ArrayAttr(op.attributes[name]))
        for name in ("edge_padding_low", "edge_padding_high", "interior_padding")
    )
    return all(edge[dim] == 0 for edge in edges)


def _updates_all(op: ir.Operation, dim: int) -> bool:
    return shape_of(op.operands[0])[dim] == shape_of(op.operands[1])[dim]


def _scatters_apart(op: ir.Operation, dim: int) -> bool:
    """Rows of the scattered tensor stay apart when they are batching dims, or dims that every window covers from end to end."""
    numbers = stablehlo.ScatterDimensionNumbers(op.attributes["scatter_dimension_numbers"])
    batching = list(numbers.input_batching_dims)
    if dim in batching:
        return True
    apart = {*batching, *numbers.inserted_window_dims}
    if dim in apart or dim in list(numbers.scattered_dims_to_operand_dims):
        return False
    windows = [i for i in range(len(shape_of(op.operands[0]))) if i not in apart]
    update = shape_of(op.operands[len(op.operands) - 1])
    return update[list(numbers.update_window_dims)[windows.index(dim)]] == shape_of(op.operands[0])[dim]


# Ops that Shardy lets a dim of operand 0 pass through, counting on neighbours to exchange rows: whether they keep rows apart.
_KEEPS_ROWS: dict[str, Callable[[ir.Operation, int], bool]] = {
    "stablehlo.pad": _pads_nothing,
    "stablehlo.dynamic_update_slice": _updates_all,
    "stablehlo.scatter": _scatters_apart,
}


def _fold_of(op: ir.Operation) -> Fold | None:
    if op.name in _SUMS:
        return "sum"
    if op.name in _FOLDS and len(op.results) == 1:
        return body_fold(op)
    return None


def _simple_convolution(op: ir.Operation, rule: Rule, time: TimeFactor) -> bool:
    """Slicing must leave the group counts as they are: no grouped dim has the time factor, and no dim has it with others."""
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    grouped: list[tuple[int, ...]] = []
    if ir.IntegerAttr(op.attributes["feature_group_count"]).value > 1:
        grouped += [
            rule.operands[0][numbers.input_feature_dimension],
            rule.operands[1][numbers.kernel_output_feature_dimension],
        ]
    if ir.IntegerAttr(op.attributes["batch_group_count"]).value > 1:
        grouped += [
            rule.operands[0][numbers.input_batch_dimension],
            rule.operands[1][numbers.kernel_output_feature_dimension],
        ]
    mappings = (*rule.operands, *rule.results)
    alone = all(len(dim) == 1 for mapping in mappings for dim in mapping if time.factor in dim)
    return alone and not any(time.factor in factors for factors in grouped)

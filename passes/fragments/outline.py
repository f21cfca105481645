"""Builds the function of one fragment: its ops cloned in program order, replicable ones copied in, folds kept as accumulators."""

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import call_target, make, splat, tensor_type
from dialects.clone import clone_op
from dialects.op_sets import OpSet
from dialects.ops import body_ops, element_type, shape_of
from dialects.signature import i64, op_text
from dialects.values import INDEX, natural_key
from passes.analysis.ops.folds import OP_OF_FOLD, filler, fold_named, neutral
from passes.analysis.stages.fragments import Content, Key


def outline(
    module: ir.Module,
    key: Key,
    content: Content,
    ids: dict[ir.Value, str],
    dims: dict[ir.Value, int],
    microbatches: int,
) -> ir.Operation:
    """Append ``func.func private @stageK_phase`` to ``module``; @main is left as it is. Returns the function."""
    folds = {op.results[0]: op for op in content.folds}
    inputs = sorted((value for value in content.reads if value not in folds), key=lambda value: natural_key(ids[value]))
    kept = list(folds)
    needs_index = microbatches > 1 and any(call_target(op) == names.COLLECT for op in content.folds)
    index_ids = [value for value in ids if ids[value] == INDEX]
    if needs_index and index_ids and index_ids[0] not in inputs:
        inputs.append(index_ids[0])
    arguments = [*kept, *inputs]
    outputs = [value for value in content.gives if value not in folds]
    starts = [op.results[0] for op in content.starts]
    results = [*kept, *starts, *outputs]
    kind = ir.FunctionType.get([v.type for v in arguments], [v.type for v in results])
    with ir.InsertionPoint(module.body), ir.Location.unknown():
        func = ir.Operation.create(
            "func.func",
            regions=1,
            attributes={
                "sym_name": ir.StringAttr.get(key.name),
                "function_type": ir.TypeAttr.get(kind),
                "sym_visibility": ir.StringAttr.get("private"),
                names.PHASE: ir.StringAttr.get(key.phase),
                names.STAGE: i64(key.stage),
                names.LEVEL: i64(key.level),
                "arg_attrs": _value_attrs(arguments, ids, dims),
                "res_attrs": _value_attrs(results, ids, dims),
            },
        )
        block = func.regions[0].blocks.append(
            *[v.type for v in arguments], arg_locs=[ir.Location.unknown()] * len(arguments)
        )
    mapping: dict[ir.Value, ir.Value] = dict(zip(arguments, block.arguments, strict=True))
    with ir.InsertionPoint(block), ir.Location.unknown():
        for op in _in_order(content):
            _clone(op, mapping)
        done = [_fold(folds[value], mapping, microbatches, index_ids) for value in kept]
        begun = [_start(op) for op in content.starts]
        ir.Operation.create("func.return", operands=[*done, *begun, *(mapping[value] for value in outputs)])
    return func


def _value_attrs(values: list[ir.Value], ids: dict[ir.Value, str], dims: dict[ir.Value, int]) -> ir.ArrayAttr:
    return ir.ArrayAttr.get(
        [
            ir.DictAttr.get({names.VALUE: ir.StringAttr.get(ids[v]), names.VALUE_DIM: i64(dims.get(v, -1))})
            for v in values
        ]
    )


def _in_order(content: Content) -> list[ir.Operation]:
    """Ops and copies, in the order of the program; block.operations is walked once."""
    wanted = OpSet((*content.ops, *content.copies))
    if not wanted:
        return []
    parent = next(iter(wanted)).block
    return [op for op in body_ops(parent) if op in wanted]


def _clone(op: ir.Operation, mapping: dict[ir.Value, ir.Value]) -> None:
    clone = clone_op(op, mapping)
    for attribute in (names.PHASE, names.STAGE):
        if attribute in clone.attributes:
            del clone.attributes[attribute]


def _start(op: ir.Operation) -> ir.Value:
    """The initial value of a fold: its neutral element everywhere (a collection starts as zeros, all of it is overwritten)."""
    value, element = op.results[0], element_type(op.results[0])
    start = (
        filler(element) if call_target(op) == names.COLLECT else neutral(fold_named(op_text(op, names.KIND)), element)
    )
    return splat(shape_of(value), element, start)


def _fold(op: ir.Operation, mapping: dict[ir.Value, ir.Value], microbatches: int, index: list[ir.Value]) -> ir.Value:
    so_far, part = mapping[op.results[0]], mapping[op.operands[0]]
    if call_target(op) == names.ACCUMULATE:
        return make(OP_OF_FOLD[fold_named(op_text(op, names.KIND))], [so_far.type], [so_far, part])
    dim = ir.IntegerAttr(op.attributes[names.DIM]).value
    scalar = tensor_type((), ir.IntegerType.get_signless(32))
    zero = splat((), ir.IntegerType.get_signless(32), "0")
    rows = splat((), ir.IntegerType.get_signless(32), str(shape_of(part)[dim]))
    start = make("stablehlo.multiply", [scalar], [mapping[index[0]], rows]) if index else zero
    starts = [start if i == dim else zero for i in range(len(shape_of(part)))]
    return make("stablehlo.dynamic_update_slice", [so_far.type], [so_far, part, *starts])

"""What no later pass can work with is refused here, before anything is changed: foreign ops, dynamic shapes, effects."""

from collections.abc import Callable
from math import prod

from jaxlib.mlir import ir

from compiler.frontends.elements import check_element, check_narrow
from dialects.build import CALL
from dialects.custom_calls import wrong_call
from dialects.errors import fail
from dialects.ops import DIALECTS, HOST_OPS, all_ops, describe, element_bits

_NOT_IN_XLA = ("stablehlo.dynamic_conv",)  # StableHLO has it, XLA's importer does not (jaxlib 0.10.2)
_CROSS_DEVICE = (
    "stablehlo.all_gather",
    "stablehlo.all_reduce",
    "stablehlo.all_to_all",
    "stablehlo.collective_broadcast",
    "stablehlo.collective_permute",
    "stablehlo.cross-replica-sum",
    "stablehlo.partition_id",
    "stablehlo.reduce_scatter",
    "stablehlo.replica_id",
    "sdy.manual_computation",
)


_MAX_RANK = 64  # numpy's
_MAX_BITS = 1 << 63  # sizes in bytes and bits are 64-bit numbers


def check_program(module: ir.Module, shown: str) -> None:
    """Refuse, naming the op and where the user wrote it, what is not a single-device program with static shapes."""
    functions = [op for op in module.body.operations if op.operation.name == "func.func"]
    for function in functions:
        _check_signature(function, shown)
    ops = all_ops(module.operation)
    for op in ops:
        _check_host(op, shown)  # before the types of all: its tokens would be said to be the fault
    for op in ops:
        _check_op(op, shown)


def _check_signature(function: ir.OpView, shown: str) -> None:
    name = ir.StringAttr(function.operation.attributes["sym_name"]).value
    kind = ir.FunctionType(ir.TypeAttr(function.operation.attributes["function_type"]).value)
    for what, types in (("argument", kind.inputs), ("result", kind.results)):
        for index, item in enumerate(types):
            _check_type(item, lambda what=what, index=index: f"{shown}: {what} {index} of @{name}")


def _check_host(op: ir.Operation, shown: str) -> None:
    if op.name in HOST_OPS:
        where = f"{shown}: {describe(op)}"
        fail("the program talks to its host while it runs", where=where, remedy="export it without that op")


def _check_op(op: ir.Operation, shown: str) -> None:
    dialect = op.name.partition(".")[0]
    if dialect not in DIALECTS:
        fail(
            f"got op {op.name} of dialect {dialect}, want StableHLO",
            where=f"{shown}: {describe(op)}",
            remedy="convert the program to StableHLO, CHLO or sdy first",
        )
    if op.name in _NOT_IN_XLA:
        fail(
            "XLA cannot run this op",
            where=f"{shown}: {describe(op)}",
            remedy="export it with static padding, as stablehlo.convolution",
        )
    if op.name in _CROSS_DEVICE:
        fail(
            "the program already says which device does what (shard_map, pmap or a collective)",
            where=f"{shown}: {describe(op)}",
            remedy="export the single-device program; Meshwright distributes it",
        )
    if op.name == CALL:
        check_call(op, f"{shown}: {describe(op)}", everywhere=False)
    check_narrow(op, shown)
    if op.name == "stablehlo.constant" and _beside(op):
        fail(
            "its elements lie beside the program (dense_resource), where XLA does not read them",
            where=f"{shown}: {describe(op)}",
            remedy="export with dense elements",
        )
    for result in op.results:
        _check_type(result.type, lambda: f"{shown}: {describe(op)}")


def _beside(op: ir.Operation) -> bool:
    try:
        ir.DenseResourceElementsAttr(op.attributes["value"])
    except (TypeError, ValueError):  # complex elements, and all that is no resource
        return False
    return True


def check_call(op: ir.Operation, where: str, *, everywhere: bool) -> None:
    """Refuse a custom call that is not on the list; ``everywhere``: those of other platforms too, for no dead code is left."""
    wrong = wrong_call(op, everywhere=everywhere)
    if wrong is not None:
        fail(wrong.message, where=where, remedy=wrong.remedy)


def check_calls(module: ir.Module) -> None:
    """Once dead branches are gone: only calls that XLA's CPU can run are left."""
    for op in all_ops(module.operation):
        if op.name == CALL:
            check_call(op, describe(op), everywhere=True)


def _check_type(item: ir.Type, place: Callable[[], str]) -> None:
    """``place`` says where ``item`` was found; it is asked only when there is something to say."""
    if isinstance(item, ir.RankedTensorType):
        if not item.has_static_shape:
            fail(f"got the dynamic shape {item}", where=place(), remedy="export with static shapes")
        check_element(item, place)
        if item.rank > _MAX_RANK:
            fail(f"got a tensor of rank {item.rank}, want at most {_MAX_RANK}", where=place())
        if prod(item.shape) * element_bits(item.element_type) >= _MAX_BITS:
            fail(f"got {item}, which no machine can hold", where=place())
        return
    text, where = str(item), place()
    if text.startswith("!stablehlo.token"):
        fail(
            "the program has ordered effects (a token)",
            where=where,
            remedy="remove io_callback and ordered debug prints",
        )
    if isinstance(item, ir.UnrankedTensorType):
        fail(f"got the dynamic shape {item}", where=where, remedy="export with static shapes")
    if "tuple<" in text:
        fail(f"got the type {item}", where=where, remedy="export with flat arguments and results instead of tuples")
    fail(f"got the type {item}, want a tensor", where=where, remedy="want StableHLO")

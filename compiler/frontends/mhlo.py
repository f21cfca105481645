"""What TensorFlow and XLA leave of MHLO, StableHLO's parent, in what they export: read as what it means.

Before: ``%1 = mhlo.copy %0``, ``mhlo.add``, ``stablehlo.custom_call @mhlo.erf``, and of the module ``mhlo.input_output_alias``.
After: ``%0`` itself, ``stablehlo.add``, ``chlo.erf``, and ``tf.aliasing_output`` on the argument whose buffer a result may take.
"""

from importlib import import_module
from typing import Any

from jaxlib.mlir import ir

from dialects.errors import UserError, fail
from dialects.ops import all_ops, describe, main_func
from dialects.signature import ALIAS, attr_dicts, set_attr_dicts
from passes.native import run_native

_TWINS = "hlo-legalize-to-stablehlo"
_ALIASES = "mhlo.input_output_alias"
# Wishes and notes of XLA that change no number.
_NOTES = (
    "mhlo.cross_program_prefetches",
    "mhlo.frontend_attributes",
    "mhlo.is_dynamic",
    "mhlo.use_auto_spmd_partitioning",
)
_IN_CHLO = frozenset("acos acosh asin asinh atan atanh cosh erf erf_inv sinh".split())


def admit_mhlo(blob: bytes, context: ir.Context) -> None:
    """Let ``context`` read MHLO if the module in ``blob`` speaks of it; a jaxlib without that dialect then refuses it by name."""
    if b"mhlo" in blob and (native := _native()) is not None:
        native.register_mhlo_dialect(context)


def from_mhlo(module: ir.Module, shown: str) -> None:
    """Replace what is MHLO in ``module``. Raises UserError for an op that StableHLO has no twin of."""
    ops = all_ops(module.operation)
    if any(op.name.startswith("mhlo.") for op in ops):
        _drop_copies(ops)
        _to_stablehlo(module, shown)
        ops = all_ops(module.operation)
    for op in ops:
        for note in _NOTES:
            if note in op.attributes:
                del op.attributes[note]
        if op.name == "stablehlo.custom_call":
            _to_chlo(op)
    if _ALIASES in module.operation.attributes:
        _read_aliases(module)


def _native() -> Any:
    try:
        return import_module("jaxlib.mlir._mlir_libs._mlirHlo")
    except ImportError:
        return None


def _drop_copies(ops: list[ir.Operation]) -> None:
    for op in ops:
        if op.name == "mhlo.copy":
            op.results[0].replace_all_uses_with(op.operands[0])
            op.erase()


def _to_stablehlo(module: ir.Module, shown: str) -> None:
    left = [op for op in all_ops(module.operation) if op.name.startswith("mhlo.")]
    if not left:
        return
    _native().register_mhlo_passes()
    try:
        run_native(module, _TWINS)
    except UserError as error:
        name = next((word for word in error.message.split("'") if word.startswith("mhlo.")), left[0].name)
        first = next((op for op in left if op.name == name), left[0])
        fail(
            f"StableHLO has no twin of {name}",
            where=f"{shown}: {describe(first)}",
            remedy="export the program before XLA optimises it (stage 'stablehlo_serialized' of TensorFlow)",
        )


def _to_chlo(op: ir.Operation) -> None:
    """``custom_call @mhlo.erf`` is how MHLO's own elementwise ops are written in StableHLO."""
    name = ir.StringAttr(op.attributes["call_target_name"]).value.removeprefix("mhlo.")
    if name not in _IN_CHLO or len(op.operands) != 1 or [op.operands[0].type] != [value.type for value in op.results]:
        return
    with ir.InsertionPoint(op), op.location:
        twin = ir.Operation.create(f"chlo.{name}", [op.operands[0].type], [op.operands[0]])
    op.results[0].replace_all_uses_with(twin.results[0])
    op.erase()


def _read_aliases(module: ir.Module) -> None:
    """What XLA may overwrite: TensorFlow says so of the variables that a step assigns. Marks that are there already stay."""
    said = module.operation.attributes[_ALIASES]
    del module.operation.attributes[_ALIASES]
    main = main_func(module)
    entries = attr_dicts(main, "arg_attrs")
    if any(ALIAS in entry for entry in entries) or not isinstance(said, ir.ArrayAttr):
        return
    kind = ir.FunctionType(ir.TypeAttr(main.operation.attributes["function_type"]).value)
    taken: set[int] = set()
    for pair in _pairs(said):
        argument, result = pair
        fits = argument < len(kind.inputs) and result < len(kind.results) and result not in taken
        if fits and kind.inputs[argument] == kind.results[result]:
            entries[argument][ALIAS] = ir.IntegerAttr.get(ir.IntegerType.get_signless(32, module.context), result)
            taken.add(result)
    with module.context:
        set_attr_dicts(main, "arg_attrs", entries)


def _pairs(said: ir.ArrayAttr) -> list[tuple[int, int]]:
    """(argument, result) of each ``{alias = {parameter_number = 2, …}, output_index = array<i64: 1>}`` of whole values."""
    found: list[tuple[int, int]] = []
    for item in said:
        try:
            table = ir.DictAttr(item)
            alias, output = ir.DictAttr(table["alias"]), list(ir.DenseI64ArrayAttr(table["output_index"]))
            number, inner = (
                ir.IntegerAttr(alias["parameter_number"]).value,
                ir.DenseI64ArrayAttr(alias["parameter_index"]),
            )
        except (KeyError, ValueError, TypeError):
            continue
        if len(output) <= 1 and not len(inner) and number >= 0:
            found.append((number, output[0] if output else 0))
    return found

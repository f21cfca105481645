"""``verify-fragments``: the functions of a realized module fit together. Only reads."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import Failure
from dialects.ops import body_ops, entry_block, main_func, shape_of
from dialects.sdy_attrs import SHARDING, read_mesh, read_sharding, symbol_of
from dialects.sharding import MeshShape
from dialects.signature import attr_dicts, fragment_funcs, int_of, op_int, text_of
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class VerifyFragments(Pass):
    """All fragments agree on the type and the sharding of the values that they share, and what is read is made.

    The plan ties fragments by value ids alone, so a difference would show on the devices only. Every id has one type and one
    batch dim wherever it occurs, and one sharding a mesh (a fragment that names none is on one of its stage's own); what a
    fragment reads is an argument or is made by a fragment, and so is every result; every dim that is split divides.

    Accepted:
        func @stage0_forward(%x {mw.value = "batch0"}) -> (tensor<8x4xf32> {mw.value = "v0", mw.value_dim = 0})
        func @stage1_forward(%h: tensor<8x4xf32> {mw.value = "v0", mw.value_dim = 0})
    Refused:
        func @stage0_forward(%x {mw.value = "batch0"}) -> (tensor<8x4xf32> {mw.value = "v0", mw.value_dim = 0})
        func @stage1_forward(%h: tensor<8x4xf32> {mw.value = "v0", mw.value_dim = 1})
        error: @stage1_forward: value 'v0' is tensor<8x4xf32>, batch dim 1 in stage1_forward
               and tensor<8x4xf32>, batch dim 0 in stage0_forward
    Refused:
        func @stage1_forward(%h: tensor<8x4xf32> {mw.value = "v7", mw.value_dim = 0})
        error: @stage1_forward: it reads 'v7', which no fragment gives

    Raises Failure naming the value and the two fragments that disagree: a defect of the passes before.
    """

    name: ClassVar[str] = "verify-fragments"

    def run(self, module: ir.Module) -> None:
        main = main_func(module)
        made = {text_of(entry, names.VALUE) for entry in attr_dicts(main, "arg_attrs")}
        seen: dict[tuple[str, int], tuple[str, str]] = {}
        reads: list[tuple[str, str]] = []
        for func in fragment_funcs(module):
            number, stage = op_int(func.operation, names.MESH), op_int(func.operation, names.STAGE) or 0
            mesh = stage if number is None else number
            shape = read_mesh(module, symbol_of(func)) or MeshShape(())
            name = ir.StringAttr(func.operation.attributes["sym_name"]).value
            block = entry_block(func)
            ports = [
                (list(block.arguments), attr_dicts(func, "arg_attrs"), reads),
                (list(body_ops(block)[-1].operands), attr_dicts(func, "res_attrs"), None),
            ]
            for values, entries, listed in ports:
                for value, entry in zip(values, entries, strict=True):
                    key = text_of(entry, names.VALUE)
                    for place, facts in ((-1, _facts(value, entry)), (mesh, _sharding(entry))):
                        other, same = seen.setdefault((key, place), (name, facts))
                        if facts != same:
                            message = f"value '{key}' is {facts} in {name} and {same} in {other}"
                            raise Failure(message, where=f"@{name}")
                    _check_divides(key, value, entry, shape, name)
                    if listed is None:
                        made.add(key)
                    else:
                        listed.append((key, name))
        for key, name in reads:
            if key not in made:
                raise Failure(f"it reads '{key}', which no fragment gives", where=f"@{name}")
        for entry, value in zip(attr_dicts(main, "res_attrs"), body_ops(entry_block(main))[-1].operands, strict=True):
            if text_of(entry, names.VALUE) not in made:
                raise Failure(f"result of shape {shape_of(value)} has no value", where="@main")


def _facts(value: ir.Value, entry: dict[str, ir.Attribute]) -> str:
    """What all occurrences of a value must agree on, for people: ``tensor<8x4xf32>, batch dim 0``."""
    dim = int_of(entry, names.VALUE_DIM)
    batch = [] if dim is None or dim < 0 else [f"batch dim {dim}"]
    return ", ".join([str(value.type), *batch])


def _sharding(entry: dict[str, ir.Attribute]) -> str:
    """What all occurrences on one mesh must agree on: ``[{"x"}, {}]``."""
    return str(entry[SHARDING]).partition(", ")[2].removesuffix(">") if SHARDING in entry else "not annotated"


def _check_divides(key: str, value: ir.Value, entry: dict[str, ir.Attribute], mesh: MeshShape, where: str) -> None:
    if SHARDING not in entry:
        return
    for dim, (size, split) in enumerate(zip(shape_of(value), read_sharding(entry[SHARDING]).dims, strict=True)):
        if size % mesh.size(split):
            raise Failure(
                f"dim {dim} of value '{key}' has size {size} and is split in {mesh.size(split)}", where=f"@{where}"
            )

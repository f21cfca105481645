"""``keep-annotations``: what the user says about shardings, written down in our own words."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import sdy

from dialects import attributes as names
from dialects.annotation import Annotation
from dialects.errors import fail
from dialects.ops import all_ops, defining_op, describe, entry_block, main_func
from dialects.sdy_attrs import SHARDING, read_meshes
from dialects.signature import attr_dicts, set_attr_dicts, text_of
from passes.base import Pass

_SAME = ("sdy.sharding_constraint", "sdy.reshard")


@dataclass(frozen=True, kw_only=True)
class KeepAnnotations(Pass):
    """The user's shardings are written down as ``mw.annotation``, and the axes of their mesh as ``mw.user_mesh``.

    ``drop-shardings`` forgets them otherwise, and a chooser must still be able to ask. Meshes of one device say nothing.

    Input:
        sdy.mesh @mesh = <["data"=2, "model"=4]>
        func.func @main(%x: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data"}, {?}]>}) {
          %0 = stablehlo.tanh %x
          %1 = sdy.sharding_constraint %0 <@mesh, [{"data"}, {}]>
    Output:
        module attributes {mw.user_mesh = "data=2,model=4"}
        func.func @main(%x: tensor<8x4xf32> {mw.annotation = "[{\\"data\\"}, {?}]", sdy.sharding = …}) {
          %0 = stablehlo.tanh %x {mw.annotation = ["[{\\"data\\"}, {}]"]}
          %1 = sdy.sharding_constraint %0 …

    Raises UserError for axes in pieces, and for two constraints that contradict.
    """

    name: ClassVar[str] = "keep-annotations"

    def run(self, module: ir.Module) -> None:
        meshes = [mesh for mesh in read_meshes(module) if any(size > 1 for _, size in mesh.axes)]
        if not meshes:
            return
        axes = ",".join(f"{name}={size}" for name, size in meshes[0].axes)
        module.operation.attributes[names.USER_MESH] = ir.StringAttr.get(axes)
        func = main_func(module)
        for which, word in (("arg_attrs", "argument"), ("res_attrs", "result")):
            entries = attr_dicts(func, which)
            for i, entry in enumerate(entries):
                if SHARDING in entry:
                    _put(entry, _read(entry[SHARDING], f"{word} {i}"), f"{word} {i}")
            set_attr_dicts(func, which, entries)
        for op in all_ops(func.operation):
            if op.name in _SAME:
                _constrain(func, op)


def _read(attribute: ir.Attribute, where: str) -> Annotation:
    tensor = sdy.TensorShardingAttr(attribute)
    dims = [sdy.DimensionShardingAttr(dim) for dim in tensor.dimension_shardings]
    for dim in dims:
        if any(sdy.AxisRefAttr(axis).sub_axis_info is not None for axis in dim.axes):
            remedy = "give the mesh an axis of that size, or use --no-respect-annotations"
            fail(f"got {attribute}, which uses a part of an axis", where=where, remedy=remedy)
    axes = tuple(tuple(sdy.AxisRefAttr(axis).name for axis in dim.axes) for dim in dims)
    return Annotation(axes, tuple(not dim.is_closed for dim in dims))


def _put(entry: dict[str, ir.Attribute], annotation: Annotation, where: str) -> None:
    old, new = text_of(entry, names.ANNOTATION), annotation.text()
    if old not in ("", new):
        contradiction(old, new, where)
    entry[names.ANNOTATION] = ir.StringAttr.get(new)


def contradiction(first: str, second: str, where: str) -> None:
    """Two annotations of one value."""
    remedy = "keep one of them, or use --no-respect-annotations"
    fail(f"got the annotations {first} and {second}, which contradict each other", where=where, remedy=remedy)


def _constrain(func: ir.OpView, op: ir.Operation) -> None:
    value, annotation = op.operands[0], _read(op.attributes["sharding"], describe(op))
    while (source := defining_op(value)) is not None and source.name in _SAME:
        value = source.operands[0]
    if source is not None:
        texts = [""] * len(source.results)
        if names.ANNOTATION in source.attributes:
            texts = [ir.StringAttr(item).value for item in ir.ArrayAttr(source.attributes[names.ANNOTATION])]
        number = ir.OpResult(value).result_number
        if texts[number] not in ("", annotation.text()):
            contradiction(texts[number], annotation.text(), describe(op))
        texts[number] = annotation.text()
        source.attributes[names.ANNOTATION] = ir.ArrayAttr.get([ir.StringAttr.get(text) for text in texts])
    elif value in list(entry_block(func).arguments):
        entries = attr_dicts(func, "arg_attrs")
        number = ir.BlockArgument(value).arg_number
        _put(entries[number], annotation, f"argument {number}")
        set_attr_dicts(func, "arg_attrs", entries)

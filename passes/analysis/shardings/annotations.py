"""The user's annotations of a realized module: by port and by value, checked against the mesh."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.annotation import Annotation, read_annotation
from dialects.errors import fail
from dialects.ops import all_ops, body_ops, describe, entry_block, main_func, shape_of
from dialects.sharding import MeshShape
from dialects.signature import attr_dicts, int_of, text_of

REMEDY = "keep one of them, or use --no-respect-annotations"


@dataclass(frozen=True)
class Annotations:
    """``ports``: value id (a state's, for its next value) -> what is asked; ``values``: results of ops in fragments."""

    ports: Mapping[str, Annotation] = field(default_factory=dict[str, Annotation])
    values: Mapping[ir.Value, Annotation] = field(default_factory=dict[ir.Value, Annotation])

    def __bool__(self) -> bool:
        return bool(self.ports or self.values)


def read_annotations(
    module: ir.Module,
    mesh: MeshShape,
    aliases: Mapping[str, str],
    fragments: Iterable[ir.OpView],
    elsewhere: Collection[str] = (),
) -> Annotations:
    """Of a mesh with ``fragments``. Raises UserError: an unknown axis, a dim that does not divide, two that contradict each other.

    ``elsewhere``: value ids that only other meshes have, whose annotations speak of other axes.
    """
    func = main_func(module)
    block = entry_block(func)
    ports: dict[str, tuple[Annotation, str]] = {}
    returned = body_ops(block)[-1].operands
    for which, word, values in (("arg_attrs", "argument", block.arguments), ("res_attrs", "result", returned)):
        for i, (value, entry) in enumerate(zip(values, attr_dicts(func, which), strict=True)):
            own_id = text_of(entry, names.VALUE)
            if names.ANNOTATION not in entry or own_id in elsewhere:
                continue
            index = int_of(entry, names.INDEX)
            where = f"{word} {i if index is None else index} '{text_of(entry, names.NAME)}'"
            found = _checked(text_of(entry, names.ANNOTATION), shape_of(value), mesh, where)
            value_id = aliases.get(own_id, own_id)
            other, there = ports.setdefault(value_id, (found, where))
            if other != found:
                message = f"got {found.text()}, and {there}, which it shares its buffer with, has {other.text()}"
                fail(message, where=where, remedy=REMEDY)
    inner: dict[ir.Value, Annotation] = {}
    for fragment in fragments:
        _values(fragment.operation, mesh, inner)
    return Annotations({value_id: item for value_id, (item, _) in ports.items()}, inner)


def _values(fragment: ir.Operation, mesh: MeshShape, found: dict[ir.Value, Annotation]) -> None:
    for op in all_ops(fragment):
        if op.name == "func.func" or names.ANNOTATION not in op.attributes:
            continue
        texts = [ir.StringAttr(item).value for item in ir.ArrayAttr(op.attributes[names.ANNOTATION])]
        for value, text in zip(op.results, texts, strict=True):
            if text:
                found[value] = _checked(text, shape_of(value), mesh, describe(op))


def _checked(text: str, shape: tuple[int, ...], mesh: MeshShape, where: str) -> Annotation:
    """Axes of one device are left out: they split nothing."""
    read, sizes = read_annotation(text, where), dict(mesh.axes)
    if len(read.dims) != len(shape):
        fail(f"got {text} for a tensor with {len(shape)} dims", where=where, remedy="write one {…} for each dim")
    used = [axis for axes in read.dims for axis in axes]
    for axis in used:
        if axis not in sizes:
            known = " and ".join(f"'{name}' of {size}" for name, size in mesh.axes)
            fail(f"got {text}, and the mesh has no axis '{axis}'", where=where, remedy=f"use its axes {known}")
        if used.count(axis) > 1:
            fail(
                f"got {text}, which uses axis '{axis}' twice", where=where, remedy="an axis splits one dim of a tensor"
            )
    for dim, (axes, size) in enumerate(zip(read.dims, shape, strict=True)):
        if size % mesh.size(axes):
            message = f"got {text}, and the {size} elements of dim {dim} cannot be divided in {mesh.size(axes)} parts"
            fail(
                message,
                where=where,
                remedy="annotate another dim, use fewer microbatches, or a mesh whose axes divide it",
            )
        if list(axes) != sorted(axes, key=mesh.names.index):
            order = ", ".join(f'"{axis}"' for axis in sorted(axes, key=mesh.names.index))
            fail(
                f"got {text}, with axes out of the mesh's order in dim {dim}", where=where, remedy=f"write {{{order}}}"
            )
    wide = tuple(tuple(axis for axis in axes if sizes[axis] > 1) for axes in read.dims)
    return Annotation(wide, read.open)

"""The user's annotations on their way in: ``--annotate``, those that the module came with, and the mesh that they speak of."""

import difflib
from collections.abc import Collection

from jaxlib.mlir import ir

from compiler.options import PlanOptions
from dialects import attributes as names
from dialects.annotation import read_annotation
from dialects.errors import fail
from dialects.ops import all_ops, main_func
from dialects.sharding import MeshShape
from dialects.signature import attr_dicts, int_of, set_attr_dicts, text_of

READERS = ("ilp", "gspmd")  # the choosers that look at annotations
MOST_AXES = 3
_SIGNATURE = (("arg_attrs", "argument"), ("res_attrs", "result"))


def annotate(module: ir.Module, options: PlanOptions) -> None:
    """Write what ``--annotate`` says into a module with roles, or forget all annotations. Raises UserError."""
    if options.annotate and options.intra not in READERS:
        remedy = f"use --intra {' or '.join(READERS)}"
        fail(f"the chooser '{options.intra}' does not look at annotations", where="--annotate", remedy=remedy)
    if not options.respect_annotations or options.intra not in READERS:
        _forget(module, with_mesh=not options.respect_annotations)
    for target, text in options.annotate:
        _add(module, target, text)


def user_mesh(
    module: ir.Module, width: int, asked: tuple[int, ...] | None, values: Collection[str]
) -> MeshShape | None:
    """The input's own mesh for a mesh of ``width`` devices; None without one, or when nothing depends on it and it does not fit.

    ``values``: ids of what the fragments of the mesh read and give.
    """
    attributes = module.operation.attributes
    if names.USER_MESH not in attributes:
        return None
    text = ir.StringAttr(attributes[names.USER_MESH]).value
    axes = tuple((name, int(size)) for name, _, size in (item.partition("=") for item in text.split(",")))
    mesh, sizes = MeshShape(axes), tuple(size for _, size in axes)
    if mesh.num_devices == width and asked in (None, sizes) and len(axes) <= MOST_AXES:
        return mesh
    entries = (entry for which, _ in _SIGNATURE for entry in attr_dicts(main_func(module), which))
    if not any(names.ANNOTATION in entry and text_of(entry, names.VALUE) in values for entry in entries):
        return None
    other = "use --no-respect-annotations"
    if len(axes) > MOST_AXES:
        fail(f"its mesh {text} has {len(axes)} axes, want at most {MOST_AXES}", where="the module", remedy=other)
    if mesh.num_devices != width:
        message = f"its annotations are for the mesh {text} of {mesh.num_devices} devices, and a mesh here has {width}"
        fail(message, where="the module", remedy=f"plan for {mesh.num_devices} devices a stage, or {other}")
    got = "x".join(map(str, asked or ()))
    fail(
        f"got {got}, and the module's annotations are for the mesh {text}",
        where="--mesh",
        remedy=f"leave it out, or {other}",
    )


def _forget(module: ir.Module, with_mesh: bool) -> None:
    func = main_func(module)
    for which, _ in _SIGNATURE:
        entries = attr_dicts(func, which)
        for entry in entries:
            entry.pop(names.ANNOTATION, None)
        set_attr_dicts(func, which, entries)
    for op in all_ops(func.operation):
        if names.ANNOTATION in op.attributes:
            del op.attributes[names.ANNOTATION]
    if with_mesh and names.USER_MESH in module.operation.attributes:
        del module.operation.attributes[names.USER_MESH]


def _add(module: ir.Module, target: str, text: str) -> None:
    func, where = main_func(module), f"--annotate '{target}'"
    wanted = read_annotation(text, where).text()
    known: list[str] = []
    for which, word in _SIGNATURE:
        entries = attr_dicts(func, which)
        for entry in entries:
            index, name = int_of(entry, names.INDEX), text_of(entry, names.NAME)
            labels = {f"{word}{index}", f"arg{index}" if word == "argument" else f"result{index}"}
            known += [*labels, *([name] if word == "argument" else [])]
            if target not in labels and (word == "result" or target != name):
                continue
            old = text_of(entry, names.ANNOTATION)
            if old not in ("", wanted):
                message = f"got {wanted}, and {word} {index} is annotated {old} already, which contradicts it"
                fail(message, where=where, remedy="keep one of them, or use --no-respect-annotations")
            entry[names.ANNOTATION] = ir.StringAttr.get(wanted)
            set_attr_dicts(func, which, entries)
            return
    near = difflib.get_close_matches(target, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    fail("there is no such argument or result", where=where, remedy=f"{hint}`compiler inspect MODULE` lists them")

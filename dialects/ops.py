"""Small typed helpers over ir.Operation: find @main, name an op for people, sizes of tensors, values a region captures."""

import io
from collections.abc import Iterator
from math import prod
from typing import cast

from jaxlib.mlir import ir

from dialects.errors import fail

CONTROL_FLOW = ("stablehlo.while", "stablehlo.if", "stablehlo.case")
# Dialects whose ops may appear in a program or a stage; "builtin" is the module itself.
DIALECTS = ("builtin", "func", "stablehlo", "chlo", "sdy")
HOST_OPS = ("stablehlo.infeed", "stablehlo.outfeed", "stablehlo.send", "stablehlo.recv")
BARRIER = "stablehlo.optimization_barrier"


def main_func(module: ir.Module) -> ir.OpView:
    """The ``func.func @main`` of ``module``. Raises UserError when there is none."""
    for op in module.body.operations:
        if op.operation.name == "func.func" and ir.StringAttr(op.operation.attributes["sym_name"]).value == "main":
            return op
    fail("the module has no function @main", remedy="export the training step as the public function main")


def entry_block(func: ir.OpView) -> ir.Block:
    """The only block of a function."""
    return func.operation.regions[0].blocks[0]


def body_ops(block: ir.Block) -> list[ir.Operation]:
    """The ops of ``block`` as plain operations, terminator included."""
    return [op.operation for op in block.operations]


def all_ops(root: ir.Operation) -> list[ir.Operation]:
    """``root`` and every op inside of it, outer before inner. (``Operation.walk`` turns exceptions into RuntimeErrors.)"""
    found: list[ir.Operation] = []
    left = [root]
    while left:  # not recursion: a file may nest as deep as it likes
        op = left.pop()
        found.append(op)
        if len(op.regions):
            left += reversed([inner for region in op.regions for block in region.blocks for inner in body_ops(block)])
    return found


def defining_op(value: ir.Value) -> ir.Operation | None:
    """The op that ``value`` is a result of; None for an argument of a block."""
    return value.owner.operation if isinstance(value, ir.OpResult) else None


def parent_op(value: ir.BlockArgument) -> ir.Operation:
    """The op whose block has ``value`` as an argument."""
    return value.owner.owner.operation


def enclosing(op: ir.Operation) -> ir.Operation:
    """The op whose region holds ``op``."""
    parent = op.parent
    if parent is None:
        raise ValueError(f"{op.name} is in no other op")
    return parent.operation


def shape_of(value: ir.Value) -> tuple[int, ...]:
    """Static shape of a tensor value; () for scalars and for what is not a ranked tensor (tokens, tuples)."""
    if not isinstance(value.type, ir.RankedTensorType):
        return ()
    return tuple(ir.RankedTensorType(value.type).shape)


def element_type(value: ir.Value) -> ir.Type:
    """The element type of a tensor value."""
    return ir.RankedTensorType(value.type).element_type


def element_bits(element: ir.Type) -> int:
    """Bits that one element takes in a device's memory: XLA packs types of 4 and 2 bits, i1 takes a byte."""
    if isinstance(element, ir.ComplexType):
        return 2 * element_bits(element.element_type)
    width = cast(int, getattr(element, "width", 32))
    return 8 if width == 1 else width


def element_bytes(element: ir.Type) -> float:
    """Bytes that one element takes in a device's memory: 0.5 for i4. Prices and sizes are made of it, never of whole bytes."""
    return element_bits(element) / 8


def num_elements(value: ir.Value) -> int:
    """How many elements a tensor value has."""
    return prod(shape_of(value))


def num_bytes(value: ir.Value) -> float:
    """Bytes of a tensor value in a device's memory; 0 for tokens."""
    if not isinstance(value.type, ir.RankedTensorType):
        return 0.0
    return num_elements(value) * element_bytes(element_type(value))


def message_bytes(value: ir.Value) -> float:
    """Bytes of a tensor value on its way between meshes: a host's array has at least a byte an element, i4 too."""
    if not isinstance(value.type, ir.RankedTensorType):
        return 0.0
    return num_elements(value) * max(1.0, element_bytes(element_type(value)))


def captured(op: ir.Operation) -> list[ir.Value]:
    """Values that regions of ``op`` read from outside of it, each once, in order of first use."""
    found: dict[ir.Value, None] = {}
    for region in op.regions:
        for block in region.blocks:
            _captures(block, op, found)
    return list(found)


def _captures(block: ir.Block, root: ir.Operation, found: dict[ir.Value, None]) -> None:
    for inner in body_ops(block):
        for operand in inner.operands:
            if not _inside(operand, root):
                found[operand] = None
        for region in inner.regions:
            for nested in region.blocks:
                _captures(nested, root, found)


def _inside(value: ir.Value, root: ir.Operation) -> bool:
    block = value.owner if isinstance(value.owner, ir.Block) else value.owner.operation.block
    owner = block.owner.operation
    while owner != root:
        if owner.name in ("func.func", "builtin.module"):
            return False
        owner = enclosing(owner)
    return True


def top_level(op: ir.OpView | ir.Operation) -> ir.Operation:
    """The op of @main's own block that contains ``op``."""
    current = op.operation
    while (above := enclosing(current)).name != "func.func":
        current = above
    return current


def op_key(op: ir.Operation) -> ir.Value | ir.Block:
    """A dictionary key that stays good while ``op`` is changed: the bindings hash an op by its content (jaxlib 0.10).

    The first result, or the block that a terminator ends. For sets and maps of ops: ``dialects/op_sets.py``.
    """
    results = op.results
    return results[0] if len(results) else op.block


def all_operands(op: ir.Operation) -> list[ir.Value]:
    """Operands and captured values of ``op``."""
    return [*op.operands, *(captured(op) if len(op.regions) else [])]


def location_files(location: ir.Location) -> Iterator[str]:
    """``file:line`` of every frame in ``location``, innermost first."""
    left = [location]  # a stack and not recursion: there are a dozen frames on each of 10^4 ops
    while left:
        here = left.pop()
        if isinstance(here, ir.FileLineColLoc):
            yield f"{here.filename}:{here.start_line}"
        elif isinstance(here, ir.NameLoc):
            left.append(here.child_loc)
        elif isinstance(here, ir.CallSiteLoc):
            left += (here.caller, here.callee)
        elif isinstance(here, ir.FusedLoc):
            left += reversed([cast(ir.Location, inner) for inner in here.locations])


def describe(op: ir.Operation) -> str:
    """An op for people: its name, result type and the user's source line: ``stablehlo.dot_general (model.py:12)``."""
    files = list(location_files(op.location))
    own = [file for file in files if "site-packages" not in file and not file.startswith("<")] or files
    place = f" at {own[0]}" if own else ""
    type_text = f" -> {op.results[0].type}" if len(op.results) else ""
    return f"{op.name}{type_text}{place}"


def copy_module(module: ir.Module) -> ir.Module:
    """A copy in the same context, locations kept."""
    buffer = io.BytesIO()
    module.operation.write_bytecode(buffer)
    return ir.Module.parse(buffer.getvalue())

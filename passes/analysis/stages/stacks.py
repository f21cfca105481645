"""Stacks of layers: arguments [L, ...] of which loops over layers read rows, with all that lies and changes as they do.

A stack's moments and gradients are tied to it by the elementwise ops of the update; they are cut at the same rows, or none is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.annotation import read_annotation
from dialects.ops import body_ops, defining_op, describe, enclosing, entry_block, main_func, shape_of, top_level
from dialects.signature import attr_dicts, int_of, text_of
from passes.analysis.indices.regions import Region, region_of_slice
from passes.analysis.stages.row_ties import makes_any, row_sources, sums_rows

_ROLES = ("parameter", "optimizer", "state", "constant")


@dataclass
class Stack:
    """Values of @main that are cut together. ``whole``: why they are not, "" if they can be.

    ``arguments``, ``results``: positions. ``values``: all of them. ``slices``: ops that read rows, and which; ``sums``: ops that
    fold them. ``edges``: 0, where layers begin, the number of rows.
    """

    rows: int
    arguments: list[int] = field(default_factory=list[int])
    results: list[int] = field(default_factory=list[int])
    values: dict[ir.Value, None] = field(default_factory=dict[ir.Value, None])
    slices: list[tuple[ir.Operation, Region]] = field(default_factory=list[tuple[ir.Operation, Region]])
    sums: list[ir.Operation] = field(default_factory=list[ir.Operation])
    edges: tuple[int, ...] = ()
    whole: str = ""


def find_stacks(module: ir.Module) -> Iterator[Stack]:
    """Each stack that has an argument with ``mw.layers``, once, in the order of the arguments."""
    main = main_func(module)
    seen: set[int] = set()
    for position, entry in enumerate(attr_dicts(main, "arg_attrs")):
        if names.LAYERS in entry and position not in seen:
            found = _Search(main).run(position)
            seen.update(found.arguments)
            yield found


class _Search:
    """One use: from one argument to all that is tied to it."""

    def __init__(self, main: ir.OpView) -> None:
        self.block = entry_block(main)
        self.arguments, self.results = attr_dicts(main, "arg_attrs"), attr_dicts(main, "res_attrs")
        self.returned = list(body_ops(self.block)[-1].operands)
        self.left: list[ir.Value] = []
        self.read_whole: list[tuple[ir.Value, ir.Operation]] = []

    def run(self, position: int) -> Stack:
        first = self.block.arguments[position]
        self.stack = Stack(shape_of(first)[0])
        self.add(first)
        while self.left:
            value = self.left.pop()
            self.look_up(value)
            for use in list(value.uses):
                self.look_down(value, use.owner.operation, use.operand_number)
        self.settle()
        return self.stack

    def add(self, value: ir.Value) -> None:
        if value not in self.stack.values and not makes_any(value):
            self.stack.values[value] = None
            self.left.append(value)

    def look_up(self, value: ir.Value) -> None:
        """What the value is made of, or the next value of an argument."""
        op = defining_op(value)
        if op is not None:
            for i in row_sources(value) or ():
                self.add(op.operands[i])
            return
        position = ir.BlockArgument(value).arg_number
        entry = self.arguments[position]
        self.stack.arguments.append(position)
        label = f"'{text_of(entry, names.NAME)}'"
        if text_of(entry, names.ROLE) not in _ROLES:
            self.stack.whole = self.stack.whole or f"{label}, a {text_of(entry, names.ROLE)}, is combined with it"
        asked = text_of(entry, names.ANNOTATION)
        if asked and read_annotation(asked, label).dims[:1] not in ((), ((),)):
            self.stack.whole = self.stack.whole or f"the layers of {label} are to be split over a mesh"
        following = int_of(entry, names.STATE_RESULT)
        if following is not None:
            self.give(following)
            self.add(self.returned[following])

    def give(self, result: int) -> None:
        """A result that comes in parts: the next value of an argument that does, if it is one."""
        if result not in self.stack.results:
            self.stack.results.append(result)
            feeds = int_of(self.results[result], names.STATE_ARG)
            if feeds is not None:
                self.add(self.block.arguments[feeds])

    def look_down(self, value: ir.Value, op: ir.Operation, position: int) -> None:
        """What one reader makes of the value."""
        if op.name == "func.return":
            self.give(position)
            return
        tied = [result for result in op.results if position in (row_sources(result) or ())]
        region = region_of_slice(op) if op.name == "stablehlo.slice" else None
        if enclosing(op).name != "func.func":
            self.read_whole.append((value, top_level(op)))
        elif tied:
            for result in tied:
                self.add(result)
        elif region is not None:
            self.stack.slices.append((op, region))
        elif sums_rows(op) and position == 0:
            self.stack.sums.append(op)
        else:
            self.read_whole.append((value, op))

    def settle(self) -> None:
        """Where the layers begin; and whether something needs all rows of an argument at once."""
        stack = self.stack
        own = {self.block.arguments[position] for position in stack.arguments}
        for op in body_ops(self.block):
            for result in op.results:
                if result in stack.values and any(op.operands[i] in own for i in row_sources(result) or ()):
                    own.add(result)
        stack.slices = [(op, region) for op, region in stack.slices if op.operands[0] in own]
        at = {edge for _, region in stack.slices for edge in (region.starts[0], region.limits[0])}
        stack.edges = tuple(sorted({0, *at, stack.rows}))
        whole = [op for value, op in self.read_whole if value in own]
        if whole and not stack.whole:
            stack.whole = f"{describe(whole[0])} reads all its layers at once"
        for position in stack.arguments:
            following = int_of(self.arguments[position], names.STATE_RESULT)
            if following is not None and self.returned[following].type != self.block.arguments[position].type:
                stack.whole = stack.whole or "its next value has another type"

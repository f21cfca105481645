"""``split-stacks``: a stack of layers becomes one argument a layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import i64s, make, tensor_type
from dialects.ops import BARRIER, body_ops, defining_op, entry_block, main_func, shape_of
from dialects.signature import ALIAS, attr_dicts, i64, int_of, refresh_type, set_attr_dicts, text_of
from passes.analysis.indices.regions import Region, region_of_slice
from passes.analysis.stages.stacks import Stack, find_stacks
from passes.base import Pass
from passes.normalize.row_parts import RowParts, cut, regrouped

Entry = dict[str, ir.Attribute]


@dataclass(frozen=True, kw_only=True)
class SplitStacks(Pass):
    """Arguments of which loops over layers read rows, their moments and next values come in parts, a layer each.

    Frameworks that scan over layers keep a weight of all layers in one array. On one mesh it would lie whole, with its moments, and
    its rows would travel to the other stages and their gradients back in every step. What updates a stack row by row updates its
    parts; a norm over it is a sum of the parts' sums. Run it after unroll-loops and fold-slices, and fold-slices after it. What
    reads all layers at once leaves the stack, with all that is updated beside it, as it was (``mw.one_stack`` says why).

    Input:
        func.func @main(%w: tensor<2x4x4xf32> {mw.layers = 2}, %x: tensor<8x4xf32>) -> tensor<2x4x4xf32> {
          %0 = slice %w [0:1, 0:4, 0:4]
          %1 = slice %w [1:2, 0:4, 0:4]
          %g = concatenate %g0, %g1, dim = 0
          %new = subtract %w, %g
          return %new
    Output:
        func.func @main(%w0: tensor<1x4x4xf32> {mw.part = array<i64: 0, 0, 1>}, %x: tensor<8x4xf32>,
                        %w1: tensor<1x4x4xf32> {mw.part = array<i64: 0, 1, 2>}) -> (tensor<1x4x4xf32>, tensor<1x4x4xf32>) {
          %new0 = subtract %w0, %g0'     // where %g0' is a slice of %g: fold-slices reads it through the concatenation
          %new1 = subtract %w1, %g1'
          return %new0, %new1
    """

    name: ClassVar[str] = "split-stacks"

    def run(self, module: ir.Module) -> None:
        split_stacks(module)


def split_stacks(module: ir.Module) -> bool:
    """What the pass does; whether anything was split."""
    main = main_func(module)
    _read_through_groups(main)
    found = list(find_stacks(module))
    entries = attr_dicts(main, "arg_attrs")
    for stack in found:
        for position in stack.arguments:
            layers = entries[position].pop(names.LAYERS, None)
            if stack.whole and layers is not None:
                entries[position][names.ONE_STACK] = ir.StringAttr.get(stack.whole)
    set_attr_dicts(main, "arg_attrs", entries)
    cuts = [stack for stack in found if not stack.whole and len(stack.edges) > 2]
    if cuts:
        _Splitter(main).run(cuts)
    return bool(cuts)


def _read_through_groups(main: ir.OpView) -> None:
    """Layers read from a stack in groups, [6, …] as [3, 2, …], are read from the stack."""
    entries = attr_dicts(main, "arg_attrs")
    for value, entry in zip(entry_block(main).arguments, entries, strict=True):
        readers = [use.owner.operation for use in value.uses] if names.LAYERS in entry else []
        for view in (op for op in readers if op.name == "stablehlo.reshape"):
            for op in [use.owner.operation for use in view.results[0].uses]:
                region = region_of_slice(op) if op.name == "stablehlo.slice" else None
                if region is None:
                    continue
                with ir.InsertionPoint(op), op.location:
                    part = regrouped(view, region)
                if part is not None:
                    op.results[0].replace_all_uses_with(part)
                    op.erase()
            if next(iter(view.results[0].uses), None) is None:
                view.erase()


class _Splitter:
    """One use, for all stacks of a module: arguments and results are written once."""

    def __init__(self, main: ir.OpView) -> None:
        self.main, self.block, self.parts = main, entry_block(main), RowParts()
        self.arguments, self.results = attr_dicts(main, "arg_attrs"), attr_dicts(main, "res_attrs")
        self.end = body_ops(self.block)[-1]
        self.first_results: dict[int, ir.Value] = {}
        self.other_results: list[ir.Value] = []
        self.read: list[ir.Operation] = []  # erased last: values are known by identity
        self.first: list[tuple[ir.BlockArgument, ir.Value]] = []  # an argument, and what stands for its first part
        self.argument_parts: dict[int, list[int]] = {}
        self.result_parts: dict[int, list[int]] = {}

    def run(self, stacks: Sequence[Stack]) -> None:
        for stack in stacks:
            for position in sorted(stack.arguments):
                self.split_argument(position, stack.edges)
        for stack in stacks:
            for op, region in stack.slices:
                with ir.InsertionPoint(op), op.location:
                    op.results[0].replace_all_uses_with(self.parts.read(op.operands[0], stack.edges, region))
            for op in stack.sums:
                with ir.InsertionPoint(op), op.location:
                    op.results[0].replace_all_uses_with(self.fold(op, stack.edges))
            self.read += [*(op for op, _ in stack.slices), *stack.sums]
            for position in sorted(stack.results):
                self.split_result(position, stack.edges)
        self.link()
        self.rewrite_return()
        self.drop_whole({value for stack in stacks for value in stack.values})
        set_attr_dicts(self.main, "arg_attrs", self.arguments)
        set_attr_dicts(self.main, "res_attrs", self.results)
        refresh_type(self.main)

    def split_argument(self, position: int, edges: Sequence[int]) -> None:
        whole = self.block.arguments[position]
        kind, location = ir.RankedTensorType(whole.type), whole.location
        mine, user = [position], self.arguments[position]
        for rows in pairwise(edges):
            if rows[0] == 0:
                with ir.InsertionPoint.at_block_begin(self.block), location:
                    part = cut(whole, Region.along(shape_of(whole), 0, *rows))
                self.first.append((whole, part))
                self.arguments[position] = _entry(user, position, position, rows)
            else:
                size = tensor_type((rows[1] - rows[0], *kind.shape[1:]), kind.element_type)
                part = self.block.add_argument(size, location)
                mine.append(len(self.arguments))
                self.arguments.append(_entry(user, position, mine[-1], rows))
            self.parts.known[whole, rows] = part
        self.argument_parts[position] = mine

    def split_result(self, position: int, edges: Sequence[int]) -> None:
        whole, user = self.end.operands[position], self.results[position]
        mine: list[int] = []
        for rows in pairwise(edges):
            part = self.parts.of(whole, rows)
            if rows[0] == 0:
                self.first_results[position] = part
                mine.append(position)
                self.results[position] = _entry(user, position, position, rows)
            else:
                self.other_results.append(part)
                mine.append(len(self.results))
                self.results.append(_entry(user, position, mine[-1], rows))
        self.result_parts[position] = mine

    def link(self) -> None:
        """Each part's next value is the part of the next value."""
        for position, mine in self.argument_parts.items():
            following = int_of(self.arguments[position], names.STATE_RESULT)
            for i, part in enumerate(mine):
                entry = self.arguments[part]
                donated = entry.pop(ALIAS, None)
                if following is None:
                    continue
                result = self.result_parts[following][i]
                entry[names.STATE_RESULT], self.results[result][names.STATE_ARG] = i64(result), i64(part)
                if donated is not None:
                    entry[ALIAS] = ir.IntegerAttr.get(ir.IntegerType.get_signless(32), result)

    def fold(self, op: ir.Operation, edges: Sequence[int]) -> ir.Value:
        """The reduction of each part, joined by what the reduction does with two numbers."""
        total: ir.Value | None = None
        join = body_ops(op.regions[0].blocks[0])[0].name
        for rows in pairwise(edges):
            copy = op.clone().operation
            copy.operands[0] = self.parts.of(op.operands[0], rows)
            mine = copy.results[0]
            total = mine if total is None else make(join, [mine.type], [total, mine])
        if total is None:
            raise AssertionError("a stack has rows")
        return total

    def rewrite_return(self) -> None:
        kept = [self.first_results.get(i, value) for i, value in enumerate(self.end.operands)]
        with ir.InsertionPoint(self.end), self.end.location:
            ir.Operation.create(self.end.name, operands=[*kept, *self.other_results])
        self.end.erase()

    def drop_whole(self, values: set[ir.Value]) -> None:
        """Nobody reads the whole stack any more: its argument becomes the first part."""
        for op in self.read:
            op.erase()
        for op in reversed(body_ops(self.block)[:-1]):
            mine = any(result in values for result in op.results)
            if mine and not any(_is_read(result) for result in op.results):
                op.erase()
            elif mine and op.name == BARRIER:
                _narrow(op)
        for whole, part in self.first:
            kind = part.type
            part.replace_all_uses_with(whole)
            if (maker := defining_op(part)) is not None:
                maker.erase()
            whole.set_type(kind)


def _is_read(value: ir.Value) -> bool:
    return next(iter(value.uses), None) is not None


def _narrow(op: ir.Operation) -> None:
    """A barrier around what is still read, without the stacks that stood beside it."""
    kept = [(operand, result) for operand, result in zip(op.operands, op.results, strict=True) if _is_read(result)]
    with ir.InsertionPoint(op), op.location:
        operands = [operand for operand, _ in kept]
        fewer = ir.Operation.create(op.name, [operand.type for operand in operands], operands)
    for (_, old), new in zip(kept, fewer.results, strict=True):
        old.replace_all_uses_with(new)
    op.erase()


def _entry(user: Entry, position: int, index: int, rows: tuple[int, int]) -> Entry:
    """What is said of a part: all that is said of the stack, and which rows it is."""
    place = str(rows[0]) if rows[1] == rows[0] + 1 else f"{rows[0]}:{rows[1]}"
    said = {names.PART: i64s([position, *rows]), names.INDEX: i64(index)}
    return {**user, names.NAME: ir.StringAttr.get(f"{text_of(user, names.NAME)}[{place}]"), **said}

"""``place-rows``: along which dim of each batch argument the batch runs, where dim 0 is not it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.op_sets import OpSet
from dialects.ops import body_ops, copy_module, entry_block, main_func, shape_of
from dialects.signature import attr_dicts, i64, text_of
from passes.analysis.batch.arguments import batch_rows, count_rows, set_rows
from passes.analysis.batch.batch import Coupling
from passes.analysis.ops.forms import Form, split
from passes.analysis.roles.batch_flow import Flows
from passes.base import Pass
from passes.microbatch.carried import LEAST, carried
from passes.microbatch.microbatch import drop_rules, populate_rules, uncouple

MAX_TRIALS = 24  # each is one analysis of the program


@dataclass(frozen=True, kw_only=True)
class PlaceRows(Pass):
    """Move the batch to the dims and blocks of its arguments along which microbatches carry the forward part.

    Recurrent nets take the time first, frontends flatten rows and positions, and an accumulation loop reads ``[K, B / K]``. Where
    dim 0 couples, or leaves most of the forward to what runs once, other places are tried by the analysis of ``microbatch`` itself;
    nothing changes if none is better. Needs assign-roles; microbatch comes next.

    Input:
        func.func @main(%w, %x: tensor<7x8x4xf32> {mw.role = "batch"}, %y: tensor<7x8xf32> {mw.role = "batch"}) -> tensor<f32>
    Output, where the 7 follow one another:
        func.func @main(%w, %x: … {mw.role = "batch", mw.rows = array<i64: 1, 1>}, %y: … {…, mw.rows = array<i64: 1, 1>})

    ``microbatches``: how many to try with; 0 is the fewest that the rows allow.
    """

    name: ClassVar[str] = "place-rows"
    microbatches: int = 0

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        rows = batch_rows(func)
        if not rows:
            return
        populate_rules(module)
        best, most = rows, self._share(module, rows)
        for other in islice(_places(func, rows), MAX_TRIALS) if most < LEAST else ():
            share = self._share(module, other)
            if share > max(most, LEAST):
                best, most = other, share
            if most > 0.95:
                break
        drop_rules(module)
        if best is not rows:
            set_rows(func, best)
            module.operation.attributes[names.BATCH_SIZE] = i64(count_rows(func, best) or 1)

    def _share(self, module: ir.Module, rows: Mapping[int, Form]) -> float:
        """The share of the forward that microbatches carry when the batch lies so; -1 where an op couples it."""
        trial = copy_module(module)
        func = main_func(trial)
        number = count_rows(func, rows) or 1
        parts = self.microbatches or _least_factor(number)
        if parts == 1 or number % parts:
            return -1.0
        set_rows(func, rows)
        answer = uncouple(func, rows, parts)
        return -1.0 if isinstance(answer, Coupling) else carried(func, answer).share


def _least_factor(number: int) -> int:
    return next((n for n in range(2, number + 1) if number % n == 0), 1)


def _places(func: ir.OpView, rows: Mapping[int, Form]) -> Iterator[dict[int, Form]]:
    """Other places: each size that the arguments share as a dim, first and last dim of that size; then the blocks of reshapes."""
    arguments = entry_block(func).arguments
    shapes = {i: shape_of(arguments[i]) for i in rows}
    roles = [text_of(entry, names.ROLE) for entry in attr_dicts(func, "arg_attrs")]
    data = {i: shape_of(arguments[i]) for i, role in enumerate(roles) if role == "constant" and "parameter" in roles}
    follow = Flows(func, OpSet(body_ops(entry_block(func))[:-1]))
    tried: list[dict[int, Form]] = [dict(rows)]
    for size in sorted({size for shape in shapes.values() for size in shape if size > 1}, reverse=True):
        holders = {i: shape for i, shape in shapes.items() if size in shape or shape[0] % size == 0}
        more = {i: shape for i, shape in data.items() if size in shape and not follow.of(i, shape.index(size)).weight}
        for last, held in ((False, holders | more), (True, holders | more), (False, holders), (True, holders)):
            place = {i: _along(shape, size, last) for i, shape in held.items()}
            if place not in tried and any(size in shape for shape in held.values()):
                tried.append(place)
                yield place
    blocks = {i: _blocks(arguments[i]) for i in rows}
    for count in sorted({count for found in blocks.values() for count in found}):
        place = {i: split(0, count) if count in blocks[i] else rows[i] for i in rows}
        if place not in tried:
            tried.append(place)
            yield place


def _along(shape: tuple[int, ...], size: int, last: bool) -> Form:
    dims = [dim for dim, here in enumerate(shape) if here == size]
    return split(dims[-1 if last else 0]) if dims else split(0)


def _blocks(argument: ir.Value) -> set[int]:
    """The numbers of blocks that reshapes and slices cut dim 0 of an argument in, read through ops that keep its shape."""
    found, seen, pending = set[int](), {argument}, [argument]
    size = shape_of(argument)[0]
    while pending:
        value = pending.pop()
        for use in value.uses:
            op = use.owner
            if op.name == "stablehlo.reshape" and len(shape := shape_of(op.results[0])) > 1:
                if 1 < shape[0] < size and size % shape[0] == 0:
                    found.add(shape[0])
            if op.name == "stablehlo.slice" and 0 < (part := shape_of(op.results[0])[0]) < size and size % part == 0:
                found.add(size // part)
            same = [result for result in op.results if shape_of(result)[:1] == (size,) and result not in seen]
            seen.update(same)
            pending += same if op.name in _KEEPING else []
    return found


_KEEPING = ("stablehlo.convert", "stablehlo.reshape", "stablehlo.transpose", "stablehlo.optimization_barrier")

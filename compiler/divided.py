"""How many microbatches, and along which dims the batch runs: what was asked, or the first that the program allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jaxlib.mlir import ir

from compiler.emit.signature import make_arguments
from compiler.machine.layout import microbatch_candidates
from compiler.options import PlanOptions
from compiler.plan.records import Argument
from dialects.errors import UserError
from dialects.ops import copy_module, main_func
from passes.analysis.batch.arguments import batch_rows, count_rows, set_rows
from passes.analysis.indices.index_bounds import index_bounds
from passes.microbatch.accumulation import accumulation_loops
from passes.microbatch.microbatch import divide
from passes.microbatch.open_accumulation import OpenAccumulation
from passes.microbatch.place_rows import PlaceRows
from passes.normalize.fold_slices import FoldSlices
from passes.normalize.normalize import Normalize
from passes.normalize.split_stacks import split_stacks
from passes.normalize.unroll_loops import UnrollLoops

_OPTION = " (--batch-statistics per-microbatch with --microbatches N gives each microbatch its own)"


@dataclass(frozen=True)
class Divided:
    """The module of one microbatch, the user's arguments as they were, the rows of the whole batch, and what to say of it."""

    module: ir.Module
    arguments: tuple[Argument, ...]
    rows: int | None
    remark: str = ""  # why it is not the number wanted, or not worth it


def divided(module: ir.Module, options: PlanOptions, widths: Sequence[int]) -> Divided:
    """``module`` on 1/M of the batch, where M is asked for, or else the first good number that the program allows.

    Where none is, or most of the forward would not be divided, the rows are looked for along other dims of the arguments, once.
    ``widths[stage]``: devices of its mesh. ``module`` itself may be changed. Raises UserError when the asked number cannot be.
    """
    movable = may_move(options)
    loops = [known for _, known in accumulation_loops(main_func(module))]
    for trips in dict.fromkeys(known.trips for known in loops if known.holds_most):
        fitting = options.microbatches == trips or (options.microbatches is None and len(widths) > 1)
        if fitting and (opened := _opened(module, trips, len(widths), movable)) is not None:
            return replace(opened, remark=f"{trips} microbatches, one for each slice of the program's own loop")
    source = copy_module(module) if loops else None
    straighten(module, len(widths))
    found: Divided | UserError
    try:
        found = _divided(module, source, options, widths)
    except UserError as error:
        found = error
    if movable and (isinstance(found, UserError) or found.remark):
        found = _moved(module, options, widths) or found
    if isinstance(found, UserError):
        raise found
    return found


def _moved(module: ir.Module, options: PlanOptions, widths: Sequence[int]) -> Divided | None:
    """With the rows along other dims; None where they stay, or the asked number does not divide them there."""
    before = batch_rows(main_func(module))
    PlaceRows().run(module)
    after = batch_rows(main_func(module))
    if after == before:
        return None
    try:
        found = _divided(module, None, options, widths)
    except UserError:
        return None
    names = [f"'{a.name}'" if a.name else str(a.index) for a in found.arguments if a.role == "batch"]
    places = [f"dim {form.dim}" + (f" in {form.outer} blocks" if form.outer > 1 else "") for form in after.values()]
    said = ", ".join(f"{place} of argument {name}" for name, place in zip(names, places, strict=True))
    return replace(found, remark="; ".join(filter(None, [found.remark, f"the batch runs along {said}"])))


def straighten(module: ir.Module, stages: int) -> None:
    """Write loops over layers out, so that a cut can fall between two iterations; what they read by layers comes in parts."""
    for item in (UnrollLoops(), FoldSlices(), Normalize()) if stages > 1 else ():
        item.run(module)
    if stages > 1 and split_stacks(module):
        FoldSlices().run(module)
        Normalize().run(module)


def _opened(module: ir.Module, microbatches: int, stages: int, movable: bool) -> Divided | None:
    """With each microbatch running its share of the iterations of the user's accumulation loops; None where that may not be."""
    for counts_ahead in (False, True):
        trial, placed = copy_module(module), copy_module(module)
        OpenAccumulation(microbatches=microbatches, counts_ahead=counts_ahead).run(trial)
        straighten(trial, stages)
        if movable:
            PlaceRows(microbatches=microbatches).run(trial)
        set_rows(main_func(placed), batch_rows(main_func(trial)))
        try:
            arguments, rows = _signature(trial, index_bounds(main_func(placed)))
            if divide(trial, microbatches).enough:
                return Divided(trial, arguments, rows)
        except UserError:
            continue
    return None


def _divided(module: ir.Module, source: ir.Module | None, options: PlanOptions, widths: Sequence[int]) -> Divided:
    """With the rows where they are said to lie. ``source``: the program with its loops, if it accumulates in one."""
    asked = options.microbatches
    arguments, rows = _signature(module)
    why = ""
    counts = microbatch_candidates(rows, widths) if asked is None else [asked]
    for count in counts:
        trial = copy_module(module) if counts != [1] else module
        try:
            carried = divide(trial, count)
        except UserError as error:
            if (
                source is not None
                and count > 1
                and (opened := _opened(source, count, len(widths), may_move(options))) is not None
            ):
                return opened
            if asked is not None:
                raise
            why = why or str(UserError(error.message, where=error.where))
            continue
        if not carried.enough and asked is None:
            why = f"{carried.blame} needs the whole batch, and {1 - carried.share:.0%} of the forward part follows it"
            continue
        if not carried.enough:
            late = f"{1 - carried.share:.0%} of the forward part runs once a step, on the whole batch"
            return Divided(trial, arguments, rows, f"{late}, not in {count} microbatches: it follows {carried.blame}")
        said = f"{count} microbatch{'es' * (count > 1)}, because {why}" if why else ""
        return Divided(trial, arguments, rows, said + (_OPTION if "it mixes the rows" in why else ""))
    raise AssertionError("one microbatch is always possible")


def may_move(options: PlanOptions) -> bool:
    """Whether the user left it open where the rows lie."""
    return not any(":" in text for text in options.batch_args or ())


def _signature(module: ir.Module, bounds: Mapping[int, int] | None = None) -> tuple[tuple[Argument, ...], int | None]:
    """The user's arguments, and the rows of the whole batch. ``bounds`` of indices: default those of ``module``."""
    func = main_func(module)
    return make_arguments(module, index_bounds(func) if bounds is None else bounds), count_rows(func, batch_rows(func))

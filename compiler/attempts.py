"""The cheapest plan that fits the devices: first in just their memory, then in as much more or less as the rows may be wrong.

What the solver knows of memory are rows, an estimate made before any program is written. What a device's own program needs is known
only afterwards; where the two disagree, another choice is made with another limit on the rows, and at last the smallest there is.
"""

from collections.abc import Hashable
from dataclasses import replace

import msgspec
from jaxlib.mlir import ir

from compiler.emit.assemble import assemble
from compiler.intra.decide import Decided, Sharded, decide, written
from compiler.intra.room import Shortage
from compiler.intra.shortage import NoRoom, TooLarge
from compiler.intra.smallest import decide_smallest
from compiler.machine.description import Machine
from compiler.options import PlanOptions
from compiler.plan.records import Plan
from compiler.prepare import Prepared, run_passes
from compiler.transfers.land_transfers import land
from dialects import attributes as names
from dialects.errors import UserError
from dialects.ops import all_ops, copy_module
from passes.fragments.verify_fragments import VerifyFragments
from passes.partition.partition import Partition
from passes.partition.verify_collectives import VerifyCollectives

# How far rows and programs are apart: 39 of 39 plans within 10 %, the worst of all seen 29 % (docs/benchmarks.md, 2026-11-21).
MOST_WRONG = 1.5  # times the limit: where the least of the rows is beyond this, no program will fit either
SLACKS = (1.2, 1.02)  # times the least of the rows: twice the usual error, then hardly more than the least
SHARES = (
    1.0,
    0.92,
    0.82,
)  # of the room that is right if the next plan is as far off: as it is, and one and two errors less

BUCKETS = (1, 8, 64)  # parts of the buffer that was asked for, the largest that has room

Made = tuple[Plan, dict[str, str]]  # a plan and its stage files
# What was chosen -> what is wrong with its plan: another room may end in the same choice.
Tried = dict[Hashable, TooLarge]


def plan_in_memory(ready: Prepared, machine: Machine, options: PlanOptions) -> Made:
    """The cheapest plan that fits. Raises UserError with the size of the smallest one when none does."""
    spare, limit = copy_module(ready.module), machine.memory_bytes
    solved = any((asked.intra or options.intra) == "ilp" for asked in ready.outline.layout.asked)
    tried: Tried = {}
    try:
        return _first(ready, machine, options, tried)
    except NoRoom as error:
        missing: NoRoom | TooLarge = error
        least = max(error.short.total_bytes, limit)
        rooms = [least * slack for slack in SLACKS] if least <= MOST_WRONG * limit and solved else []
    except TooLarge as error:
        missing, rooms = error, [limit * limit / error.peak_bytes * share for share in SHARES]
    options = replace(options, bucket_bytes=0.0)
    for rows_bytes in rooms:
        try:
            return _attempt(replace(ready, module=copy_module(spare)), machine, options, rows_bytes, tried)
        except UserError:
            continue
    if not solved:
        raise missing
    return _smallest(replace(ready, module=spare), machine, options, tried)


def _first(ready: Prepared, machine: Machine, options: PlanOptions, tried: Tried) -> Made:
    """The cheapest choice in just the devices' memory. Buffers are memory too: where it is tight, every collective goes alone."""
    if options.bucket_bytes:
        try:
            spare = replace(ready, module=copy_module(ready.module))
            return _attempt(spare, machine, options, machine.memory_bytes, tried)
        except TooLarge:
            options = replace(options, bucket_bytes=0.0)
    return _attempt(ready, machine, options, machine.memory_bytes, tried)


def _attempt(ready: Prepared, machine: Machine, options: PlanOptions, rows_bytes: float, tried: Tried) -> Made:
    """The cheapest choice with ``rows_bytes`` as the limit of the rows, made a plan for the devices as they are."""
    room = msgspec.structs.replace(machine, memory_bytes=rows_bytes)
    decided = decide(ready.module, room, ready.outline.layout, options)
    return _finish(ready, machine, decided, options, tried)


def _smallest(ready: Prepared, machine: Machine, options: PlanOptions, tried: Tried) -> Made:
    decided = decide_smallest(ready.module, machine, ready.outline.layout, options)
    try:
        return _finish(ready, machine, decided, options, tried)
    except TooLarge as error:
        short = Shortage(error.moment, machine.memory_bytes, error.bytes_of)
        raise NoRoom(short, options, error.peak_bytes) from None


def _finish(ready: Prepared, machine: Machine, decided: Decided, options: PlanOptions, tried: Tried) -> Made:
    """Write, partition and assemble what was decided, unless that was ``tried`` and is too large."""
    chosen = decided.chosen, options.bucket_bytes
    if chosen in tried:
        raise tried[chosen]
    sharded = written(decided, ready.module).on_devices_of(machine.memory_bytes)
    try:
        return _assemble(ready, machine, sharded, options)
    except TooLarge as error:
        tried[chosen] = error
        raise


def _assemble(ready: Prepared, machine: Machine, sharded: Sharded, options: PlanOptions) -> Made:
    """With the largest buckets that have room."""
    meshes = ready.outline.layout.on(sharded.shapes).meshes
    sharded = sharded.with_landings(land(ready.module, machine, meshes, sharded.costs))
    run_passes(ready.module, [VerifyCollectives()])
    joins = options.bucket_bytes and any(names.JOINS in op.attributes for op in all_ops(ready.module.operation))
    *larger, least = [options.bucket_bytes / share for share in (BUCKETS if joins else (1,))]
    for bucket_bytes in larger:
        try:
            return _partitioned(copy_module(ready.module), ready, machine, sharded, options, bucket_bytes)
        except TooLarge:
            continue
    return _partitioned(ready.module, ready, machine, sharded, options, least)


def _partitioned(
    module: ir.Module, ready: Prepared, machine: Machine, sharded: Sharded, options: PlanOptions, bucket_bytes: float
) -> Made:
    run_passes(module, [Partition(bucket_bytes=bucket_bytes), VerifyFragments()])
    return assemble(module, ready.outline, machine, sharded.with_buckets(module), options)

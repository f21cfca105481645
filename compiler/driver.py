"""The whole path, top to bottom: a module file in, a plan folder out. One function a step, one why a step."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from jaxlib.mlir import ir

from compiler.emit.assemble import TooLarge, assemble
from compiler.emit.signature import make_arguments
from compiler.emit.text import program_text
from compiler.frontends.annotate import annotate
from compiler.frontends.load import load_module
from compiler.intra.decide import Sharded, shard, written
from compiler.intra.room import Shortage
from compiler.intra.shortage import NoRoom
from compiler.intra.smallest import decide_smallest
from compiler.machine.description import Machine
from compiler.machine.files import load_machine
from compiler.machine.layout import Layout, auto_stages, make_layout, microbatch_candidates
from compiler.options import PlanOptions
from compiler.plan.files import write_plan
from compiler.plan.records import Argument, Plan
from dialects import attributes as names
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import entry_block, main_func, shape_of
from dialects.signature import op_int
from passes.analysis.indices.index_bounds import index_bounds
from passes.base import Pass
from passes.fragments.realize import Realize
from passes.fragments.verify_fragments import VerifyFragments
from passes.microbatch.microbatch import Microbatch, batch_positions
from passes.normalize.assign_roles import AssignRoles
from passes.normalize.fold_slices import FoldSlices
from passes.normalize.normalize import Normalize
from passes.normalize.unroll_loops import UnrollLoops
from passes.partition.partition import Partition
from passes.partition.verify_collectives import VerifyCollectives
from passes.stages.choose_stages import ChooseStages, loop_remark
from passes.stages.copy_views import CopyViews
from passes.stages.mark_phases import MarkPhases
from passes.stages.place import Place
from passes.stages.verify_stages import VerifyStages

MOST_WRONG = 1.5  # times what a device's own program needs: more than this memory rows never were
SLACKS = (1.2, 1.02)  # times the least of the rows: room by the rows for a plan that may fit in truth
SHARES = (
    1.0,
    0.92,
    0.82,
)  # of the room that would be right if the rows were as wrong about the next plan as about this one
DEVICES_PER_HOST = 8  # what a host has when only the number of devices is known, and it is a multiple of this


@dataclass(frozen=True)
class Prepared:
    """A realized module: fragments with phase and stage, and the meshes that they run on. Shardings come next."""

    module: ir.Module
    arguments: tuple[Argument, ...]
    layout: Layout
    rows: int | None
    microbatches: int
    remarks: tuple[str, ...]


def make_plan(module_path: str, out: str, options: PlanOptions) -> Plan:
    """Plan the training step in ``module_path`` ("-" is stdin) and write the folder ``out``. Raises UserError or Failure."""
    machine = machine_of(options)
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(module_path, context)
        program = program_text(loaded.module)
        ready = prepare(loaded.module, machine, options)
        plan, files = _with_room(ready, loaded.name, machine, options)
    return write_plan(plan, {**files, plan.program: program}, out)


def _with_room(ready: Prepared, name: str, machine: Machine, options: PlanOptions) -> tuple[Plan, dict[str, str]]:
    """The cheapest plan. Memory rows are an estimate, so where they or a device's own program leave no room, the cheapest in as
    much more or less room by the rows as they may be wrong, and then the smallest there is. Raises UserError with that one's size.
    """
    spare = _copy(ready.module)

    def attempt(module: ir.Module, rows_bytes: float) -> tuple[Plan, dict[str, str]]:
        room = msgspec.structs.replace(machine, memory_bytes=rows_bytes)
        sharded = shard(module, room, ready.layout, options).on_devices_of(machine.memory_bytes)
        return _finish(replace(ready, module=module), name, machine, sharded, options)

    limit = machine.memory_bytes
    try:
        return attempt(ready.module, limit)
    except NoRoom as error:
        missing: NoRoom | TooLarge = error
        least = max(error.short.total_bytes, limit)
        others = [least * slack for slack in SLACKS] if least <= MOST_WRONG * limit else []
    except TooLarge as error:
        missing, others = error, [limit * limit / error.peak_bytes * share for share in SHARES]
    for rows_bytes in others if options.intra == "ilp" or isinstance(missing, TooLarge) else ():
        try:
            return attempt(_copy(spare), rows_bytes)
        except UserError:
            continue
    if options.intra != "ilp":
        raise missing
    last = replace(ready, module=spare)
    sharded = written(decide_smallest(last.module, machine, last.layout, options), last.module, options)
    try:
        return _finish(last, name, machine, sharded, options)
    except TooLarge as error:
        short = Shortage(error.moment, machine.memory_bytes, error.bytes_of)
        raise NoRoom(short, options, error.peak_bytes) from None


def _finish(
    ready: Prepared, name: str, machine: Machine, sharded: Sharded, options: PlanOptions
) -> tuple[Plan, dict[str, str]]:
    """Partition and assemble what has shardings."""
    run_passes(ready.module, [VerifyCollectives(), Partition(), VerifyFragments(mesh_of=ready.layout.mesh_of)])
    return assemble(
        ready.module,
        name,
        ready.arguments,
        machine,
        ready.layout.on(sharded.mesh),
        sharded,
        options,
        ready.rows,
        ready.remarks,
        ready.microbatches,
    )


def find_roles(module: ir.Module, options: PlanOptions) -> None:
    """One flat @main whose arguments and results have roles, and the user's annotations."""
    roles = AssignRoles(batch_args=options.batch_args, loss=options.loss, state_args=_pairs(options))
    run_passes(module, [Normalize(), roles])
    annotate(module, options)


def prepare(module: ir.Module, machine: Machine, options: PlanOptions) -> Prepared:
    """All that comes before shardings: roles, microbatches, phases, stages, fragments."""
    devices = machine.num_devices
    remarks: list[str] = []
    find_roles(module, options)
    func = main_func(module)
    arguments = make_arguments(module, index_bounds(func))
    batch = batch_positions(func)
    rows = shape_of(entry_block(func).arguments[batch[0]])[0] if batch else None
    stages = options.stages or auto_stages(machine.hosts or 1, devices)
    if stages > 1:  # so that a cut can fall between two iterations
        run_passes(module, [UnrollLoops(), FoldSlices(), Normalize()])
    module = _microbatch(module, options, microbatch_candidates(rows, stages, devices), remarks)
    count = op_int(module.operation, names.MICROBATCHES) or 1
    run_passes(module, [CopyViews(), MarkPhases(), _stage_chooser(stages, machine), Place(), VerifyStages()])
    found = op_int(module.operation, names.NUM_STAGES) or 1
    if found < stages:
        remarks.append(f"asked for {stages} stages and the forward part can be cut in {found} only")
    if (remark := loop_remark(module)) is not None:
        remarks.append(remark)
    run_passes(module, [Realize()])
    return Prepared(module, arguments, make_layout(found, devices), rows, count, tuple(remarks))


def machine_of(options: PlanOptions) -> Machine:
    """The machine, with a shape for ``options.devices`` when nothing else gives one."""
    hosts, per_host = options.hosts, options.devices_per_host
    if options.devices is not None and hosts is None and per_host is None:
        per_host = DEVICES_PER_HOST if options.devices % DEVICES_PER_HOST == 0 else options.devices
        hosts = options.devices // per_host
    return load_machine(options.machine or "local-cpu", hosts, per_host, options.memory_per_device)


def _pairs(options: PlanOptions) -> tuple[str, ...] | None:
    if options.state_args is None:
        return None
    return tuple(f"{argument}:{result}" for argument, result in options.state_args)


def run_passes(module: ir.Module, passes: Sequence[Pass]) -> None:
    """One after the other."""
    for item in passes:
        item.run(module)


def _microbatch(module: ir.Module, options: PlanOptions, candidates: Sequence[int], remarks: list[str]) -> ir.Module:
    """The module with the asked number of microbatches, or with the first candidate that the program allows."""
    if options.microbatches is not None:
        Microbatch(microbatches=options.microbatches).run(module)
        return module
    why = ""
    for count in candidates:
        trial = _copy(module) if count > 1 else module
        try:
            Microbatch(microbatches=count).run(trial)
        except UserError as error:
            why = why or str(UserError(error.message, where=error.where))
            continue
        if why:
            remarks.append(f"{count} microbatch{'es' if count > 1 else ''}, because {why}")
        return trial
    raise AssertionError("one microbatch is always possible")


def _copy(module: ir.Module) -> ir.Module:
    """A copy of ``module`` in the same context, locations kept."""
    buffer = io.BytesIO()
    module.operation.write_bytecode(buffer)
    return ir.Module.parse(buffer.getvalue())


def _stage_chooser(stages: int, machine: Machine) -> ChooseStages:
    width = max(1, machine.num_devices // stages)
    return ChooseStages(
        stages=stages,
        flops_per_s=machine.flops_per_s["f32"] * width,
        bytes_per_s=machine.memory_bandwidth_bytes_per_s * width,
        link_bytes_per_s=machine.link(0, min(width, machine.num_devices - 1)).bandwidth_bytes_per_s,
    )


__all__ = ["PlanOptions", "make_plan"]

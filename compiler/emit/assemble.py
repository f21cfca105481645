"""From a realized, sharded module to a plan: schedule, instructions, donation, prediction; proved free of deadlock."""

import msgspec
from jaxlib.mlir import ir

from compiler.emit.donation import aliases_of, find_donated, replaced_arguments_of
from compiler.emit.instructions import make_instructions
from compiler.emit.parts import fragment_of, read_parts
from compiler.emit.signature import make_results
from compiler.emit.text import stage_text
from compiler.emit.values import extra_meshes, make_values
from compiler.intra.decide import Sharded
from compiler.machine.description import Machine
from compiler.machine.layout import Layout
from compiler.options import PlanOptions
from compiler.plan.check import check_plan, held_results
from compiler.plan.check_instructions import check_instructions
from compiler.plan.decisions import MemoryRecord
from compiler.plan.program import Program
from compiler.plan.records import VERSION, Argument, Plan, Prediction
from compiler.schedules.schedule import make_schedule
from compiler.simulate.predict import predict
from compiler.simulate.timing import fragment_s
from compiler.units import show_bytes
from dialects.errors import UserError
from dialects.sdy_attrs import mesh_text
from passes.analysis.memory.liveness import compiler_of

PROGRAM = "program.mlir"
_SHOWN = 0.01  # of the whole: smaller classes are left out of a message
# Memory rows count these before anything is partitioned and freed, and may count too much; the rest is exact.
_COUNTED_HIGH = ("temporaries", "activations", "values of the step", "batch")
NOTHING_SAID = MemoryRecord("", 0.0, {})
NOTHING_YET = Prediction(0.0, (), (), (), (), 0.0, 0.0)


class TooLarge(UserError):
    """A plan that does not fit. ``peak_bytes``: what its fullest device needs; ``bytes_of``: of each class, in ``moment``."""

    def __init__(self, peak_bytes: float, memory: MemoryRecord, limit_bytes: float, mesh: int) -> None:
        sizes = dict(memory.bytes_of)
        more = peak_bytes - sum(sizes.values())
        if more > 0:
            sizes["gathered parts and copies"] = more
        for kind in _COUNTED_HIGH:
            less = min(sizes.get(kind, 0.0), max(0.0, -more))
            sizes[kind] = sizes.get(kind, 0.0) - less
            more += less
        shown = ", ".join(f"{kind} {show_bytes(size)}" for kind, size in sizes.items() if size > _SHOWN * peak_bytes)
        super().__init__(
            f"mesh {mesh} needs {show_bytes(peak_bytes)} per device, a device has {show_bytes(limit_bytes)}: {shown}",
            remedy="use more stages, more microbatches, more devices, or a larger --memory-per-device",
        )
        self.peak_bytes, self.moment, self.bytes_of = peak_bytes, memory.moment, sizes


def assemble(
    module: ir.Module,
    name: str,
    arguments: tuple[Argument, ...],
    machine: Machine,
    layout: Layout,
    sharded: Sharded,
    options: PlanOptions,
    rows: int | None,
    remarks: tuple[str, ...],
    microbatches: int,
) -> tuple[Plan, dict[str, str]]:
    """The plan and its stage files. Raises UserError when it does not fit the devices' memory."""
    parts = read_parts(module, layout.width)
    results = make_results(module)
    num_stages = len(layout.mesh_of)
    schedule = make_schedule(
        options.schedule,
        num_stages,
        microbatches,
        stage_to_mesh=layout.mesh_of,
        fragments=[(part.stage, part.phase, part.level) for part in parts],
    )
    runs = schedule.runs({(part.stage, part.phase, part.level): part.name for part in parts})
    runs = (*runs, *(() for _ in range(len(layout.meshes) - len(runs))))
    becomes = {r.value: f"arg{arguments[r.state_arg].index}" for r in results if r.state_arg is not None}
    extra = extra_meshes(parts, results, arguments, layout)
    values = make_values(parts, layout.mesh_of, arguments, extra, becomes)
    plan = Plan(
        version=VERSION,
        name=name,
        machine=machine.summary(),
        schedule=schedule.name,
        microbatches=microbatches,
        num_stages=num_stages,
        batch_size=rows,
        program=PROGRAM,
        meshes=layout.meshes,
        arguments=arguments,
        results=results,
        values=values,
        fragments=tuple(fragment_of(part, layout, compiler=compiler_of(machine.flops_per_s)) for part in parts),
        instructions=(),
        slots=schedule.slots,
        prediction=NOTHING_YET,
        remarks=remarks,
        decisions=sharded.records,
    )
    held = held_results(plan)
    donated = find_donated(plan.fragments, values, runs, microbatches, held, replaced_arguments_of(arguments, results))
    fragments = tuple(msgspec.structs.replace(fragment, donated=donated[fragment.name]) for fragment in plan.fragments)
    instructions = make_instructions(fragments, values, runs, microbatches, held)
    check_instructions(fragments, values, instructions, microbatches, held)
    plan = msgspec.structs.replace(plan, fragments=fragments, instructions=instructions)
    predicted = predict(
        Program.of(fragments, values, microbatches, held),
        layout.meshes,
        instructions,
        machine,
        run_s={part.name: machine.dispatch_s + fragment_s(part.block, sharded.costs) for part in parts},
        temp_bytes={fragment.name: fragment.temp_bytes for fragment in fragments},
        results=results,
    )
    _check_memory(predicted, machine, sharded)
    plan = msgspec.structs.replace(plan, prediction=predicted)
    check_plan(plan, "the new plan")
    mesh = mesh_text(sharded.mesh)
    files = {
        f.file: stage_text(part, mesh, aliases_of(part, f, results)) for part, f in zip(parts, fragments, strict=True)
    }
    return plan, files


def _check_memory(predicted: Prediction, machine: Machine, sharded: Sharded) -> None:
    """Raise TooLarge about the fullest mesh, so that what it needs is enough for all."""
    peak, mesh = max((peak, -mesh) for mesh, peak in enumerate(predicted.mesh_peak_bytes))
    if peak > machine.memory_bytes:
        memory = sharded.records[-mesh].memory if -mesh < len(sharded.records) else NOTHING_SAID
        raise TooLarge(peak, memory, machine.memory_bytes, -mesh)

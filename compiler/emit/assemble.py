"""From a realized, sharded module to a plan: schedule, instructions, donation, prediction; proved free of deadlock."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from jaxlib.mlir import ir

from compiler.emit.donation import aliases_of, find_donated, replaced_arguments
from compiler.emit.instructions import make_instructions
from compiler.emit.parts import Part, fragment_of, read_parts
from compiler.emit.signature import make_results
from compiler.emit.text import stage_text
from compiler.emit.values import make_values
from compiler.intra.decide import Sharded
from compiler.intra.shortage import TooLarge
from compiler.machine.description import Machine
from compiler.machine.layout import Layout
from compiler.options import PlanOptions
from compiler.plan.check import check_plan, held_results
from compiler.plan.check_instructions import check_instructions
from compiler.plan.decisions import MemoryRecord
from compiler.plan.program import Program
from compiler.plan.records import VERSION, Argument, Fragment, Plan, Prediction, Result, Run, Stage
from compiler.schedules.order import Flows, FragmentKey
from compiler.schedules.schedule import Schedule, make_schedule
from compiler.simulate.predict import predict
from compiler.simulate.timing import fragment_s
from compiler.transfers.wires import Transfers
from passes.analysis.memory.liveness import compiler_of
from passes.analysis.stages.flows import stage_flows

PROGRAM = "program.mlir"
NOTHING_SAID = MemoryRecord("", 0.0, {})


@dataclass(frozen=True)
class Outline:
    """What is known of a step before its shardings are: ``rows`` of the whole batch, None without one.

    ``until``: what the cut after each stage but the last is called.
    """

    name: str
    arguments: tuple[Argument, ...]
    layout: Layout
    rows: int | None
    microbatches: int
    remarks: tuple[str, ...]
    until: tuple[str, ...] = ()


def assemble(
    module: ir.Module, outline: Outline, machine: Machine, sharded: Sharded, options: PlanOptions
) -> tuple[Plan, dict[str, str]]:
    """The plan and its stage files. Raises UserError when it does not fit the devices' memory."""
    layout, arguments, microbatches = outline.layout.on(sharded.shapes), outline.arguments, outline.microbatches
    parts, results = read_parts(module, layout), make_results(module)
    schedule, runs = _schedule(parts, layout, options, microbatches, stage_flows(module))
    values = make_values(parts, layout, arguments, results)
    held = held_results(results, values)
    fragments = tuple(fragment_of(part, layout, compiler=compiler_of(machine.flops_per_s)) for part in parts)
    donated = find_donated(fragments, values, runs, microbatches, held, replaced_arguments(arguments, results))
    fragments = tuple(msgspec.structs.replace(fragment, donated=donated[fragment.name]) for fragment in fragments)
    transfers = Transfers({value.id: value for value in values}, layout.meshes, machine)
    instructions = make_instructions(fragments, values, runs, microbatches, held, transfers.is_small)
    check_instructions(fragments, values, instructions, microbatches, held)
    predicted = predict(
        Program.of(fragments, values, microbatches, held),
        layout.meshes,
        instructions,
        machine,
        run_s={
            part.name: machine.dispatch_s + fragment_s(part.block, sharded.costs[layout.mesh_of[part.stage]])
            for part in parts
        },
        temp_bytes={fragment.name: fragment.temp_bytes for fragment in fragments},
        results=results,
    )
    _check_memory(predicted, machine, sharded)
    plan = Plan(
        version=VERSION,
        name=outline.name,
        machine=machine.summary(),
        schedule=schedule.name,
        microbatches=microbatches,
        num_stages=len(layout.mesh_of),
        batch_size=outline.rows,
        program=PROGRAM,
        meshes=layout.meshes,
        arguments=arguments,
        results=results,
        values=values,
        fragments=fragments,
        instructions=instructions,
        slots=schedule.slots,
        prediction=predicted,
        remarks=outline.remarks,
        decisions=sharded.records,
        stages=tuple(map(Stage, layout.mesh_of, (*outline.until, ""))),
    )
    check_plan(plan, "the new plan")
    return plan, _stage_files(parts, fragments, results, sharded)


def _schedule(
    parts: Sequence[Part], layout: Layout, options: PlanOptions, microbatches: int, flows: Flows
) -> tuple[Schedule, list[tuple[Run, ...]]]:
    """The schedule of the parts, and the runs of every mesh; a mesh without a stage has none."""
    keys: dict[FragmentKey, str] = {(part.stage, part.phase, part.level): part.name for part in parts}
    schedule = make_schedule(
        options.schedule,
        len(layout.mesh_of),
        microbatches,
        stage_to_mesh=layout.mesh_of,
        fragments=list(keys),
        flows=flows,
    )
    runs = schedule.runs(keys)
    return schedule, [*runs, *(() for _ in range(len(layout.meshes) - len(runs)))]


def _stage_files(
    parts: Sequence[Part], fragments: Sequence[Fragment], results: Sequence[Result], sharded: Sharded
) -> dict[str, str]:
    pairs = zip(parts, fragments, strict=True)
    return {f.file: stage_text(part, sharded.shapes[f.mesh], aliases_of(part, f, results)) for part, f in pairs}


def _check_memory(predicted: Prediction, machine: Machine, sharded: Sharded) -> None:
    """Raise TooLarge about the fullest mesh, so that what it needs is enough for all."""
    peak, mesh = max((peak, -mesh) for mesh, peak in enumerate(predicted.mesh_peak_bytes))
    if peak > machine.memory_bytes:
        memory = next((record.memory for record in sharded.records if record.mesh == -mesh), NOTHING_SAID)
        raise TooLarge(peak, memory, machine.memory_bytes, -mesh)

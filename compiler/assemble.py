"""From a realized, sharded module to a plan: schedule, instructions, donation, prediction; proved free of deadlock."""

from collections.abc import Sequence

import msgspec
from jaxlib.mlir import ir

from compiler.emit import Part, fragment_of, make_results, make_values, read_parts, stage_text
from compiler.instructions import find_donated, make_instructions
from compiler.intra import Sharded
from compiler.layout import Layout
from compiler.machine import Machine
from compiler.options import PlanOptions
from compiler.plan.check import check_plan, held_results
from compiler.plan.check_instructions import check_instructions
from compiler.plan.decisions import MemoryRecord
from compiler.plan.program import Program
from compiler.plan.records import VERSION, Argument, Fragment, Plan, Prediction, Result
from compiler.predict import predict
from compiler.schedule import make_schedule
from compiler.timing import fragment_s
from compiler.units import show_bytes
from dialects.errors import UserError
from dialects.sdy_attrs import mesh_text
from passes.analysis.liveness import compiler_of

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
    extra = _extra(parts, results, arguments, layout)
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
    donated = find_donated(plan.fragments, values, runs, microbatches, held, _replaced(arguments, results))
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
        f.file: stage_text(part, mesh, _aliases(part, f, results)) for part, f in zip(parts, fragments, strict=True)
    }
    return plan, files


def _extra(
    parts: Sequence[Part], results: Sequence[Result], arguments: Sequence[Argument], layout: Layout
) -> dict[str, set[int]]:
    """Meshes that must hold a value besides those that use it: state where it lives, and results nobody else holds."""
    users: dict[str, set[int]] = {}
    for part in parts:
        for port in (*part.inputs, *part.outputs):
            users.setdefault(port.value, set()).add(layout.mesh_of[part.stage])
    extra: dict[str, set[int]] = {}
    for result in results:
        holders = users.get(result.value, set()) or {0}
        extra.setdefault(result.value, set()).update(holders)
        if result.state_arg is None:
            continue
        state = f"arg{arguments[result.state_arg].index}"
        homes = users.get(state, set()) or {min(holders)}
        extra.setdefault(state, set()).update(homes)
        extra[result.value] |= homes
    return extra


def _replaced(arguments: Sequence[Argument], results: Sequence[Result]) -> set[str]:
    """State arguments whose next value is another value: their buffers may be reused once they were read last."""
    held = {result.value for result in results}
    values = {f"arg{a.index}": a for a in arguments if a.state_result is not None}
    return {value for value, a in values.items() if value not in held and results[a.state_result or 0].value != value}


def _aliases(part: Part, fragment: Fragment, results: Sequence[Result]) -> dict[int, int]:
    """Donated input -> output that takes its buffer: an accumulator, or the next value of the same state."""
    next_value = {f"arg{r.state_arg}": r.value for r in results if r.state_arg is not None}
    outputs = {port.value: i for i, port in enumerate(part.outputs)}
    aliases: dict[int, int] = {}
    for position in fragment.donated:
        port = part.inputs[position]
        output = outputs.get(port.value, outputs.get(next_value.get(port.value, "")))
        if output is None or output in aliases.values():
            continue
        given = part.outputs[output]
        if (given.dtype, given.shape, given.sharding) == (port.dtype, port.shape, port.sharding):
            aliases[position] = output
    return aliases


def _check_memory(predicted: Prediction, machine: Machine, sharded: Sharded) -> None:
    """Raise TooLarge about the fullest mesh, so that what it needs is enough for all."""
    peak, mesh = max((peak, -mesh) for mesh, peak in enumerate(predicted.mesh_peak_bytes))
    if peak > machine.memory_bytes:
        memory = sharded.records[-mesh].memory if -mesh < len(sharded.records) else NOTHING_SAID
        raise TooLarge(peak, memory, machine.memory_bytes, -mesh)

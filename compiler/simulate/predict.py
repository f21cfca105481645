"""What a plan will cost: its instruction lists played on the machine's clock, its values added up in memory.

Runs take what ``timing`` says of a device's own program, transfers what ``compiler.transfers.wires`` says of their pieces.
"""

from collections.abc import Mapping, Sequence

from compiler.machine.description import Machine
from compiler.plan.program import Program
from compiler.plan.records import Instruction, Mesh, Phase, Prediction, Result, Send
from compiler.plan.sizes import placed_bytes
from compiler.simulate.events import simulate_step
from compiler.simulate.memory import peak_bytes, reused_bytes
from compiler.transfers.wires import Transfers


def predict(
    program: Program,
    meshes: Sequence[Mesh],
    instructions: Sequence[Sequence[Instruction]],
    machine: Machine,
    *,
    run_s: Mapping[str, float],
    temp_bytes: Mapping[str, float] | None = None,
    results: Sequence[Result] = (),
) -> Prediction:
    """The plan's prediction. ``run_s``: seconds of one run of each fragment; ``temp_bytes`` per device; ``results``: the plan's."""

    transfers = Transfers(program.values, meshes, machine)
    times = simulate_step(instructions, run_s, transfers.of)
    sizes = [placed_bytes(list(program.values.values()), meshes, mesh) for mesh in range(len(meshes))]
    reused = {name: reused_bytes(item, results, sizes[item.mesh]) for name, item in program.fragments.items()}
    memory = [peak_bytes(program, instructions[m], sizes[m], temp_bytes or {}, reused) for m in range(len(meshes))]
    sent = [(item, mesh) for mesh, items in enumerate(instructions) for item in items if isinstance(item, Send)]
    return Prediction(
        step_s=times.step_s,
        stage_forward_s=_stage_s(program, run_s, "forward"),
        stage_backward_s=_stage_s(program, run_s, "backward"),
        mesh_argument_bytes=tuple(arguments for arguments, _ in memory),
        mesh_peak_bytes=tuple(peak for _, peak in memory),
        transfer_bytes_per_step=float(sum(transfers.of(i.value, mesh, i.to).num_bytes for i, mesh in sent)),
        bubble_fraction=times.bubble_fraction,
    )


def _stage_s(program: Program, run_s: Mapping[str, float], phase: Phase) -> tuple[float, ...]:
    stages = 1 + max((f.stage for f in program.fragments.values()), default=-1)
    totals = [0.0] * stages
    for fragment in program.fragments.values():
        if fragment.phase == phase:
            totals[fragment.stage] += run_s[fragment.name]
    return tuple(totals)

"""What a plan will cost: its instruction lists played on the machine's clock, its values added up in memory.

Runs take what ``timing`` says of a device's own program, transfers latency plus bytes over bandwidth.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from compiler.machine import Machine
from compiler.memory import peak_bytes, reused_bytes
from compiler.plan.program import Program
from compiler.plan.records import Instruction, Mesh, Phase, Prediction, Recv, Result, Run, Send
from compiler.plan.sizes import placed_bytes, value_bytes


@dataclass(frozen=True)
class StepTimes:
    """Seconds from the first instruction to the last, and the part of all meshes' time in which they run nothing."""

    step_s: float
    bubble_fraction: float


def simulate_step(
    instructions: Sequence[Sequence[Instruction]],
    run_s: Mapping[str, float],
    transfer_s: Callable[[str, int, int], float],
) -> StepTimes:
    """Play the lists on one clock. ``run_s``: seconds of each fragment; ``transfer_s``: of (value, from mesh, to mesh).

    Send costs its mesh nothing and its wire (one per ordered pair of meshes) the transfer; Recv waits for the arrival.
    Raises ValueError if the lists deadlock.
    """
    now, position = [0.0] * len(instructions), [0] * len(instructions)
    busy = 0.0
    wires: dict[tuple[int, int], deque[float]] = {}  # arrivals that nobody has taken yet
    free: dict[tuple[int, int], float] = {}  # when the wire is idle again
    moved = True
    while moved:
        moved = False
        for mesh, items in enumerate(instructions):
            while position[mesh] < len(items):
                item = items[position[mesh]]
                if isinstance(item, Recv):
                    wire = wires.get((item.source, mesh))
                    if not wire:
                        break
                    now[mesh] = max(now[mesh], wire.popleft())
                elif isinstance(item, Send):
                    pair = mesh, item.to
                    free[pair] = max(now[mesh], free.get(pair, 0.0)) + transfer_s(item.value, mesh, item.to)
                    wires.setdefault(pair, deque()).append(free[pair])
                elif isinstance(item, Run):
                    now[mesh] += run_s[item.fragment]
                    busy += run_s[item.fragment]
                position[mesh] += 1
                moved = True
    if any(position[mesh] < len(items) for mesh, items in enumerate(instructions)):
        raise ValueError("the schedule deadlocks")
    step_s = max(now, default=0.0)
    return StepTimes(step_s, 1 - busy / (step_s * len(instructions)) if step_s > 0 else 0.0)


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

    def transfer_s(value: str, source: int, target: int) -> float:
        """Every device of the smaller mesh moves its share at once."""
        link = machine.link(meshes[source].ranks[0], meshes[target].ranks[0])
        share = min(len(meshes[source].ranks), len(meshes[target].ranks))
        return link.transfer_s(value_bytes(program.values[value]) / share)

    times = simulate_step(instructions, run_s, transfer_s)
    sizes = [placed_bytes(list(program.values.values()), meshes, mesh) for mesh in range(len(meshes))]
    reused = {name: reused_bytes(item, results, sizes[item.mesh]) for name, item in program.fragments.items()}
    memory = [peak_bytes(program, instructions[m], sizes[m], temp_bytes or {}, reused) for m in range(len(meshes))]
    sent = [item.value for items in instructions for item in items if isinstance(item, Send)]
    return Prediction(
        step_s=times.step_s,
        stage_forward_s=_stage_s(program, run_s, "forward"),
        stage_backward_s=_stage_s(program, run_s, "backward"),
        mesh_argument_bytes=tuple(arguments for arguments, _ in memory),
        mesh_peak_bytes=tuple(peak for _, peak in memory),
        transfer_bytes_per_step=float(sum(value_bytes(program.values[value]) for value in sent)),
        bubble_fraction=times.bubble_fraction,
    )


def _stage_s(program: Program, run_s: Mapping[str, float], phase: Phase) -> tuple[float, ...]:
    stages = 1 + max((f.stage for f in program.fragments.values()), default=-1)
    totals = [0.0] * stages
    for fragment in program.fragments.values():
        if fragment.phase == phase:
            totals[fragment.stage] += run_s[fragment.name]
    return tuple(totals)

"""What a plan will cost: its instruction lists played on the machine's clock, its values added up in memory.

Roofline for runs, latency plus bytes over bandwidth for transfers. Collectives inside a mesh and XLA's own temporaries
are not in it yet; a prediction is for comparing plans of one machine, and says which mesh waits for which.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from compiler.instructions import Program
from compiler.machine import Machine
from compiler.memory import peak_bytes, placed_bytes, value_bytes
from compiler.plan import Fragment, Instruction, Mesh, Phase, Prediction, Recv, Run, Send, Value


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
    traffic_bytes: Mapping[str, float] | None = None,
    temp_bytes: Mapping[str, float] | None = None,
) -> Prediction:
    """The plan's prediction. ``traffic_bytes``, like fragments' flops, is of the whole mesh; ``temp_bytes`` per device.

    Without ``traffic_bytes`` a run moves its inputs and outputs once.
    """
    run_s = {f.name: _run_s(program, f, meshes[f.mesh], machine, traffic_bytes) for f in program.fragments.values()}

    def transfer_s(value: str, source: int, target: int) -> float:
        """Every device of the smaller mesh moves its share at once."""
        link = machine.link(meshes[source].ranks[0], meshes[target].ranks[0])
        share = min(len(meshes[source].ranks), len(meshes[target].ranks))
        return link.transfer_s(value_bytes(program.values[value]) / share)

    times = simulate_step(instructions, run_s, transfer_s)
    sizes = [placed_bytes(list(program.values.values()), meshes, mesh) for mesh in range(len(meshes))]
    memory = [peak_bytes(program, instructions[m], sizes[m], temp_bytes or {}) for m in range(len(meshes))]
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


def _run_s(
    program: Program, fragment: Fragment, mesh: Mesh, machine: Machine, traffic_bytes: Mapping[str, float] | None
) -> float:
    ports = [program.values[value] for value in (*fragment.inputs, *fragment.outputs)]
    moved = sum(map(value_bytes, ports)) if traffic_bytes is None else traffic_bytes.get(fragment.name, 0.0)
    devices = len(mesh.ranks)
    return machine.compute_s(fragment.flops / devices, moved / devices, _main_dtype(ports))


def _main_dtype(ports: Sequence[Value]) -> str:
    """The floating-point type that most of the bytes have, "f32" if none has one."""
    totals: dict[str, int] = {}
    for value in ports:
        if value.dtype.startswith(("f", "bf")):
            totals[value.dtype] = totals.get(value.dtype, 0) + value_bytes(value)
    return max(totals, key=lambda dtype: totals[dtype], default="f32")


def _stage_s(program: Program, run_s: Mapping[str, float], phase: Phase) -> tuple[float, ...]:
    stages = 1 + max((f.stage for f in program.fragments.values()), default=-1)
    totals = [0.0] * stages
    for fragment in program.fragments.values():
        if fragment.phase == phase:
            totals[fragment.stage] += run_s[fragment.name]
    return tuple(totals)

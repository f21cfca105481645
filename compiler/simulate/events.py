"""A step played on one clock: when each mesh runs, sends and waits."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from compiler.plan.records import Instruction, Recv, Run, Send


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

"""A step played on one clock: when each mesh runs, sends and waits."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from compiler.plan.records import Instruction, Recv, Run, Send
from compiler.transfers.wires import Adapter, Transfer

TransferOf = Callable[[str, int, int], Transfer]  # of (value, from mesh, to mesh)


@dataclass(frozen=True)
class StepTimes:
    """Seconds from the first instruction to the last, and the part of all meshes' time in which they run nothing."""

    step_s: float
    bubble_fraction: float


def simulate_step(
    instructions: Sequence[Sequence[Instruction]], run_s: Mapping[str, float], transfer_of: TransferOf
) -> StepTimes:
    """Play the lists on one clock. ``run_s``: seconds of each fragment; ``transfer_of``: see ``TransferOf``.

    Send costs its mesh nothing and its wire (one per ordered pair of meshes) the transfer, which also waits for adapters that it
    shares with transfers of other meshes; Recv waits for the arrival. Raises ValueError if the lists deadlock.
    """
    now, position = [0.0] * len(instructions), [0] * len(instructions)
    busy = 0.0
    wires = _Wires()
    waiting: dict[tuple[int, int], float] = {}  # meshes at a Recv of what is not sent yet, and since when
    ready = [(0.0, mesh) for mesh, items in enumerate(instructions) if items]
    heapify(ready)
    while ready:  # whoever is first in time moves, so that shared wires are taken in the order of time
        time_s, mesh = heappop(ready)
        item = instructions[mesh][position[mesh]]
        if isinstance(item, Recv):
            arrival = wires.take(item.source, mesh)
            if arrival is None:
                waiting[item.source, mesh] = time_s
                continue
            time_s = max(time_s, arrival)
        elif isinstance(item, Send):
            wires.send(time_s, mesh, item.to, transfer_of(item.value, mesh, item.to), item.joined)
            if (since := waiting.pop((mesh, item.to), None)) is not None:
                heappush(ready, (since, item.to))
        elif isinstance(item, Run):
            time_s += run_s[item.fragment]
            busy += run_s[item.fragment]
        now[mesh] = time_s
        position[mesh] += 1
        if position[mesh] < len(instructions[mesh]):
            heappush(ready, (time_s, mesh))
    if any(position[mesh] < len(items) for mesh, items in enumerate(instructions)):
        raise ValueError("the schedule deadlocks")
    step_s = max(now, default=0.0)
    return StepTimes(step_s, 1 - busy / (step_s * len(instructions)) if step_s > 0 else 0.0)


class _Wires:
    """What is under way, and when each wire is idle again."""

    def __init__(self) -> None:
        self._arrivals: dict[tuple[int, int], deque[float]] = {}  # that nobody has taken yet
        self._free: dict[tuple[int, int], float] = {}  # by pair of meshes
        self._adapters: dict[Adapter, float] = {}

    def send(self, time_s: float, source: int, target: int, sent: Transfer, joined: bool) -> None:
        """Begin a transfer, no earlier than ``time_s``; a ``joined`` one goes on in the message before it, without latency."""
        pair = source, target
        begin = max(time_s, self._free.get(pair, 0.0), *(self._adapters.get(name, 0.0) for name, _ in sent.adapters))
        for name, seconds in sent.adapters:
            self._adapters[name] = begin + seconds
        self._free[pair] = begin + sent.busy_s + (0.0 if joined else sent.latency_s)
        self._arrivals.setdefault(pair, deque()).append(self._free[pair])

    def take(self, source: int, target: int) -> float | None:
        """When the oldest one of the pair is there; None if none was sent."""
        arrivals = self._arrivals.get((source, target))
        return arrivals.popleft() if arrivals else None

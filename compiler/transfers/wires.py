"""Seconds and bytes of one transfer between two meshes, from its pieces and the machine's links.

A device's link carries what the device sends, and what it gets, one byte after the other (Hockney, 1994: latency + bytes / rate);
the fullest one says how long the transfer takes. Where the devices of a host share one adapter (``bandwidth_per = "host"``), the
adapter carries what all of them send and get, and other transfers of that host wait for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compiler.machine.description import Machine
from compiler.plan.pieces import Piece, pieces_between
from compiler.plan.records import Mesh, Value
from compiler.plan.sizes import element_message_bytes

SMALL = 0.25  # of the latency: two more copies of the bytes, at either end, cost less than it
Adapter = tuple[Literal["out", "in"], int]  # one direction of the adapter that all devices of a host share


@dataclass(frozen=True)
class Transfer:
    """One instance of a value from mesh to mesh: ``latency_s``, then ``busy_s`` at the fullest device or adapter.

    ``adapters``: the shared ones with the seconds that each is busy, sorted. ``num_bytes``: of all pieces.
    """

    num_bytes: int
    latency_s: float
    busy_s: float
    adapters: tuple[tuple[Adapter, float], ...] = ()

    @property
    def seconds(self) -> float:
        """From the first byte sent to the last one there, if nothing else is on the wires."""
        return self.latency_s + self.busy_s


class Transfers:
    """Transfers between the meshes of a plan, each worked out once."""

    def __init__(self, values: Mapping[str, Value], meshes: Sequence[Mesh], machine: Machine) -> None:
        self._values, self._meshes, self._machine = values, meshes, machine
        self._known: dict[tuple[str, int, int], Transfer] = {}

    def of(self, name: str, source: int, target: int) -> Transfer:
        """Of one instance of a value, from its placement on mesh ``source`` to that on mesh ``target``."""
        key = name, source, target
        if key not in self._known:
            value, machine = self._values[name], self._machine
            moves = pieces_between(value, self._meshes, source, target, machine.devices_per_host or 1)
            ranks = self._meshes[source].ranks, self._meshes[target].ranks
            self._known[key] = transfer(machine, *ranks, moves, element_message_bytes(value.dtype))
        return self._known[key]

    def is_small(self, name: str, source: int, target: int) -> bool:
        """Whether a message of its own is a waste: it takes its time by being one, and not by its bytes."""
        found = self.of(name, source, target)
        return found.busy_s < SMALL * found.latency_s


def transfer(
    machine: Machine,
    source_ranks: Sequence[int],
    target_ranks: Sequence[int],
    moves: Iterable[Piece],
    element_bytes: int,
) -> Transfer:
    """What ``moves`` between the devices with these ranks take. Ranks are devices of the machine, numbered host by host."""
    size = machine.devices_per_host or 1
    devices: defaultdict[tuple[str, int], float] = defaultdict(float)
    adapters: defaultdict[Adapter, float] = defaultdict(float)
    latency_s, total = 0.0, 0
    for piece in moves:
        giver, taker = source_ranks[piece.source], target_ranks[piece.target]
        link, num_bytes = machine.link(giver, taker), piece.elements * element_bytes
        seconds = num_bytes / link.bandwidth_bytes_per_s
        latency_s, total = max(latency_s, link.latency_s), total + num_bytes
        devices["out", giver] += seconds
        devices["in", taker] += seconds
        if link.bandwidth_per == "host" and giver // size != taker // size:
            adapters["out", giver // size] += seconds
            adapters["in", taker // size] += seconds
    busy_s = max((*devices.values(), *adapters.values()), default=0.0)
    return Transfer(total, latency_s, busy_s, tuple(sorted(adapters.items())))

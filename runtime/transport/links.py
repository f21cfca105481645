"""What is issued on which NCCL communicator, and in which order: pure data, from the plan alone, so that all ranks know the same.

NCCL matches messages of one communicator by the order in which both sides issue them, and hangs where they differ. So:

- A *link* is an ordered pair of meshes between which the plan sends, and has a communicator of its own: its ranks are the source's
  devices, then the target's. Links are made in one order, that of (source, target), by all ranks.
- NCCL connects two ranks when they first speak, and the caller waits for the other: before the first step each pair of a link that
  will ever speak has exchanged a byte (``pairs``), link by link in that order. After that no call waits on the host.
- A Send is one group of sends on its link, a Recv one group of receives. Messages of two meshes arrive in the order sent: that is
  a rule of plans, which ``compiler/plan/check_instructions.py`` proves of each before it runs.
- Each link has a stream of its own on each rank. So a send that waits for its receiver holds up only what follows it on its link.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from compiler.plan.pieces import Piece, Slices, pieces_between
from compiler.plan.records import Plan, Send, Value
from runtime.transport.dlpack import CODES


@dataclass(frozen=True)
class Link:
    """Messages from mesh ``source`` to mesh ``target``. ``ranks[p]``: the job's rank whose place in the communicator is p.

    ``pairs``: the places of a sender and a receiver, for all that ever speak.
    """

    source: int
    target: int
    ranks: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Part:
    """``slices`` of this rank's shard, of shape ``shape``, go to or come from place ``peer`` of the link."""

    peer: int
    slices: Slices
    shape: tuple[int, ...]


def carries(value: Value) -> bool:
    """Whether links carry the value: it has elements, of a type that can be lent by DLPack. The hosts carry all others."""
    return value.dtype in CODES and math.prod(value.shape) > 0


def links_of(plan: Plan) -> tuple[Link, ...]:
    """Every link of the plan, in the one order in which all ranks make them."""
    values = {value.id: value for value in plan.values}
    pairs: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for source, instructions in enumerate(plan.instructions):
        first = len(plan.meshes[source].ranks)  # the place of the target's device 0
        for item in instructions:
            if isinstance(item, Send) and carries(values[item.value]):
                speak = pairs.setdefault((source, item.to), set())
                moves = _moves(plan, values[item.value], source, item.to)
                speak.update((move.source, first + move.target) for move in moves)
    return tuple(
        Link(source, target, (*plan.meshes[source].ranks, *plan.meshes[target].ranks), tuple(sorted(speak)))
        for (source, target), speak in sorted(pairs.items())
    )


def parts_to_send(plan: Plan, value: Value, source: int, target: int, device: int) -> list[Part]:
    """The group that device ``device`` of mesh ``source`` issues where ``value`` is sent to mesh ``target``."""
    first = len(plan.meshes[source].ranks)
    moves = [move for move in _moves(plan, value, source, target) if move.source == device]
    return [Part(first + move.target, move.source_slices, move.shape) for move in moves]


def parts_to_receive(plan: Plan, value: Value, source: int, target: int, device: int) -> list[Part]:
    """The group that device ``device`` of mesh ``target`` issues where ``value`` comes from mesh ``source``."""
    moves = [move for move in _moves(plan, value, source, target) if move.target == device]
    return [Part(move.source, move.target_slices, move.shape) for move in moves]


def _moves(plan: Plan, value: Value, source: int, target: int) -> list[Piece]:
    """The same pieces in the same order on all ranks."""
    return pieces_between(value, plan.meshes, source, target, plan.machine.devices_per_host)

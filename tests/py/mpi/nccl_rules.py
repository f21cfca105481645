"""A double of NCCL on the host that keeps its rules: what ranks issue is recorded from the real ``Direct``, then played.

The rules, as NCCL's guide has them: a communicator waits for all its ranks; two ranks connect when they first speak, and whoever speaks
first waits on the host for the other; calls of one communicator and pair are matched by their order on both sides; the calls of
a group go on together, a group as a whole behind the one before it on its stream; a send ends when its receiver takes it (NCCL may
buffer small ones, nobody may rely on it). ``play`` raises Hang where nothing moves any more, and Disagree where two sides mean other things.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from compiler.plan.records import Fragment, Plan, Recv, Send
from runtime.devices.seats import Seat, seats
from runtime.step.direct import Direct
from runtime.step.executor import Resolver, in_groups
from runtime.step.store import Store
from runtime.transport.links import Part, carries, parts_to_send
from runtime.transport.nccl import Channel, Nccl

STREAM = 7  # any: everything that is issued names one


class Hang(Exception):
    """Nothing moves any more."""


class Disagree(Exception):
    """Two ends of a message mean other values or sizes: NCCL would hang, or deliver the wrong numbers."""


@dataclass(eq=False)
class Op:
    """What a rank's host issues: it connects to a communicator, issues a group there, or runs a fragment. ``calls``: (kind, peer, size)."""

    kind: str
    name: object
    comm: object = None
    calls: tuple[tuple[str, int, int], ...] = ()
    needs: tuple[Op | None, ...] = ()  # done before this one begins, on the device
    place: int = 0
    size: int = 0  # of the communicator
    waits: bool = False  # the host goes on when it is done


@dataclass(eq=False)
class Buffer:
    """What a fragment or a message makes. XLA overwrites only what is its own and not lent."""

    made: Op | None = None
    owned: bool = True
    lent: bool = False


@dataclass
class Host:
    """One rank: what it issued; it is World, Nccl's library, Inputs and Transport in one, as far as they are asked."""

    rank: int
    log: list[Op] = field(default_factory=list)
    now: deque[object] = field(default_factory=deque[object])  # the values under way that links carry
    names: int = 0
    adopting_stream: int = STREAM

    def broadcast(self, data: bytes | None, root: int) -> bytes:
        self.names += 1
        return f"communicator {self.names}".encode()

    def issue(self, op: Op) -> Op:
        self.log.append(op)
        return op

    def put(self, array: object) -> Buffer:
        return Buffer()

    def slices(self, *where: object) -> None: ...

    rows = slices

    def changes(self, index: int) -> bool:
        return False

    def handler(self, *kind: object) -> None: ...

    def copy_of(self, buffer: Buffer) -> Buffer:
        return Buffer(buffer.made)

    def lend(self, buffer: Buffer, stream: int) -> Buffer:
        assert stream == STREAM
        buffer.lent = True
        return buffer

    def adopt(self, capsule: Buffer, dtype: str) -> Buffer:
        return capsule

    def run(self, fragment: Fragment, arguments: Sequence[Buffer], results: Sequence[object]) -> list[Buffer]:
        for position in fragment.donated:
            assert arguments[position].owned, f"{fragment.name} overwrites what XLA has only adopted"
            assert not arguments[position].lent, f"{fragment.name} overwrites what is lent"
        op = self.issue(Op("run", fragment.name, needs=tuple(buffer.made for buffer in arguments)))
        return [Buffer(op) for _ in results]


class Library(Nccl):
    """NCCL on one rank: everything is written down."""

    def __init__(self, host: Host, greets: bool = True) -> None:
        self.host, self.greets = host, greets

    def unique_id(self) -> bytes:
        return b"its own"

    def connect(self, unique_id: bytes, size: int, place: int) -> Recorded:
        self.host.issue(Op("connect", unique_id, comm=unique_id, place=place, size=size, waits=True))
        return Recorded(self.host, unique_id, place, self.greets)


class Recorded(Channel):
    def __init__(self, host: Host, comm: bytes, place: int, greets: bool) -> None:
        self.host, self.comm, self.place, self.greets = host, comm, place, greets

    def greet(self, targets: Sequence[int], sources: Sequence[int]) -> None:
        calls = [("send", peer, 1) for peer in targets] + [("recv", peer, 1) for peer in sources]
        if self.greets:
            self.host.issue(Op("group", "greeting", self.comm, tuple(calls), place=self.place, waits=True))

    def send(self, lend: Callable[[int | None], Any], parts: Sequence[Part]) -> None:
        calls = tuple(("send", part.peer, math.prod(part.shape)) for part in parts)
        self.host.issue(Op("group", self.host.now.popleft(), self.comm, calls, (lend(STREAM).made,), self.place))

    def receive(self, shape: tuple[int, ...], itemsize: int, parts: Sequence[Part], reader: int | None) -> Buffer:
        assert reader == STREAM
        assert sum(math.prod(part.shape) for part in parts) == math.prod(shape)
        calls = tuple(("recv", part.peer, math.prod(part.shape)) for part in parts)
        return Buffer(
            self.host.issue(Op("group", self.host.now.popleft(), self.comm, calls, place=self.place)), owned=False
        )

    def close(self) -> None: ...


def record(plan: Plan, steps: int = 2, greets: bool = True) -> list[list[Op]]:
    """What each rank of a plan issues in ``steps`` steps: the real resolver, store and ``Direct`` on a host that writes it down."""
    logs: list[list[Op]] = []
    for seat in seats(plan, sum(len(mesh.ranks) for mesh in plan.meshes)):
        host: Any = Host(seat.rank)
        direct = Direct(plan, seat, host, Library(host, greets), host)
        store = Store(plan, seat, host, host)
        fragments: Any = {fragment.name: fragment for fragment in plan.fragments}
        actions = Resolver(plan, seat, host, store, fragments, host, direct).actions()
        for step in range(steps):
            for group, action in zip(in_groups(plan.instructions[seat.mesh]), actions, strict=True):
                moves = [item for item in group if isinstance(item, Send | Recv) and _speaks(plan, seat, item)]
                host.now = deque((step, item.value, item.microbatch) for item in moves)
                action.do()
            store.commit()
        direct.close()
        logs.append(host.log)
    return logs


def _speaks(plan: Plan, seat: Seat, item: Send | Recv) -> bool:
    """Whether this device issues anything for it."""
    value = next(value for value in plan.values if value.id == item.value)
    sends_none = isinstance(item, Send) and not parts_to_send(plan, value, seat.mesh, item.to, seat.device)
    return carries(value) and not sends_none


def play(logs: Sequence[Sequence[Op]], meshes: Sequence[Sequence[int]]) -> int:
    """Let all ranks go on as far as they can -> how many messages moved. ``meshes``: the ranks that run fragments together."""
    return _Play(logs, meshes).run()


class _Play:
    def __init__(self, logs: Sequence[Sequence[Op]], meshes: Sequence[Sequence[int]]) -> None:
        self.logs, self.meshes = logs, meshes
        self.at = [0 for _ in logs]
        self.streams: dict[tuple[int, object], deque[Op]] = defaultdict(deque)  # (rank, communicator or None)
        self.members: dict[object, dict[int, int]] = defaultdict(dict)  # communicator -> place -> rank
        self.spoke: dict[tuple[object, int], set[int]] = defaultdict(set)  # whom a place has ever called
        self.queued, self.done = set[Op](), set[Op]()
        self.open: dict[Op, list[tuple[str, int, int]]] = {}  # the calls of a group that have not ended
        self.moved = 0

    def run(self) -> int:
        going = True
        while going:
            going = self.streams_move()
            for rank, log in enumerate(self.logs):
                while self.at[rank] < len(log) and self.host_moves(rank, log[self.at[rank]]):
                    self.at[rank] += 1
                    going = True
        waits = [
            f"rank {r} waits on its host: {log[self.at[r]]}" for r, log in enumerate(self.logs) if self.at[r] < len(log)
        ]
        waits += [
            f"rank {rank} waits on its device: {stream[0]}" for (rank, _), stream in self.streams.items() if stream
        ]
        if waits:
            raise Hang("; ".join(waits))
        return self.moved

    def host_moves(self, rank: int, op: Op) -> bool:
        if op.kind == "connect":
            self.members[op.comm][op.place] = rank
            return len(self.members[op.comm]) == op.size
        if op not in self.queued:
            self.queued.add(op)
            self.open[op] = list(op.calls)
            self.streams[rank, op.comm].append(op)
            self.spoke[op.comm, op.place] |= {peer for _, peer, _ in op.calls}
        connected = all(op.place in self.spoke[op.comm, peer] for _, peer, _ in op.calls)
        return connected and (op in self.done or not op.waits)

    def streams_move(self) -> bool:
        going = False
        for (rank, comm), stream in list(self.streams.items()):
            if comm is None:
                going |= self.run_together(rank)
            elif stream and self.active(stream[0]):
                going |= self.exchange(comm, stream[0])
                if not self.open[stream[0]]:
                    self.done.add(stream.popleft())
                    going = True
        return going

    def active(self, op: Op) -> bool:
        return all(need is None or need in self.done for need in op.needs)

    def exchange(self, comm: object, op: Op) -> bool:
        going = False
        for call in list(self.open[op]):
            kind, peer, size = call
            other = self.streams[self.members[comm][peer], comm]
            if not other or not self.active(other[0]):
                continue
            wanted = "recv" if kind == "send" else "send"
            for answer in [each for each in self.open[other[0]] if each[:2] == (wanted, op.place)]:
                if (other[0].name, answer[2]) != (op.name, size):
                    raise Disagree(f"{op.name} of {size} is met by {other[0].name} of {answer[2]}")
                self.open[op].remove(call)
                self.open[other[0]].remove(answer)
                self.moved += 1
                going = True
        return going

    def run_together(self, rank: int) -> bool:
        """The fragments of a mesh hold collectives: all its ranks run one together."""
        mates = next(ranks for ranks in self.meshes if rank in ranks)
        heads = [self.streams[mate, None][0] if self.streams[mate, None] else None for mate in mates]
        if any(head is None or head.name != heads[0].name or not self.active(head) for head in heads):
            return False
        self.done.update(self.streams[mate, None].popleft() for mate in mates)
        return True

"""What one device says to the devices of other meshes: values in pieces, one message to each device that gets some.

Values that the plan joins travel in one message, one after the other. Sender and receiver work out from the plan what is in it, so
it holds nothing but their elements, and what is sent is what was predicted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from compiler.plan.pieces import POSTED_AHEAD, Piece, pieces_between
from compiler.plan.records import Plan, Recv, Send, Value
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.host_memory import HostMemory
from runtime.devices.seats import Seat
from runtime.devices.xla import World
from runtime.step.messages import Incoming, Item, begin_part, packed
from runtime.step.store import Key, Store
from runtime.transport.base import Transport

_Messages = dict[int, list[Item]]  # device of the other mesh -> what it gets, or gives


class Exchange:
    """One device's sends and receives, resolved. ``sent_bytes``: what it has sent to other meshes so far."""

    def __init__(self, plan: Plan, seat: Seat, world: World, store: Store, transport: Transport) -> None:
        self._plan, self._seat, self._world, self._store, self._transport = plan, seat, world, store, transport
        self._numbers = {value.id: number for number, value in enumerate(plan.values)}
        self._known: dict[tuple[str, int, int], list[Piece]] = {}
        self._memory = HostMemory()
        self._posts: list[Callable[[], Incoming]] = []  # of a step's receives, in order
        self._posted: deque[Incoming] = deque()  # those that wait for their message
        self._next = 0  # the first that is not posted yet
        self.sent_bytes = 0

    def send(self, group: Sequence[Send]) -> Callable[[], None]:
        """Send the first of ``group`` and what is joined to it."""
        values, keys = self._values(group)
        to, mine = group[0].to, self._seat.device
        ranks, tag = self._plan.meshes[to].ranks, self._tag(keys[0])
        messages = self._messages(values, self._seat.mesh, to, lambda piece: (piece.source, piece.target))
        order = sorted(messages, key=lambda device: (device - mine) % len(ranks))  # not all to one first
        num_bytes = sum(item.num_bytes for items in messages.values() for item in items)
        used = sorted({item.number for items in messages.values() for item in items})

        def send() -> None:
            arrays = {number: self._world.get(self._store.need(keys[number])) for number in used}
            for device in order:
                self._transport.send(packed(self._memory, messages[device], arrays), ranks[device], tag)
            self.sent_bytes += num_bytes

        return send

    def bytes_of(self, sends: Sequence[Send]) -> int:
        """What this device's part of ``sends`` is, whichever way it goes."""
        values, _ = self._values(sends)
        messages = self._messages(values, self._seat.mesh, sends[0].to, lambda piece: (piece.source, piece.target))
        return sum(item.num_bytes for items in messages.values() for item in items)

    def receive(self, group: Sequence[Recv]) -> Callable[[], None]:
        """Wait for the first of ``group`` and what is joined to it. To be resolved, and called, in the order of the list."""
        values, keys = self._values(group)
        source = group[0].source
        ranks, tag = self._plan.meshes[source].ranks, self._tag(keys[0])
        messages = self._messages(values, source, self._seat.mesh, lambda piece: (piece.target, piece.source))
        kinds = [(self._store.shard_shape(value.id), numpy_dtype(value.dtype)) for value in values]

        def post() -> Incoming:
            shards = [self._memory.array(*kind) for kind in kinds]
            ends = self._transport, self._memory
            return Incoming(shards, [begin_part(*ends, m, shards, ranks[d], tag) for d, m in messages.items()])

        def receive() -> None:
            incoming = self._posted.popleft()
            for key, shard in zip(keys, incoming.wait(), strict=True):
                self._store.set(key, self._world.put_owned(shard))
            del incoming
            self._post_ahead()

        self._posts.append(post)
        return receive

    def begin(self) -> None:
        """At the start of a step: post its first receives."""
        self._next = 0
        self._post_ahead()

    def _post_ahead(self) -> None:
        while self._next < len(self._posts) and len(self._posted) < POSTED_AHEAD:
            self._posted.append(self._posts[self._next]())
            self._next += 1

    def _values(self, group: Sequence[Send | Recv]) -> tuple[list[Value], list[Key]]:
        values = [self._store.values[item.value] for item in group]
        return values, [self._store.key(value, item.microbatch) for value, item in zip(values, group, strict=True)]

    def _messages(
        self, values: Sequence[Value], source: int, target: int, ends: Callable[[Piece], tuple[int, int]]
    ) -> _Messages:
        """This device's part of a transfer. ``ends``: of a piece, the device on this mesh and the one on the other."""
        found: _Messages = {}
        for number, value in enumerate(values):
            for piece in self._pieces(value, source, target):
                mine, other = ends(piece)
                if mine == self._seat.device:
                    found.setdefault(other, []).append(Item(number, piece, numpy_dtype(value.dtype)))
        return found

    def _pieces(self, value: Value, source: int, target: int) -> list[Piece]:
        """All pieces of a value from mesh to mesh, worked out once for all its instances."""
        key = value.id, source, target
        if key not in self._known:
            per_host = self._plan.machine.devices_per_host
            self._known[key] = pieces_between(value, self._plan.meshes, source, target, per_host)
        return self._known[key]

    def _tag(self, key: Key) -> int:
        """One tag an instance of a value, so that what MPI matches is what the plan means."""
        return self._numbers[key[0]] * (self._plan.microbatches + 1) + (0 if key[1] is None else key[1] + 1)

"""What one device says to the devices of other meshes: values in pieces, one message to each device that gets some.

Values that the plan joins travel in one message, one after the other. Sender and receiver work out from the plan what is in it, so
it holds nothing but their elements, and what is sent is what was predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.plan.pieces import Piece, pieces_between
from compiler.plan.records import Plan, Recv, Send, Value
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.seats import Seat
from runtime.devices.xla import World
from runtime.step.store import Key, Store
from runtime.transport.base import Array, Received, Transport


@dataclass(frozen=True)
class _Item:
    """One piece of a value in a message. ``number``: of the value among those of the message's instructions."""

    number: int
    piece: Piece
    dtype: np.dtype[Any]

    @property
    def num_bytes(self) -> int:
        """Of the piece on its way."""
        return self.piece.elements * self.dtype.itemsize


_Messages = dict[int, list[_Item]]  # device of the other mesh -> what it gets, or gives


class Exchange:
    """One device's sends and receives, resolved. ``sent_bytes``: what it has sent to other meshes so far."""

    def __init__(self, plan: Plan, seat: Seat, world: World, store: Store, transport: Transport) -> None:
        self._plan, self._seat, self._world, self._store, self._transport = plan, seat, world, store, transport
        self._numbers = {value.id: number for number, value in enumerate(plan.values)}
        self._known: dict[tuple[str, int, int], list[Piece]] = {}
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
                self._transport.send(_packed(messages[device], arrays), ranks[device], tag)
            self.sent_bytes += num_bytes

        return send

    def receive(self, group: Sequence[Recv]) -> Callable[[], None]:
        """Wait for the first of ``group`` and what is joined to it."""
        values, keys = self._values(group)
        source = group[0].source
        ranks, tag = self._plan.meshes[source].ranks, self._tag(keys[0])
        messages = self._messages(values, source, self._seat.mesh, lambda piece: (piece.target, piece.source))
        shapes = [self._store.shard_shape(value.id) for value in values]
        dtypes = [numpy_dtype(value.dtype) for value in values]

        def receive() -> None:
            parts = [self._post(items, ranks[device], tag) for device, items in messages.items()]
            arrays: list[Array | None] = [None] * len(values)
            for items, part in zip(messages.values(), parts, strict=True):
                _unpack(items, part.wait(), arrays, shapes)
            for key, array, shape, dtype in zip(keys, arrays, shapes, dtypes, strict=True):
                self._store.set(key, self._world.put(np.empty(shape, dtype) if array is None else array))

        return receive

    def _post(self, items: Sequence[_Item], rank: int, tag: int) -> Received:
        """Start to receive one message: a piece by itself as it is, several as bytes."""
        if len(items) == 1:
            return self._transport.receive(items[0].piece.shape, items[0].dtype, rank, tag)
        return self._transport.receive((sum(item.num_bytes for item in items),), np.dtype(np.uint8), rank, tag)

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
                    found.setdefault(other, []).append(_Item(number, piece, numpy_dtype(value.dtype)))
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


def _packed(items: Sequence[_Item], arrays: dict[int, Array]) -> Array:
    """One message: a piece by itself as it is, several as bytes, one after the other."""
    if len(items) == 1:
        return arrays[items[0].number][items[0].piece.source_slices]
    message = np.empty(sum(item.num_bytes for item in items), np.uint8)
    at = 0
    for item in items:
        piece = np.ascontiguousarray(arrays[item.number][item.piece.source_slices])
        message[at : at + item.num_bytes] = piece.reshape(-1).view(np.uint8)
        at += item.num_bytes
    return message


def _unpack(
    items: Sequence[_Item], message: Array, arrays: list[Array | None], shapes: Sequence[tuple[int, ...]]
) -> None:
    """Put the pieces of a message into the shards that they are of; a piece that is all of a shard becomes it."""
    at = 0
    for item in items:
        piece = message
        if len(items) > 1:
            piece = message[at : at + item.num_bytes].view(item.dtype).reshape(item.piece.shape)
            at += item.num_bytes
        shape = shapes[item.number]
        if item.piece.shape == shape:
            arrays[item.number] = piece
            continue
        shard = arrays[item.number]
        if shard is None:
            shard = arrays[item.number] = np.empty(shape, item.dtype)
        shard[item.piece.target_slices] = piece

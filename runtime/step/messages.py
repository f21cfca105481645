"""What is in one message between two devices: pieces of values, taken from shards at one end and put into shards at the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.plan.pieces import Piece
from runtime.devices.host_memory import HostMemory
from runtime.transport.base import Array, Received, Transport


@dataclass(frozen=True)
class Item:
    """One piece of a value in a message. ``number``: of the value among those of the message's instructions."""

    number: int
    piece: Piece
    dtype: np.dtype[Any]

    @property
    def num_bytes(self) -> int:
        """Of the piece on its way."""
        return self.piece.elements * self.dtype.itemsize


def packed(memory: HostMemory, items: Sequence[Item], arrays: Mapping[int, Array]) -> Array:
    """One message: a piece by itself, several as bytes, one after the other. Views of ``arrays`` where that is no copy."""
    if len(items) == 1:
        piece = arrays[items[0].number][..., *items[0].piece.source_slices]
        if piece.flags.c_contiguous:
            return piece
        copy = memory.array(piece.shape, piece.dtype)
        copy[...] = piece
        return copy
    message = np.empty(sum(item.num_bytes for item in items), np.uint8)
    at = 0
    for item in items:
        piece = np.ascontiguousarray(arrays[item.number][item.piece.source_slices])
        message[at : at + item.num_bytes] = piece.reshape(-1).view(np.uint8)
        at += item.num_bytes
    return message


def begin_part(
    transport: Transport, memory: HostMemory, items: list[Item], shards: Sequence[Array], rank: int, tag: int
) -> Part:
    """Start to receive one message: straight into the shard where it is one piece that lies there in one stretch."""
    if len(items) > 1:
        size = sum(item.num_bytes for item in items)
        return Part(items, transport.receive((size,), np.dtype(np.uint8), rank, tag), in_place=False)
    place = shards[items[0].number][..., *items[0].piece.target_slices]  # without the dots a scalar would be a copy
    if place.flags.c_contiguous:
        return Part(items, transport.receive_into(place, rank, tag), in_place=True)
    return Part(items, transport.receive_into(memory.array(place.shape, place.dtype), rank, tag), in_place=False)


@dataclass(frozen=True)
class Part:
    """A message under way to this device; ``in_place``: into the shard."""

    items: list[Item]
    received: Received
    in_place: bool

    def put_into(self, shards: Sequence[Array]) -> None:
        """Wait, and put the pieces where they belong."""
        message = self.received.wait()
        at = 0
        for item in self.items if not self.in_place else ():
            piece = message
            if len(self.items) > 1:
                piece = message[at : at + item.num_bytes].view(item.dtype).reshape(item.piece.shape)
                at += item.num_bytes
            shards[item.number][item.piece.target_slices] = piece


@dataclass(frozen=True)
class Incoming:
    """The messages of one group of receives, and the shards that they fill."""

    shards: list[Array]
    parts: list[Part]

    def wait(self) -> list[Array]:
        """The shards, once all is there."""
        for part in self.parts:
            part.put_into(self.shards)
        return self.shards

"""Which piece of a value goes from which device to which: a pure function of two placements.

A device's shard is a box of the whole array. Every destination box is cut along the source boxes; of several devices that hold a
source box (replicas) one on the receiver's own host gives it, else the one that has given least so far, the largest pieces first
(AlpaComm, Zhuang et al., MLSys'23). Runtime, prediction and ``explain`` all ask here: what is sent is what was counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from compiler.plan.records import Mesh, Sharding, Value
from compiler.plan.sizes import element_message_bytes

POSTED_AHEAD = 2  # receives that a device posts before it waits for them, with memory for what comes
Box = tuple[tuple[int, int], ...]  # per dim, [start, stop) in the whole array
Slices = tuple[slice, ...]


@dataclass(frozen=True)
class Piece:
    """``source_slices`` of device ``source``'s shard become ``target_slices`` of device ``target``'s."""

    source: int
    target: int
    source_slices: Slices
    target_slices: Slices
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many elements it moves."""
        return math.prod(self.shape)


ONE_DEVICE = Mesh(name="one device", ranks=(0,), axes=())


def shard_boxes(shape: tuple[int, ...], mesh: Mesh, sharding: Sharding) -> list[Box]:
    """The box of every device of ``mesh``, in device order. Every split must be even; raises ValueError otherwise."""
    sizes = {axis.name: axis.size for axis in mesh.axes}
    boxes: list[Box] = []
    for place in product(*(range(axis.size) for axis in mesh.axes)):
        at = dict(zip(sizes, place, strict=True))
        box: list[tuple[int, int]] = []
        for dim, size in enumerate(shape):
            part, parts = 0, 1
            for name in sharding[dim] if dim < len(sharding) else ():
                part, parts = part * sizes[name] + at[name], parts * sizes[name]
            if size % parts:
                raise ValueError(f"dim {dim} of {shape} does not divide into {parts} parts")
            box.append((part * (size // parts), (part + 1) * (size // parts)))
        boxes.append(tuple(box))
    return boxes


def pieces(
    shape: tuple[int, ...], source: tuple[Mesh, Sharding], target: tuple[Mesh, Sharding], devices_per_host: int = 0
) -> list[Piece]:
    """All pieces that move an array of ``shape`` from ``source`` to ``target``, each (mesh, sharding), in the order of receivers.

    Together the pieces of one target device fill its shard exactly once. Empty pieces are left out. Ranks are numbered by host,
    ``devices_per_host`` on each; 0: hosts are not known.
    """
    holders: dict[Box, list[int]] = {}
    for device, box in enumerate(shard_boxes(shape, *source)):
        holders.setdefault(box, []).append(device)
    wanted = [
        (device, box, held, common)
        for device, box in enumerate(shard_boxes(shape, *target))
        for held in holders
        if (common := _common(box, held)) is not None
    ]
    given = [0] * sum(len(devices) for devices in holders.values())
    found: dict[int, Piece] = {}
    for number in sorted(range(len(wanted)), key=lambda n: -_elements(wanted[n][3])):
        device, box, held, common = wanted[number]
        host = _host(target[0], device, devices_per_host)
        giver = min(holders[held], key=lambda d: (_host(source[0], d, devices_per_host) != host, given[d]))
        given[giver] += _elements(common)
        extent = tuple(stop - start for start, stop in common)
        found[number] = Piece(giver, device, _relative(common, held), _relative(common, box), extent)
    return [found[number] for number in range(len(wanted))]


def pieces_between(
    value: Value, meshes: Sequence[Mesh], source: int, target: int, devices_per_host: int = 0
) -> list[Piece]:
    """The pieces of a value from its placement on one mesh to that on another. Raises ValueError where it has none."""
    ends: list[tuple[Mesh, Sharding]] = []
    for mesh in (source, target):
        placed = [placement.sharding for placement in value.placements if placement.mesh == mesh]
        if not placed:
            raise ValueError(f"value {value.id} has no placement on mesh {mesh}")
        ends.append((meshes[mesh], placed[0]))
    return pieces(value.shape, ends[0], ends[1], devices_per_host)


def moved_bytes(value: Value, moves: Iterable[Piece]) -> int:
    """Bytes that pieces of a value are between meshes, all together."""
    return sum(piece.elements for piece in moves) * element_message_bytes(value.dtype)


def box_slices(box: Box) -> Slices:
    """The box as indices of the whole array."""
    return tuple(slice(start, stop) for start, stop in box)


def _relative(box: Box, outer: Box) -> Slices:
    return tuple(slice(start - low, stop - low) for (start, stop), (low, _) in zip(box, outer, strict=True))


def _common(wanted: Box, held: Box) -> Box | None:
    """Where two boxes overlap; None where they do not."""
    common = tuple((max(a, c), min(b, d)) for (a, b), (c, d) in zip(wanted, held, strict=True))
    return None if any(stop <= start for start, stop in common) else common


def _elements(box: Box) -> int:
    return math.prod(stop - start for start, stop in box)


def _host(mesh: Mesh, device: int, devices_per_host: int) -> int:
    return mesh.ranks[device] // devices_per_host if devices_per_host else 0

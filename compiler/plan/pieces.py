"""Which piece of a value goes from which device to which: a pure function of two placements.

A device's shard is a box of the whole array. Every destination box is cut along the source boxes; a source box that
several devices hold (replicas) is read from the one that has given least so far, so replicas share the work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

from compiler.plan.records import Mesh, Sharding

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


def pieces(shape: tuple[int, ...], source: tuple[Mesh, Sharding], target: tuple[Mesh, Sharding]) -> list[Piece]:
    """All pieces that move an array of ``shape`` from ``source`` to ``target``, each (mesh, sharding).

    Together the pieces of one target device fill its shard exactly once. Empty pieces are left out.
    """
    holders: dict[Box, list[int]] = {}
    for device, box in enumerate(shard_boxes(shape, *source)):
        holders.setdefault(box, []).append(device)
    given = [0] * sum(len(devices) for devices in holders.values())
    found: list[Piece] = []
    for device, wanted in enumerate(shard_boxes(shape, *target)):
        for held, devices in holders.items():
            common = tuple((max(a, c), min(b, d)) for (a, b), (c, d) in zip(wanted, held, strict=True))
            extent = tuple(stop - start for start, stop in common)
            if any(size <= 0 for size in extent):
                continue
            giver = min(devices, key=lambda candidate: given[candidate])
            given[giver] += math.prod(extent)
            found.append(Piece(giver, device, _relative(common, held), _relative(common, wanted), extent))
    return found


def box_slices(box: Box) -> Slices:
    """The box as indices of the whole array."""
    return tuple(slice(start, stop) for start, stop in box)


def _relative(box: Box, outer: Box) -> Slices:
    return tuple(slice(start - low, stop - low) for (start, stop), (low, _) in zip(box, outer, strict=True))

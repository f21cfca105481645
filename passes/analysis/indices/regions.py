"""A box inside of a tensor, [start, limit) along each dim: what a slice at a constant place reads or an update writes."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects.ops import shape_of
from passes.analysis.ops.trip_count import constant_integer


@dataclass(frozen=True)
class Region:
    """Half-open intervals, one for each dim."""

    starts: tuple[int, ...]
    limits: tuple[int, ...]

    @staticmethod
    def at(starts: Sequence[int], sizes: Sequence[int]) -> "Region":
        """The box of ``sizes`` at ``starts``."""
        return Region(tuple(starts), tuple(start + size for start, size in zip(starts, sizes, strict=True)))

    @staticmethod
    def along(shape: Sequence[int], dim: int, start: int, limit: int) -> "Region":
        """All of ``shape`` but for ``dim``."""
        starts = tuple(start if index == dim else 0 for index in range(len(shape)))
        return Region(starts, tuple(limit if index == dim else size for index, size in enumerate(shape)))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape of the box."""
        return tuple(limit - start for start, limit in zip(self.starts, self.limits, strict=True))

    def covers(self, shape: Sequence[int]) -> bool:
        """Whether it is all of a tensor."""
        return not any(self.starts) and self.limits == tuple(shape)

    def partial_dims(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The dims along which it is not all of a tensor."""
        return tuple(dim for dim, size in enumerate(shape) if self.sizes[dim] != size)

    def disjoint(self, other: "Region") -> bool:
        """Whether no element is in both."""
        bounds = zip(self.starts, self.limits, other.starts, other.limits, strict=True)
        return any(limit <= other_start or other_limit <= start for start, limit, other_start, other_limit in bounds)

    def inside(self, other: "Region") -> bool:
        """Whether all its elements are in the other."""
        bounds = zip(self.starts, self.limits, other.starts, other.limits, strict=True)
        return all(other_start <= start and limit <= other_limit for start, limit, other_start, other_limit in bounds)

    def relative_to(self, other: "Region") -> "Region":
        """The same box, counted from the other's start."""
        moved = zip(self.starts, self.limits, other.starts, strict=True)
        pairs = [(start - origin, limit - origin) for start, limit, origin in moved]
        return Region(tuple(start for start, _ in pairs), tuple(limit for _, limit in pairs))

    def shifted(self, dim: int, by: int) -> "Region":
        """Moved along one dim."""
        offsets = tuple(by if index == dim else 0 for index in range(len(self.starts)))
        return Region.at([start + offset for start, offset in zip(self.starts, offsets, strict=True)], self.sizes)


def behind_regroup(whole: Sequence[int], view: Sequence[int], region: Region) -> Region | None:
    """The box of ``whole`` whose elements, in order, are those of box ``region`` of its reshape to ``view``.

    For reshapes that take dim 0 apart into groups, [6, …] to [3, 2, …], or put groups together. None for others, and where the
    box is none there: two halves of different groups.
    """
    if len(view) == len(whole) + 1 and tuple(view[2:]) == tuple(whole[1:]) and view[0] * view[1] == whole[0]:
        size, (group, first), (end, last) = view[1], region.starts[:2], region.limits[:2]
        if end - group != 1 and (first, last) != (0, size):
            return None
        rows = (group * size + first, (end - 1) * size + last)
        return Region((rows[0], *region.starts[2:]), (rows[1], *region.limits[2:]))
    if len(whole) == len(view) + 1 and tuple(whole[2:]) == tuple(view[1:]) and whole[0] * whole[1] == view[0]:
        size, start, limit = whole[1], region.starts[0], region.limits[0]
        group, end = start // size, -(-limit // size)
        if end - group != 1 and (start % size or limit % size):
            return None
        last = limit - (end - 1) * size
        return Region((group, start - group * size, *region.starts[1:]), (end, last, *region.limits[1:]))
    return None


def region_of_slice(op: ir.Operation) -> Region | None:
    """What a ``slice`` without strides or a ``dynamic_slice`` at a constant place reads."""
    if op.name == "stablehlo.slice":
        if any(stride != 1 for stride in ir.DenseI64ArrayAttr(op.attributes["strides"])):
            return None
        starts = tuple(ir.DenseI64ArrayAttr(op.attributes["start_indices"]))
        return Region(starts, tuple(ir.DenseI64ArrayAttr(op.attributes["limit_indices"])))
    return _clamped(op, 1, shape_of(op.results[0]))


def region_of_update(op: ir.Operation) -> Region | None:
    """What a ``dynamic_update_slice`` at a constant place writes."""
    return _clamped(op, 2, shape_of(op.operands[1]))


def constant_starts(op: ir.Operation, first: int) -> tuple[int, ...] | None:
    """The indices of a dynamic op from operand ``first`` on, if all are constants."""
    found = [constant_integer(operand) for operand in list(op.operands)[first:]]
    return tuple(item for item in found if item is not None) if None not in found else None


def _clamped(op: ir.Operation, first: int, sizes: tuple[int, ...]) -> Region | None:
    """StableHLO moves a box that would stick out back inside."""
    starts = constant_starts(op, first)
    if starts is None:
        return None
    limits = zip(starts, shape_of(op.operands[0]), sizes, strict=True)
    return Region.at([min(max(start, 0), whole - size) for start, whole, size in limits], sizes)

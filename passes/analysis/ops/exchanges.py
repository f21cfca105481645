"""The rows that neighbours send each other where a window slides along a split dim. Who prices, counts or writes them asks here."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from jaxlib.mlir import ir

from dialects.ops import element_bits, element_type, shape_of
from dialects.sharding import MeshShape, Sharding
from passes.analysis.ops.halo import Halo
from passes.analysis.ops.windows import WINDOWED, Shapes, slides


@dataclass(frozen=True, slots=True)
class Exchange:
    """Rows of ``operand`` along ``dim`` that travel to the neighbours over ``axes``. ``shape``: of the local operand before it."""

    operand: int
    place: int
    dim: int
    axes: tuple[str, ...]
    halo: Halo
    shape: tuple[int, ...]

    @property
    def messages(self) -> tuple[int, ...]:
        """How many elements each message of a device has, one message a side."""
        row = prod(self.shape) // self.shape[self.dim]
        return tuple(rows * row for rows in (self.halo.low, self.halo.high) if rows > 0)

    @property
    def grown(self) -> int:
        """How many elements the operand has with its new rows."""
        row = prod(self.shape) // self.shape[self.dim]
        return prod(self.shape) + (self.halo.low + self.halo.high) * row


def exchanges(
    op: ir.Operation, shapes: Shapes, operands: Sequence[Sharding], mesh: MeshShape
) -> tuple[Exchange, ...] | None:
    """What ``op`` has to get from neighbours if its operands lie so, in order, each with the shape that the earlier ones leave.

    None when a window reaches too far. Empty for all ops that are not ``WINDOWED``.
    """
    found: list[Exchange] = []
    if op.name not in WINDOWED:
        return ()
    split = [slide for slide in slides(op, shapes) if operands[0].dims[slide.dim]]
    for i in range(_slid(op)):
        local = mesh.local_shape(shapes[i], operands[i])
        for slide in split:
            axes = operands[i].dims[slide.dim]
            rows = slide.halo(mesh.size(axes), i)
            if rows is None:
                return None
            found.append(Exchange(i, slide.place, slide.dim, axes, rows, local))
            longer = local[slide.dim] + rows.low + rows.high
            local = (*local[: slide.dim], longer, *local[slide.dim + 1 :])
    return tuple(found)


def exchanges_of(op: ir.Operation, operands: Sequence[Sharding], mesh: MeshShape) -> tuple[Exchange, ...]:
    """``exchanges`` of an op with whole types, which can run so."""
    if op.name not in WINDOWED:
        return ()
    return exchanges(op, [shape_of(value) for value in (*op.operands, *op.results)], operands, mesh) or ()


def grown_bytes(op: ir.Operation, operands: Sequence[Sharding], mesh: MeshShape) -> float:
    """Bytes on a device of the copies of operands that have the neighbours' rows around them."""
    last = {item.operand: item.grown for item in exchanges_of(op, operands, mesh) if item.messages}
    return sum(count * element_bits(element_type(op.operands[i])) / 8 for i, count in last.items())


def _slid(op: ir.Operation) -> int:
    """How many operands, the first ones, windows slide over."""
    return {"stablehlo.reduce_window": len(op.results), "stablehlo.select_and_scatter": 2}.get(op.name, 1)

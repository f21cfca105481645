"""What a module communicates, counted: (kind, axes, bytes) -> how many. Before ``partition`` and after it the counts are equal.

``bytes``: on one device, of the larger of operand and result, in the type that travels. ``axes`` in mesh order; of a permute,
those along which some part really moves. An op in a loop counts once. What moves nothing (slices) is not counted.
"""

from collections import Counter
from collections.abc import Iterator
from math import prod

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import all_ops, element_bytes, element_type, entry_block, num_bytes, op_key, shape_of
from dialects.sharding import MeshShape, Sharding
from passes.analysis.ops.exchanges import exchanges
from passes.analysis.ops.windows import WINDOWED
from passes.analysis.ops.wire import moved_bytes, wire_type
from passes.partition.body import Body
from passes.partition.fit import Fit
from passes.partition.partition import spread_funcs
from passes.partition.ports import port_shardings
from passes.partition.steps import FREE, Step, coordinates, permutation, step_between
from passes.partition.windows import neighbours

Counts = Counter[tuple[str, tuple[str, ...], float]]
_COLLECTIVES = ("all_gather", "all_reduce", "all_to_all", "reduce_scatter", "collective_permute")


def annotated_counts(module: ir.Module) -> Counts:
    """Of a module that ``choose-shardings`` has annotated: its reshards, what windows read of neighbours, and one sum for each rng.

    Raises Failure where the annotations follow no rule. Rules must be on the ops (``write_rules``).
    """
    counts = Counts()
    for func, mesh in spread_funcs(module)[0]:
        body = Body(mesh, entry_block(func), port_shardings(func, "arg_attrs", mesh))
        body.plan(port_shardings(func, "res_attrs", mesh))
        for op in all_ops(func.operation):
            if op.name == "stablehlo.rng":
                value = op.results[0]
                axes = tuple(name for name, size in mesh.axes if size > 1)
                counts["all_reduce", axes, prod(shape_of(value)) * _bytes(value, "all_reduce")] += 1
            if op.name in WINDOWED and (found := body.fits.get(op_key(op))) is not None:
                counts.update(_exchanged(op, found, mesh))
            if op.name != "sdy.reshard":
                continue
            source, target = body.fits[op_key(op)].ins[0], body.fits[op_key(op)].outs[0]
            step = step_between(source, target, mesh)
            if step is not None and step.kind not in FREE and 0 not in shape_of(op.results[0]):
                counts[_key(op.results[0], step, source, target, mesh)] += 1
    return counts


def _exchanged(op: ir.Operation, found: Fit, mesh: MeshShape) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """The rows that neighbours send each other for ``op``."""
    for item in exchanges(op, found.shapes, found.ins, mesh) or ():
        size = moved_bytes(element_type(op.operands[item.operand]))
        pairs = neighbours(item.axes, mesh, before=True)
        for elements in item.messages:
            yield "collective_permute", _axes(pairs, mesh), elements * size


def collective_counts(module: ir.Module) -> Counts:
    """Of a module that ``partition`` has rewritten; a bucket counts as its members."""
    counts = Counts()
    placed = ((op, mesh) for func, mesh in spread_funcs(module)[0] for op in all_ops(func.operation))
    for op, mesh in placed:
        kind = op.name.removeprefix("stablehlo.")
        if kind not in _COLLECTIVES:
            continue
        size, axes = max(num_bytes(op.operands[0]), num_bytes(op.results[0])), axes_of(op, mesh)
        counts.update((kind, axes, member) for member in member_bytes(op) or (size,))
    return counts


def axes_of(op: ir.Operation, mesh: MeshShape) -> tuple[str, ...]:
    """The axes along which a collective moves something, in mesh order."""
    key = "source_target_pairs" if op.name == "stablehlo.collective_permute" else "replica_groups"
    rows = ir.DenseIntElementsAttr(op.attributes[key])
    flat = [int(number) for number in rows]
    width = ir.RankedTensorType(rows.type).shape[1]
    return _axes([flat[i : i + width] for i in range(0, len(flat), width)], mesh)


def member_bytes(op: ir.Operation) -> tuple[float, ...]:
    """Of a bucket's collective: bytes of each member on a device, of the larger of its operand and result; () of any other op."""
    if names.MEMBERS not in op.attributes:
        return ()
    size = element_bytes(element_type(op.operands[0]))
    return tuple(elements * size for elements in ir.DenseI64ArrayAttr(op.attributes[names.MEMBERS]))


def _key(
    value: ir.Value, step: Step, source: Sharding, target: Sharding, mesh: MeshShape
) -> tuple[str, tuple[str, ...], float]:
    larger = target if step.kind == "all_gather" else source
    size = prod(mesh.local_shape(shape_of(value), larger)) * _bytes(value, step.kind)
    if step.kind == "collective_permute":
        return step.kind, _axes([list(pair) for pair in permutation(source, target, mesh)], mesh), size
    return step.kind, tuple(sorted(step.axes, key=mesh.names.index)), size


def _bytes(value: ir.Value, kind: str) -> float:
    return element_bytes(wire_type(element_type(value), kind))


def _axes(groups: list[list[int]], mesh: MeshShape) -> tuple[str, ...]:
    """The axes along which members of one group differ."""
    places = [[coordinates(mesh, device) for device in group] for group in groups]
    return tuple(name for name in mesh.names if any(len({place[name] for place in group}) > 1 for group in places))

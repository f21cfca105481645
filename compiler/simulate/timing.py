"""Seconds of one run of a fragment on a device, read off its own program: fused ops by the roofline, collectives by their links."""

from itertools import combinations

from jaxlib.mlir import ir

from dialects.ops import CONTROL_FLOW, body_ops, element_type, num_bytes
from dialects.sharding import MeshShape
from passes.analysis.ops.flops import UNKNOWN_TRIPS, flops
from passes.analysis.ops.op_costs import moved
from passes.analysis.ops.trip_count import trip_count
from passes.partition.steps import coordinates
from passes.solvers.costs.mesh_costs import Kind, MeshCosts

COLLECTIVES: dict[str, Kind] = {
    "stablehlo.all_gather": "all_gather",
    "stablehlo.all_reduce": "all_reduce",
    "stablehlo.all_to_all": "all_to_all",
    "stablehlo.collective_permute": "collective_permute",
    "stablehlo.reduce_scatter": "reduce_scatter",
}


def fragment_s(block: ir.Block, costs: MeshCosts) -> float:
    """Seconds of all ops of a device's block, one after the other."""
    total = 0.0
    for op in body_ops(block)[:-1]:
        if op.name in CONTROL_FLOW:
            inner = [fragment_s(region.blocks[0], costs) for region in op.regions]
            loop = op.name == "stablehlo.while"
            total += (trip_count(op) or UNKNOWN_TRIPS) * sum(inner) if loop else max(inner, default=0.0)
        elif op.name in COLLECTIVES:
            total += _collective_s(op, costs)
        elif len(op.results):
            total += _op_s(op, costs)
    return total


def _op_s(op: ir.Operation, costs: MeshCosts) -> float:
    flags = moved(op)
    values = [*zip(op.operands, flags.operands, strict=True), *zip(op.results, flags.results, strict=True)]
    traffic = sum(num_bytes(value) for value, counts in values if counts)
    first = op.operands[0] if op.name in ("stablehlo.dot_general", "stablehlo.convolution") else op.results[0]
    element = str(element_type(first)) if isinstance(first.type, ir.RankedTensorType) else "f32"
    return costs.compute_s(flops(op), traffic, element)


def _collective_s(op: ir.Operation, costs: MeshCosts) -> float:
    values = [*op.operands, *op.results]
    larger = max(num_bytes(value) for value in values)
    return costs.collective_s(COLLECTIVES[op.name], collective_axes(op, costs.mesh), larger)


def collective_axes(op: ir.Operation, mesh: MeshShape) -> tuple[str, ...]:
    """The axes that a collective's replica groups span; of a permutation, those along which something moves."""
    if "source_target_pairs" in op.attributes:
        flat = [int(number) for number in ir.DenseIntElementsAttr(op.attributes["source_target_pairs"])]
        places = [(coordinates(mesh, a), coordinates(mesh, b)) for a, b in zip(flat[::2], flat[1::2], strict=True)]
        return tuple(name for name in mesh.names if any(a[name] != b[name] for a, b in places))
    if "replica_groups" not in op.attributes:
        return mesh.names
    rows = ir.DenseIntElementsAttr(op.attributes["replica_groups"])
    found = sorted({*rows})
    width = ir.RankedTensorType(rows.type).shape[1]
    flat = [rows[i] for i in range(len(found))]
    groups = {frozenset(flat[i : i + width]) for i in range(0, len(flat), width)}
    for count in range(1, len(mesh.names) + 1):
        for axes in combinations(mesh.names, count):
            if {frozenset(group) for group in mesh.groups(axes)} == groups:
                return axes
    return mesh.names

"""``mw.machine``: what a machine's links and devices do for one logical mesh, as an attribute of that mesh.

    sdy.mesh @mesh = <["x"=8]> {mw.machine = {
      name = "a100-dgx",
      latency_s = array<f64: 5.0e-06>, bandwidth_bytes_per_s = array<f64: 3.0e+11>,
      crowded_bandwidth_bytes_per_s = array<f64: 3.0e+11>,
      flops_per_s = {bf16 = 3.12e+14 : f64, f32 = 1.95e+13 : f64},
      memory_bandwidth_bytes_per_s = 2.039e+12 : f64, memory_bytes = 85899345920.0 : f64,
      rings_only = false, slowdown = {}}}

The three arrays have one number an axis of the mesh; see ``passes.solvers.costs.mesh_costs.AxisLink``.
"""

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import fail
from dialects.sdy_attrs import ONLY, find_mesh, read_mesh
from passes.solvers.costs.mesh_costs import AxisLink, MeshCosts


def machine_attr(name: str, costs: MeshCosts) -> ir.Attribute:
    """The attribute, in the context that is current."""
    links = costs.links
    crowded = [link.crowded_bandwidth_bytes_per_s or link.bandwidth_bytes_per_s for link in links]
    return ir.DictAttr.get(
        {
            "name": ir.StringAttr.get(name),
            "latency_s": ir.DenseF64ArrayAttr.get([link.latency_s for link in links]),
            "bandwidth_bytes_per_s": ir.DenseF64ArrayAttr.get([link.bandwidth_bytes_per_s for link in links]),
            "crowded_bandwidth_bytes_per_s": ir.DenseF64ArrayAttr.get(crowded),
            "flops_per_s": ir.DictAttr.get({dtype: _f64(rate) for dtype, rate in costs.flops_per_s}),
            "memory_bandwidth_bytes_per_s": _f64(costs.memory_bandwidth_bytes_per_s),
            "memory_bytes": _f64(costs.memory_bytes),
            "rings_only": ir.BoolAttr.get(costs.rings_only),
            "slowdown": ir.DictAttr.get({kind: _f64(factor) for kind, factor in costs.slowdown}),
        }
    )


def read_machine(module: ir.Module, symbol: str = ONLY) -> MeshCosts | None:
    """The costs on ``sdy.mesh @symbol``; None without such a mesh or a machine on it. UserError when the two do not fit."""
    op, mesh, where = find_mesh(module, symbol), read_mesh(module, symbol), f"attribute {names.MACHINE} of @{symbol}"
    if op is None or mesh is None or names.MACHINE not in op.attributes:
        return None
    try:
        entry = ir.DictAttr(op.attributes[names.MACHINE])
        latency, bandwidth, crowded = (
            list(ir.DenseF64ArrayAttr(entry[key]))
            for key in ("latency_s", "bandwidth_bytes_per_s", "crowded_bandwidth_bytes_per_s")
        )
        rates, slowdown = (
            {item.name: ir.FloatAttr(item.attr).value for item in ir.DictAttr(entry[key])}
            for key in ("flops_per_s", "slowdown")
        )
        memory_rate, memory = (
            ir.FloatAttr(entry[key]).value for key in ("memory_bandwidth_bytes_per_s", "memory_bytes")
        )
        rings_only = ir.BoolAttr(entry["rings_only"]).value
    except (KeyError, ValueError) as error:
        fail(f"cannot be read: {error}", where=where, remedy="use-machine{machine=… mesh=…} writes it")
    if not len(latency) == len(bandwidth) == len(crowded) == len(mesh.axes):
        fail(f"got {len(latency)} links, want {len(mesh.axes)}: one an axis of the mesh", where=where)
    if "f32" not in rates:
        fail("flops_per_s has no f32", where=where)
    return MeshCosts(
        mesh=mesh,
        links=tuple(
            AxisLink(alpha, rate, least if least < rate else None)
            for alpha, rate, least in zip(latency, bandwidth, crowded, strict=True)
        ),
        flops_per_s=tuple(sorted(rates.items())),
        memory_bandwidth_bytes_per_s=memory_rate,
        memory_bytes=memory,
        rings_only=rings_only,
        slowdown=tuple(sorted(slowdown.items())),
    )


def _f64(number: float) -> ir.FloatAttr:
    return ir.FloatAttr.get(ir.F64Type.get(), number)

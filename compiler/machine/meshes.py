"""Logical meshes on a machine: which shapes there are, and which of the machine's links each of their axes spans.

Devices are numbered host by host, and device i of a logical mesh (row-major over its axes) is device ``first_device`` + i of the
machine. So the last axes stay inside a host, and the first ones cross hosts.
"""

from collections import Counter

from compiler.machine.description import Machine
from dialects.sharding import MeshShape
from passes.solvers.costs.mesh_costs import AxisLink, MeshCosts

AXES = ("x", "y", "z")


def logical_meshes(num_devices: int, max_axes: int = len(AXES)) -> list[MeshShape]:
    """Every way to write ``num_devices`` as a product of up to ``max_axes`` sizes above 1: 8, 2x4, 4x2. One device is 1."""
    found = sorted(_factorizations(num_devices, min(max_axes, len(AXES))), key=len)
    return [MeshShape(tuple(zip(AXES, sizes or (1,), strict=False))) for sizes in found]


def distinct_meshes(machine: Machine, num_devices: int, max_axes: int, first_device: int = 0) -> list[MeshShape]:
    """``logical_meshes`` less those that are others with their axes renamed: 4x2 is 2x4 where all links are alike."""
    seen: dict[tuple[object, ...], MeshShape] = {}
    for shape in logical_meshes(num_devices, max_axes):
        links = mesh_costs(machine, shape, first_device).links
        axes = [(size, link) for (_, size), link in zip(shape.axes, links, strict=True)]
        seen.setdefault(tuple(sorted(axes, key=repr)), shape)
    return list(seen.values())


def mesh_costs(machine: Machine, mesh: MeshShape, first_device: int = 0) -> MeshCosts:
    """The costs of ``mesh`` on ``machine``. Raises UserError: more devices than there are, or a link that the machine lacks."""
    machine.require_devices(first_device + mesh.num_devices)
    return MeshCosts(
        mesh=mesh,
        links=tuple(_axis_link(machine, mesh, name, first_device) for name in mesh.names),
        flops_per_s=tuple(sorted(machine.flops_per_s.items())),
        memory_bandwidth_bytes_per_s=machine.memory_bandwidth_bytes_per_s,
        memory_bytes=machine.memory_bytes,
        rings_only=machine.rings_only,
        slowdown=tuple(sorted(machine.slowdown.items())),
    )


def _axis_link(machine: Machine, mesh: MeshShape, axis: str, first_device: int) -> AxisLink:
    """What one device gets of the links that the groups along ``axis`` span while all groups talk.

    Of a group that crosses hosts, g devices may be in one host. In a ring or tree what leaves the host leaves it once, over the
    adapters of all g; where everyone sends to far devices at once, each has its own part of them.
    """
    size = machine.devices_per_host or 1
    groups = [Counter((first_device + device) // size for device in group) for group in mesh.groups((axis,))]
    if all(len(hosts) == 1 for hosts in groups):
        if len(mesh.groups((axis,))[0]) == 1:
            return AxisLink(0.0, float("inf"))
        return AxisLink(machine.intra_host.latency_s, machine.intra_host.bandwidth_bytes_per_s)
    link = machine.inter_host
    on_host = Counter((first_device + device) // size for device in range(mesh.num_devices))
    sharers = max(on_host.values()) if link.bandwidth_per == "host" else 1
    own = link.bandwidth_bytes_per_s / sharers
    together = min(min(hosts.values()) for hosts in groups if len(hosts) > 1)
    inside = machine.intra_host.bandwidth_bytes_per_s if together > 1 else float("inf")
    ring, crowded = min(inside, own * together), min(inside, own)
    return AxisLink(link.latency_s, ring, crowded if crowded < ring else None)


def _factorizations(number: int, most: int) -> list[tuple[int, ...]]:
    """Ordered factorizations of ``number`` into at most ``most`` factors above 1."""
    if number == 1:
        return [()]
    if most == 0:
        return []
    divisors = [first for first in range(2, number + 1) if number % first == 0]
    return [(first, *rest) for first in divisors for rest in _factorizations(number // first, most - 1)]

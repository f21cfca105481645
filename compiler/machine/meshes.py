"""Logical meshes on a machine: which shapes there are, and which of the machine's links each of their axes spans.

Devices are numbered host by host, and device i of a logical mesh (row-major over its axes) is device ``devices[i]`` of the
machine. With ascending devices the last axes stay inside a host where they can, and the first ones cross hosts.
"""

from collections import Counter
from collections.abc import Sequence

from compiler.machine.description import Machine
from dialects.sharding import MeshShape
from passes.solvers.costs.mesh_costs import AxisLink, MeshCosts

AXES = ("x", "y", "z")


def logical_meshes(num_devices: int, max_axes: int = len(AXES)) -> list[MeshShape]:
    """Every way to write ``num_devices`` as a product of up to ``max_axes`` sizes above 1: 8, 2x4, 4x2. One device is 1."""
    found = sorted(_factorizations(num_devices, min(max_axes, len(AXES))), key=len)
    return [MeshShape(tuple(zip(AXES, sizes or (1,), strict=False))) for sizes in found]


def distinct_meshes(machine: Machine, devices: Sequence[int], max_axes: int) -> list[MeshShape]:
    """``logical_meshes`` less those that are others with axes renamed: 4x2 is 2x4 where the links of ``devices`` are alike."""
    seen: dict[tuple[object, ...], MeshShape] = {}
    for shape in logical_meshes(len(devices), max_axes):
        links = mesh_costs(machine, shape, devices).links
        axes = [(size, link) for (_, size), link in zip(shape.axes, links, strict=True)]
        seen.setdefault(tuple(sorted(axes, key=repr)), shape)
    return list(seen.values())


def mesh_costs(machine: Machine, mesh: MeshShape, devices: Sequence[int] | None = None) -> MeshCosts:
    """The costs of ``mesh`` on ``devices`` of ``machine``, its first ones if left out.

    Raises UserError: more devices than there are, or a link that the machine lacks.
    """
    used = range(mesh.num_devices) if devices is None else devices
    if len(used) != mesh.num_devices:
        raise ValueError(f"got {len(used)} devices for a mesh of {mesh.num_devices}")
    machine.require_devices(1 + max(used))
    hosts = tuple(device // (machine.devices_per_host or 1) for device in used)
    return MeshCosts(
        mesh=mesh,
        links=tuple(_axis_link(machine, mesh, name, hosts) for name in mesh.names),
        flops_per_s=tuple(sorted(machine.flops_per_s.items())),
        memory_bandwidth_bytes_per_s=machine.memory_bandwidth_bytes_per_s,
        memory_bytes=machine.memory_bytes,
        rings_only=machine.rings_only,
        slowdown=tuple(sorted(machine.slowdown.items())),
    )


def _axis_link(machine: Machine, mesh: MeshShape, axis: str, host_of: Sequence[int]) -> AxisLink:
    """What one device gets of the links that the groups along ``axis`` span while all groups talk; device i is in ``host_of[i]``.

    Of a group that crosses hosts, g devices may be in one host. In a ring or tree what leaves the host leaves it once, over the
    adapters of all g (of fewer, where the order of the devices comes back to a host); where everyone sends to far devices at
    once, each has its own part of them.
    """
    ways = [[host_of[device] for device in group] for group in mesh.groups((axis,))]
    groups, stays = [Counter(way) for way in ways], [_stays(way) for way in ways]
    if all(len(hosts) == 1 for hosts in groups):
        if len(mesh.groups((axis,))[0]) == 1:
            return AxisLink(0.0, float("inf"))
        return AxisLink(machine.intra_host.latency_s, machine.intra_host.bandwidth_bytes_per_s)
    link = machine.inter_host
    sharers = max(Counter(host_of).values()) if link.bandwidth_per == "host" else 1
    own = link.bandwidth_bytes_per_s / sharers
    together = min(
        count / turns[host]
        for group, turns in zip(groups, stays, strict=True)
        if len(group) > 1
        for host, count in group.items()
    )
    inside = machine.intra_host.bandwidth_bytes_per_s if together > 1 else float("inf")
    ring, crowded = min(inside, own * together), min(inside, own)
    return AxisLink(link.latency_s, ring, crowded if crowded < ring else None)


def _stays(way: Sequence[int]) -> Counter[int]:
    """How often a ring through devices of these hosts comes to each host."""
    return Counter(host for host, before in zip(way, (way[-1], *way), strict=False) if host != before)


def _factorizations(number: int, most: int) -> list[tuple[int, ...]]:
    """Ordered factorizations of ``number`` into at most ``most`` factors above 1."""
    if number == 1:
        return [()]
    if most == 0:
        return []
    divisors = [first for first in range(2, number + 1) if number % first == 0]
    return [(first, *rest) for first in divisors for rest in _factorizations(number // first, most - 1)]

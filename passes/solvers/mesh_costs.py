"""Seconds of collectives and of compute on one logical mesh, from a machine's latencies and rates."""

from dataclasses import dataclass

from dialects.sharding import MeshShape


@dataclass(frozen=True, slots=True)
class AxisLink:
    """The links that one axis spans: a message of b bytes takes ``latency_s + b / bandwidth_bytes_per_s``."""

    latency_s: float
    bandwidth_bytes_per_s: float


@dataclass(frozen=True)
class MeshCosts:
    """``links[i]`` is of ``mesh.axes[i]``; flops by MLIR element type; rates are per device."""

    mesh: MeshShape
    links: tuple[AxisLink, ...]
    flops_per_s: tuple[tuple[str, float], ...]
    memory_bandwidth_bytes_per_s: float
    memory_bytes: float

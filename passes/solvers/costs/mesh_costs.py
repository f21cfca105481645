"""Seconds of collectives and of compute on one logical mesh, from a machine's latencies and rates.

A message of b bytes costs alpha + b * beta (Hockney, 1994). A collective of n devices on m bytes takes the cheapest of known
algorithms, each of them one line alpha + m * beta (Thakur, Rabenseifner and Gropp, IJHPCA 2005; L = log2 n, rounded up):

    all_gather           doubling (Bruck)    L alpha + (n-1)/n m beta
    reduce_scatter       halving             the same, if n is a power of two; else a ring, (n-1) alpha + (n-1)/n m beta, or
                                             halving among 2^k < n with the others' help: (k+2) alpha + 2 m beta
    all_reduce           Rabenseifner        reduce_scatter, then all_gather: nothing moves fewer bytes (Patarasuk, Yuan, JPDC 2009)
                         doubling            L (alpha + m beta); (k+2) (alpha + m beta) if n is no power of two
    all_to_all           pairwise            (n-1) alpha + (n-1)/n m beta
                         Bruck               L (alpha + m/2 beta)
    collective_permute   one message         alpha + m beta
    all_slice            none                a copy of the part that stays: 2 m/n bytes of memory traffic

Over several axes: either as one axis whose link is the slowest of them, or one axis after the other, the fastest link carrying the
whole m and each slower one only what is left of it (an all-reduce scatters, reduces over the next axis, gathers).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from math import ceil, floor, log2
from typing import Literal

from dialects.sharding import MeshShape

Kind = Literal["all_gather", "all_slice", "all_to_all", "all_reduce", "reduce_scatter", "collective_permute"]
KINDS: tuple[Kind, ...] = (
    "all_gather",
    "all_slice",
    "all_to_all",
    "all_reduce",
    "reduce_scatter",
    "collective_permute",
)

Line = tuple[float, float]  # alpha in seconds, beta in seconds per byte


@dataclass(frozen=True, slots=True)
class AxisLink:
    """The links that one axis spans: a message of b bytes takes ``latency_s + b / bandwidth_bytes_per_s``.

    ``crowded_bandwidth_bytes_per_s``: a device's share where all of them send to far ones at once (all-to-all, permute), if the
    other collectives, which leave a host but once, get more.
    """

    latency_s: float
    bandwidth_bytes_per_s: float
    crowded_bandwidth_bytes_per_s: float | None = None

    def beta(self, kind: Kind) -> float:
        """Seconds a byte."""
        crowded = self.crowded_bandwidth_bytes_per_s if kind in ("all_to_all", "collective_permute") else None
        return 1 / (crowded or self.bandwidth_bytes_per_s)


@dataclass(frozen=True)
class MeshCosts:
    """``links[i]`` is of ``mesh.axes[i]``; flops by MLIR element type; rates are per device.

    ``rings_only``: the machine's library (gloo, say) knows rings and pairwise exchange and no algorithm with log2 n messages.
    ``slowdown``: of a kind of collective that a machine's library does worse than these formulas say, by how much (else 1).
    """

    mesh: MeshShape
    links: tuple[AxisLink, ...]
    flops_per_s: tuple[tuple[str, float], ...]
    memory_bandwidth_bytes_per_s: float
    memory_bytes: float
    slowdown: tuple[tuple[str, float], ...] = ()
    rings_only: bool = False

    def collective_s(self, kind: Kind, axes: Sequence[str], num_bytes: float) -> float:
        """Seconds of one collective over ``axes``; ``num_bytes``: a device's, of all_gather's result, of the others' operand."""
        return min(alpha + num_bytes * beta for alpha, beta in self.collective_lines(kind, axes))

    def collective_lines(self, kind: Kind, axes: Sequence[str]) -> tuple[Line, ...]:
        """The (alpha, beta) of every algorithm that is the cheapest for some size: ``collective_s`` is their minimum."""
        slowdown = dict(self.slowdown).get(kind, 1.0)
        return tuple((alpha * slowdown, beta * slowdown) for alpha, beta in _lines(self, kind, tuple(axes)))

    def joined_lines(self, kind: Kind, axes: Sequence[str]) -> Line:
        """(alpha a bucket, beta of what is in it): the algorithm that moves the fewest bytes."""
        return self.collective_lines(kind, axes)[-1]

    def compute_s(self, flops: float, num_bytes: float, dtype: str = "f32") -> float:
        """Roofline (Williams et al., CACM 2009) of one device's part; no dispatch: that is paid once a fragment."""
        rates = dict(self.flops_per_s)
        return max(flops / rates.get(dtype, rates["f32"]), num_bytes / self.memory_bandwidth_bytes_per_s)


@lru_cache(maxsize=4096)
def _lines(costs: MeshCosts, kind: Kind, axes: tuple[str, ...]) -> tuple[Line, ...]:
    size = costs.mesh.size(axes)
    if size == 1:
        return ((0.0, 0.0),)
    if kind == "all_slice":
        return ((0.0, 2 / (size * costs.memory_bandwidth_bytes_per_s)),)
    known = {name: (count, link) for (name, count), link in zip(costs.mesh.axes, costs.links, strict=True)}
    used = [(known[axis][0], known[axis][1].latency_s, known[axis][1].beta(kind)) for axis in axes]
    alpha, beta = max(alpha for _, alpha, _ in used), max(beta for _, _, beta in used)
    if kind == "collective_permute":
        return ((alpha, beta),)
    found = _one_axis(kind, size, alpha, beta, costs.rings_only)
    for order in permutations(used) if len(used) > 1 else ():
        found += _by_axes(kind, order, costs.rings_only)
    if kind == "all_reduce":
        scatter, gather = _lines(costs, "reduce_scatter", axes), _lines(costs, "all_gather", axes)
        found += [(a + more_a, b + more_b) for a, b in scatter for more_a, more_b in gather]
    return _lower_envelope(found)


def _one_axis(kind: Kind, n: int, alpha: float, beta: float, rings_only: bool) -> list[Line]:
    doublings, halvings = ceil(log2(n)), floor(log2(n))
    even = doublings == halvings
    moved = (n - 1) / n * beta
    if rings_only:
        rounds = 2 if kind == "all_reduce" else 1
        return [(rounds * (n - 1) * alpha, rounds * moved)]
    if kind == "all_gather":
        return [(doublings * alpha, moved)]
    if kind == "all_to_all":
        return [((n - 1) * alpha, moved), (doublings * alpha, doublings * beta / 2)]
    scatter = [(doublings * alpha, moved)] if even else [((n - 1) * alpha, moved), ((halvings + 2) * alpha, 2 * beta)]
    if kind == "reduce_scatter":
        return scatter
    rounds = doublings if even else halvings + 2
    return [*((a + doublings * alpha, b + moved) for a, b in scatter), (rounds * alpha, rounds * beta)]


def _by_axes(kind: Kind, used: Sequence[tuple[int, float, float]], rings_only: bool) -> list[Line]:
    """One axis after the other, the first with all bytes (an all-to-all keeps all of them all the way)."""
    total: list[Line] = [(0.0, 0.0)]
    share = 1.0
    for index, (n, alpha, beta) in enumerate(used):
        last = index == len(used) - 1
        part = _one_axis(kind, n, alpha, beta, rings_only)
        if kind == "all_reduce" and not last:  # scattered before the next axis, gathered after it
            (gather,) = _one_axis("all_gather", n, alpha, beta, rings_only)
            part = [(a + gather[0], b + gather[1]) for a, b in _one_axis("reduce_scatter", n, alpha, beta, rings_only)]
        total = [(a + more_a, b + share * more_b) for a, b in total for more_a, more_b in part]
        if kind != "all_to_all":
            share /= n
    return total


def _lower_envelope(lines: list[Line]) -> tuple[Line, ...]:
    """Drop every line that another one, no dearer at both ends, makes useless."""
    kept: list[Line] = []
    for line in sorted(lines):
        if not kept or line[1] < kept[-1][1]:
            kept.append(line)
    return tuple(kept)

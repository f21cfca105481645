"""Words and sums over the decision records of a plan, for ``explain`` and its ``--diff`` and ``--why``."""

from collections.abc import Iterable, Sequence

from compiler.plan.decisions import (
    CLASSES,
    BucketRecord,
    CertificateRecord,
    CollectiveRecord,
    DecisionRecord,
    GroupRecord,
)
from compiler.units import show_bytes, show_s

LEGEND = (
    "sharding: [x, -] is dim 0 split over axis x and dim 1 whole; 'sum y': its parts along y are still to be added up"
)


def show_axes(decision: DecisionRecord) -> str:
    """``x=2 y=4``."""
    return " ".join(f"{name}={size}" for name, size in decision.axes.items())


def show_certificate(certificate: CertificateRecord) -> str:
    """One line: the objective, how far from the best it can be, how that is known, and how large the problem was."""
    if certificate.gap == 0:
        proof = "proved optimal"
    elif certificate.bound_s == 0:  # a rule is asked for its choice, not for a proof
        proof = "no bound"
    else:
        proof = f"at most {certificate.gap:.2%} above the optimum (bound {show_s(certificate.bound_s)})"
    core = f"{certificate.core_nodes} and {certificate.core_edges} left after shrinking"
    return (
        f"{show_s(certificate.objective_s)} a step, {proof}, by {certificate.method}; "
        f"{certificate.num_nodes} nodes and {certificate.num_edges} edges, {core}"
    )


def show_group(group: GroupRecord) -> str:
    """The name, with how many are alike."""
    return f"{group.name} ({group.count} of them)" if group.count > 1 else group.name


def show_kind(group: GroupRecord) -> str:
    """``dot_general``, ``add, multiply …`` or ``parameter``, and its type."""
    ops = ", ".join(group.ops[:3]) + (" …" if len(group.ops) > 3 else "")
    if group.name.startswith(ops):
        ops = ""
    return f"{ops} {group.dtype}[{','.join(map(str, group.shape))}]".strip()


def show_collective(item: CollectiveRecord) -> str:
    """``8 x all_reduce over x*y of 64 KiB``."""
    return f"{item.times:g} x {item.kind} over {'*'.join(item.axes)} of {show_bytes(item.num_bytes)}"


def show_collectives(items: Sequence[CollectiveRecord], most: int = 2) -> str:
    """The dearest few."""
    shown = "; ".join(show_collective(item) for item in items[:most])
    return f"{shown}; {len(items) - most} more" if len(items) > most else shown


def show_buckets(buckets: Sequence[BucketRecord]) -> str:
    """``89 as 3, latencies 9.4 ms``: how many collectives travel as how many, both a step, and what it costs besides the bytes."""
    members = sum(bucket.times * len(bucket.member_bytes) for bucket in buckets)
    latency = sum(bucket.latency_s for bucket in buckets)
    return f"{members:g} as {sum(bucket.times for bucket in buckets):g}, latencies {show_s(latency)}"


def by_kind(groups: Iterable[GroupRecord]) -> dict[str, tuple[float, float, float]]:
    """Kind of collective -> (how many a step, bytes a device in all, seconds), dearest first."""
    found: dict[str, tuple[float, float, float]] = {}
    for group in groups:
        for item in group.collectives:
            times, size, seconds = found.get(item.kind, (0.0, 0.0, 0.0))
            found[item.kind] = times + item.times, size + item.times * item.num_bytes, seconds + item.seconds
    return dict(sorted(found.items(), key=lambda entry: (-entry[1][2], entry[0])))


def total(groups: Iterable[GroupRecord]) -> tuple[float, float, float]:
    """Seconds a step: (compute, reductions, reshards)."""
    sums = [0.0, 0.0, 0.0]
    for group in groups:
        for index, seconds in enumerate((group.compute_s, group.reduction_s, group.reshard_s)):
            sums[index] += seconds
    return sums[0], sums[1], sums[2]


def memory_rows(decision: DecisionRecord) -> list[tuple[str, float]]:
    """(class, bytes a device), in the order of ``CLASSES``."""
    held = decision.memory.bytes_of
    return [(kind, held[kind]) for kind in (*CLASSES, *(kind for kind in held if kind not in CLASSES)) if kind in held]

"""Seconds a step of a group of ops, and its collectives, added up."""

from dataclasses import dataclass, field

from compiler.plan.decisions import CollectiveRecord

SUMS = ("all_reduce", "reduce_scatter")


@dataclass
class Price:
    """Seconds a step of one group, and its collectives: (kind, axes, bytes) -> (times, seconds)."""

    compute_s: float = 0.0
    reduction_s: float = 0.0
    reshard_s: float = 0.0
    collectives: dict[tuple[str, tuple[str, ...], float], tuple[float, float]] = field(
        default_factory=dict[tuple[str, tuple[str, ...], float], tuple[float, float]]
    )

    @property
    def seconds(self) -> float:
        """All of them."""
        return self.compute_s + self.reduction_s + self.reshard_s

    def add(self, kind: str, axes: tuple[str, ...], size: float, times: float, seconds: float) -> None:
        """Count ``times`` collectives that take ``seconds`` together."""
        before = self.collectives.get((kind, axes, size), (0.0, 0.0))
        self.collectives[kind, axes, size] = before[0] + times, before[1] + seconds
        if kind in SUMS:
            self.reduction_s += seconds
        else:
            self.reshard_s += seconds

    def records(self) -> tuple[CollectiveRecord, ...]:
        """The collectives, dearest first."""
        found = [CollectiveRecord(*key, times, shorter(seconds)) for key, (times, seconds) in self.collectives.items()]
        return tuple(sorted(found, key=lambda item: (-item.seconds, item.kind, item.axes)))


def shorter(seconds: float) -> float:
    """To six digits: plans are read by people too."""
    return float(f"{seconds:.6g}")

"""Where a program in one order is cut into stages: an exact linear partition that also pays for what crosses each cut.

Source: Alpa (OSDI'22) section 5.2 enumerates the slowest stage and minimises the rest under it; without submesh shapes
that is the classical linear partition problem (Skiena, The Algorithm Design Manual, section 10.7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TIE = 1e-9  # stages that differ by less than this part of the slowest one are equally slow: prefix sums round
_PARTS = 5  # of the slack that are tried


@dataclass(frozen=True)
class Cut:
    """Stage k holds items ``starts[k] .. starts[k + 1] - 1``; every stage has at least one item with a cost.

    ``stage_s``: compute plus incoming crossing of each stage; ``bottleneck_s`` is its maximum, ``crossing_s`` the sum
    of the crossings paid. ``remark`` says why there are fewer stages than asked for, and is empty otherwise.
    """

    starts: tuple[int, ...]
    stage_s: tuple[float, ...]
    bottleneck_s: float
    crossing_s: float
    remark: str = ""

    @property
    def num_stages(self) -> int:
        """How many stages there are."""
        return len(self.starts)

    def stages(self, num_items: int) -> tuple[int, ...]:
        """The stage of each of the ``num_items`` items."""
        ends = (*self.starts[1:], num_items)
        return tuple(stage for stage, end in enumerate(ends) for _ in range(end - self.starts[stage]))


def choose_cuts(
    cost_s: Sequence[float],
    crossing_s: Sequence[float],
    num_stages: int,
    slack: float = 0.0,
    latency_s: Sequence[float] | None = None,
    speeds: Sequence[float] | None = None,
) -> Cut:
    """Cut n items into ``num_stages`` intervals whose slowest is fastest; among those, pay the least crossing in all.

    ``cost_s[i]``: compute seconds of item i, in program order. ``crossing_s[i]``: seconds to move what is alive across
    a cut right after item i (n entries, the last unused). A stage costs its compute plus its incoming crossing.
    ``slack``: let the slowest stage be up to this much slower (0.05: five percent) when that saves more crossing than it costs.
    ``latency_s[i]``: what a cut after item i costs besides while no device works: it chooses among cuts, no stage has it.
    ``speeds[k]``: how much faster than ``cost_s`` stage k computes, 1 by default (``num_stages`` entries above 0).
    Items with a cost fewer than ``num_stages`` give that many stages and a remark. Raises ValueError on bad numbers.

    Bisection on the slowest stage (a reachability sweep per guess), then one dynamic program for the least crossing
    under it: O(stages * n * log n), 0.3 s for 20,000 items and 64 stages on one core.
    """
    costs, crossings = np.asarray(cost_s, np.float64), np.asarray(crossing_s, np.float64)
    if len(costs) != len(crossings) or not len(costs):
        raise ValueError(f"got {len(costs)} costs and {len(crossings)} crossings, want as many of each, at least one")
    if num_stages < 1:
        raise ValueError(f"got {num_stages} stages, want at least 1")
    if not all(bool(np.all(np.isfinite(a) & (a >= 0))) for a in (costs, crossings)):
        raise ValueError("costs and crossings must be finite and not negative")
    fast = np.ones(num_stages) if speeds is None else np.asarray(speeds, np.float64)
    if len(fast) != num_stages or not bool(np.all(np.isfinite(fast) & (fast > 0))):
        raise ValueError(f"got {len(fast)} speeds for {num_stages} stages, want one above 0 for each")
    tolls = crossings if latency_s is None else crossings + np.asarray(latency_s, np.float64)
    line = _Line.of(costs, crossings, tolls, fast)
    count = min(num_stages, max(1, int(line.costed[-1])))
    remark = "" if count == num_stages else f"{num_stages} stages asked for, but only {count} can hold work"
    limit = line.fastest_bottleneck(count)
    tried = [line.least_crossing(count, limit * (1 + _TIE + slack * part / _PARTS)) for part in range(_PARTS + 1)]
    cuts = [
        Cut(starts, stage_s := line.stage_costs(starts), max(stage_s), line.crossing(starts), remark)
        for starts in tried
    ]
    return min(cuts, key=lambda cut: cut.bottleneck_s + float(line.toll[list(cut.starts)].sum()))


@dataclass(frozen=True)
class _Line:
    """The items as boundaries 0..n: stage k from boundary a to b costs ``(prefix[b] - prefix[a]) / speeds[k] + enter[a]``."""

    prefix: Floats  # n + 1: compute before each boundary
    enter: Floats  # n + 1: crossing paid by a stage that starts here; 0 at boundary 0
    toll: Floats  # n + 1: the same with its latency
    costed: Ints  # n + 1: items with a cost before each boundary
    first_end: Ints  # n + 1: the least end of a stage that starts here and holds work (n + 1: none)
    speeds: Floats  # one a stage

    @staticmethod
    def of(costs: Floats, crossings: Floats, tolls: Floats, speeds: Floats) -> "_Line":
        zero = np.zeros(1)
        costed = np.concatenate([zero, np.cumsum(costs > 0)]).astype(np.int64)
        prefix = np.concatenate([zero, np.cumsum(costs)])
        first_end = np.searchsorted(costed, costed + 1)
        if costed[-1] == 0:  # nothing costs anything: one stage, from the start to the end
            first_end = np.full(len(prefix), len(costs))
        enter, toll = (np.concatenate([zero, paid[:-1], zero]) for paid in (crossings, tolls))
        return _Line(prefix, enter, toll, costed, first_end, speeds)

    def stage_costs(self, starts: tuple[int, ...]) -> tuple[float, ...]:
        ends, prefix, enter = (*starts[1:], len(self.prefix) - 1), self.prefix, self.enter
        spans = zip(starts, ends, self.speeds, strict=False)
        return tuple(float((prefix[b] - prefix[a]) / speed + enter[a]) for a, b, speed in spans)

    def crossing(self, starts: tuple[int, ...]) -> float:
        return float(self.enter[list(starts)].sum())

    def last_ends(self, limit: float, count: int) -> list[Ints]:
        """Per stage and start, the greatest end with which it costs at most ``limit`` (it may lie before first_end)."""
        known = {
            speed: np.searchsorted(self.prefix, self.prefix + limit * speed - self.enter * speed, side="right") - 1
            for speed in np.unique(self.speeds[:count])
        }
        return [known[speed] for speed in self.speeds[:count]]

    def feasible(self, count: int, limit: float) -> bool:
        """Whether ``count`` stages of at most ``limit`` each can cover all items."""
        size = len(self.prefix)
        reached = np.zeros(size, bool)
        reached[0] = True
        for last in self.last_ends(limit, count):
            starts = np.flatnonzero(reached & (last >= self.first_end))
            if not len(starts):
                return False
            covered = np.bincount(self.first_end[starts], minlength=size + 1)
            covered -= np.bincount(last[starts] + 1, minlength=size + 1)
            reached = np.cumsum(covered[:size]) > 0
        return bool(reached[-1])

    def fastest_bottleneck(self, count: int) -> float:
        """The least limit for which ``count`` stages suffice, to one part in 10^12."""
        total, speeds = float(self.prefix[-1]), self.speeds[:count]
        low = max(total / float(speeds.sum()), float(np.diff(self.prefix).max()) / float(speeds.max()))
        high = total / float(speeds.min()) + float(self.enter.max())
        if self.feasible(count, low):
            return low  # no stage can be faster than its share, nor than its largest item
        while high - low > 1e-12 * high:
            middle = (low + high) / 2
            if self.feasible(count, middle):
                high = middle
            else:
                low = middle
        return high

    def least_crossing(self, count: int, limit: float) -> tuple[int, ...]:
        """Starts of ``count`` stages of at most ``limit`` each with the least sum of tolls."""
        last = self.last_ends(limit, count)
        usable = [ends >= self.first_end for ends in last]
        paid = [np.full(len(self.prefix), np.inf)]  # paid[k][b]: least crossing of k stages that end at boundary b
        paid[0][0] = 0.0
        for stage in range(count):
            starts = np.flatnonzero(usable[stage] & np.isfinite(paid[-1]))
            offers = paid[-1][starts] + self.toll[starts]
            paid.append(_range_minimum(self.first_end[starts], last[stage][starts], offers, len(self.prefix)))
        end, result = len(self.prefix) - 1, list[int]()
        share = float(self.prefix[-1]) / float(self.speeds[:count].sum())
        for stage in reversed(range(count)):
            offers = paid[stage] + self.toll
            good = usable[stage] & (self.first_end <= end) & (end <= last[stage]) & (offers <= paid[stage + 1][end])
            starts = np.flatnonzero(good)
            sizes = (self.prefix[end] - self.prefix[starts]) / self.speeds[stage] + self.enter[starts]
            end = int(starts[np.argmin(np.abs(sizes - share))])  # equally cheap: the one nearest to an even share
            result.append(end)
        return tuple(reversed(result))


def _range_minimum(first: Ints, last: Ints, offers: Floats, size: int) -> Floats:
    """For each position the least offer whose inclusive range [first, last] holds it; inf where there is none.

    A sparse table filled from the top: a range is two blocks of the greatest power of two that fits in it.
    """
    if not len(offers):
        return np.full(size, np.inf)
    level = np.frexp((last - first + 1).astype(np.float64))[1] - 1
    table: Any = np.full((int(level.max()) + 1, size), np.inf)
    np.minimum.at(table, (level, first), offers)
    np.minimum.at(table, (level, last - (1 << level) + 1), offers)
    for upper in range(len(table) - 1, 0, -1):
        half = 1 << (upper - 1)
        np.minimum(table[upper - 1], table[upper], out=table[upper - 1])
        np.minimum(table[upper - 1][half:], table[upper][:-half], out=table[upper - 1][half:])
    return table[0]

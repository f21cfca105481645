"""Dual ascent until the bound meets a choice, or for a bounded time; memory rows have prices that follow what is used.

A price per byte and row joins the messages as another multiplier: the bound holds for any prices (Lagrange), and a step along
bytes used less limit, as long as the gap warrants, leads to the best ones (Polyak's subgradient). Choices read off along the way
lie on both sides of the limit; those inside it are improved node by node and kept.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passes.solvers.shardings.bound import Duals, dual_bound
from passes.solvers.shardings.core import Core
from passes.solvers.shardings.improve import descend
from passes.solvers.shardings.messages import Messages, Point

_LOOK = 5  # sweeps between two looks at choice and bound: a look costs about as much as a sweep
_STALL = 30  # sweeps in which the bound must have risen by a part in a million
CLOSED = 1e-10  # relative gap
_RECENT = 20  # choices whose strategies make the program that looks for a better one


@dataclass(frozen=True, slots=True)
class Ascent:
    """The best ``choice`` inside the rows with its ``cost`` (None, infinity), and the best ``duals`` with their ``bound``."""

    choice: list[int] | None
    cost: float
    duals: Duals
    bound: float
    closed: bool
    seen: tuple[frozenset[int], ...]  # of each node, the strategies it took in some choice read off near the end


def ascend(
    core: Core,
    sweeps: int,
    constant: float = 0.0,
    until: float = np.inf,
    prices: NDArray[np.float64] | None = None,
) -> Ascent:
    """At most that many pairs of sweeps. ``constant``: ticks that are paid outside the core, for the relative gap.

    ``prices``: ticks a byte of each row, where good ones are known; they stay.
    ``until``: stop at this ``time.perf_counter()``. The sweeps come first on any usual machine, so that all find the same.
    """
    best = _Best(core, constant)
    first = descend(core, [int(cost.argmin()) for cost in core.costs])
    best.offer(first)
    ceiling = min(core.objective(first), best.cost) if not len(core.limits) else best.cost
    messages = Messages(core, ceiling if np.isfinite(ceiling) else _ceiling(core))
    if prices is not None:
        messages.reprice(prices)
    find = _priced if len(core.limits) and prices is None else _unpriced
    find(messages, best, sweeps, until)
    duals = best.certify(messages)
    seen = tuple(frozenset(each) for each in zip(*best.recent, strict=True))
    return Ascent(best.choice, best.cost, duals, best.bound, best.closed, seen)


class _Best:
    """The best choice inside the rows and the best bound so far."""

    def __init__(self, core: Core, constant: float) -> None:
        self.core, self.constant = core, constant
        self.choice: list[int] | None = None
        self.cost, self.bound = np.inf, -np.inf
        self.at: Point | None = None
        self.recent: deque[list[int]] = deque(maxlen=_RECENT)

    def offer(self, choice: Sequence[int]) -> None:
        cost = self.core.objective(choice)
        self.recent.append(list(choice))
        if cost < self.cost and self.core.fits(choice):
            self.choice, self.cost = list(choice), cost

    def bounded(self, messages: Messages) -> None:
        """Remember where the messages stand if their bound is the best."""
        bound = messages.bound()
        if bound > self.bound:
            self.bound, self.at = bound, messages.point()

    def certify(self, messages: Messages) -> Duals:
        """The multipliers of the best bound, and that bound again, by the independent sum over the core's own tables."""
        if self.at is not None:
            messages.go_to(self.at)
        duals = messages.duals()
        self.bound = dual_bound(self.core, duals)
        return duals

    @property
    def closed(self) -> bool:
        return self.choice is not None and self.cost - self.bound <= CLOSED * abs(self.cost + self.constant)


def _unpriced(messages: Messages, best: _Best, sweeps: int, until: float) -> None:
    before, since = -np.inf, 0
    for sweep in range(1, sweeps + 1):
        if time.perf_counter() > until:
            return
        messages.sweep(forward=True)
        messages.sweep(forward=False)
        if sweep % _LOOK:
            continue
        best.offer(descend(messages.core, messages.read_choice()))
        best.bounded(messages)
        if best.bound > before + 1e-6 * abs(best.bound + best.constant):
            before, since = best.bound, sweep
        if best.closed or sweep - since >= _STALL:
            return


def _priced(messages: Messages, best: _Best, sweeps: int, until: float) -> None:
    """Subgradient steps on the prices: a step is a pair of sweeps, a choice, and prices moved by how far it is off."""
    core = messages.core
    scale = np.maximum(np.abs(core.limits), 1.0)
    pace, since = 1.0, 0
    top = messages.multipliers  # the prices of the best bound
    for sweep in range(1, sweeps + 1):
        if time.perf_counter() > until:
            return
        messages.sweep(forward=True)
        messages.sweep(forward=False)
        choice = messages.read_choice()
        used = messages.used(choice)
        best.recent.append(choice)
        bound = messages.bound()
        if bound > best.bound:
            best.bound, best.at = bound, messages.point()
            top, since = messages.multipliers, sweep
        elif sweep - since >= _LOOK:
            pace, since = pace / 2, sweep
            messages.reprice(top)
            continue
        if sweep % _LOOK == 0:
            best.offer(descend(core, choice))
        if best.closed or pace < 1e-3:
            return
        over = (used - core.limits) / scale
        over = np.where((over < 0) & (messages.multipliers <= 0), 0.0, over)
        if not over.any():
            continue
        ceiling = best.cost if np.isfinite(best.cost) else bound + 0.1 * abs(bound + best.constant)
        step = pace * max(ceiling - bound, 0.0) / float(over @ over)
        messages.reprice(np.maximum(messages.multipliers + step * over / scale, 0.0))


def _ceiling(core: Core) -> float:
    """More than any finite choice costs."""
    tables = (*core.costs, *(cost for _, _, cost in core.edges))
    return sum(float(np.abs(t[np.isfinite(t)]).max(initial=0.0)) for t in tables) + 1.0

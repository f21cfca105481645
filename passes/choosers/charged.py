"""The optimum where collectives travel together: a latency is paid once a bucket, so it belongs to no edge.

``solve_sharding`` knows edges only. Whatever a choice puts into the buckets of a class, it pays a latency F at least. So with F
dealt out among the edges that may use the class, in any shares that add up to it, no choice is charged more than it pays, and the
optimum of edges alone is a bound. At first all edges have shares, in proportion to the bytes that they may put in; then those
that the last choice used, so that the bound of a choice that stays the best is what it costs. Where that does not close, one
class is settled in two ways: *open* (F is paid, its edges are free of it) or *closed* (every edge that uses it pays F, as if its
collective went alone).

Dual prices of a fixed charge: Erlenkotter, Operations Research 1978; branch and bound: Land and Doig, Econometrica 1960.
"""

import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from passes.choosers.base import SolverOptions
from passes.solvers.shardings.problem import Costs, NoneFound, OutOfMemory, ShardingProblem, ShardingSolution
from passes.solvers.shardings.solve import solve_sharding

ROUNDS = 3  # solves at least, where there is a gap; each takes what a problem without buckets takes
NODES = 4000  # and so many more as this holds problems: 40 of a small one, 2 of a GPT of 4 layers
ENOUGH = 1e-4  # relative: where the search in a problem of more than 1,000 nodes ends; that in a small one goes on
EASY = ("shrinking", "elimination")  # the search ends with a solve by other methods: each may take minutes
_ROUNDING = 1e-9  # a relative gap below this

_Shares = dict[int, float]  # edge -> its share of a charge; they add up to 1


@dataclass(order=True)
class _Part:
    """Choices that use the classes ``opened`` and not those ``closed``; none costs less than ``bound_s``."""

    bound_s: float
    number: int
    opened: frozenset[int] = field(compare=False)
    closed: frozenset[int] = field(compare=False)
    shares: tuple[_Shares, ...] = field(compare=False)


def solve_charged(problem: ShardingProblem, options: SolverOptions) -> ShardingSolution:
    """The best choice with its certificate, charges included. Raises OutOfMemory, and NoneFound if the first solve does."""
    return _Search(problem, options).run()


class _Search:
    def __init__(self, problem: ShardingProblem, options: SolverOptions) -> None:
        self.problem, self.options = problem, options
        self.best: ShardingSolution | None = None
        self.best_s, self.solves, self.began = float("inf"), 0, time.perf_counter()
        self.most = ROUNDS + NODES // max(1, len(problem.nodes)) if problem.charges else 1
        self.enough = ENOUGH if len(problem.nodes) > 1000 else _ROUNDING
        sizes = [{e: float(table.max()) for e, table in charge.bytes_of.items()} for charge in problem.charges]
        self.left = [_Part(0.0, 0, frozenset(), frozenset(), tuple(map(_parts, sizes)))]

    def run(self) -> ShardingSolution:
        """Best bound first."""
        floor = float("inf")  # of the parts that are done with
        while self.left and self.left[0].bound_s < self.best_s * (1 - self.enough) and self._may_go_on():
            part = heapq.heappop(self.left)
            try:
                floor = min(floor, self._look(part))
            except OutOfMemory:
                if self.best is None:
                    raise
            except NoneFound as error:  # there may be one in this part
                if self.best is None:
                    raise
                floor = min(floor, max(part.bound_s, error.bound_s + self._paid_s(part)))
        assert self.best is not None
        bound_s = min(self.best_s, floor, *(part.bound_s for part in self.left))
        gap = (self.best_s - bound_s) / abs(self.best_s) if self.best_s else 0.0
        proved = gap <= _ROUNDING
        certificate = replace(
            self.best.certificate,
            objective_s=self.best_s,
            bound_s=self.best_s if proved else bound_s,
            gap=0.0 if proved else gap,
            seconds=time.perf_counter() - self.began,
        )
        return replace(self.best, certificate=certificate)

    def _may_go_on(self) -> bool:
        return not self.solves or (self.solves < self.most and self._left_s() > 0)

    def _left_s(self) -> float:
        return self.options.time_limit_s - (time.perf_counter() - self.began)

    def _paid_s(self, part: _Part) -> float:
        return sum(self.problem.charges[c].seconds for c in part.opened)

    def _look(self, part: _Part) -> float:
        """Solve a part, and split it where a class is paid for but not in full. The bound if nothing is left, else infinity."""
        dealt, left_s = _dealt(self.problem, part), max(1.0, self._left_s())
        self.solves += 1
        found = solve_sharding(dealt, backend=self.options.backend, time_limit_s=left_s)
        if found.certificate.method not in EASY:
            self.most = self.solves
        total = self.problem.objective(found.choice)
        if total < self.best_s:
            self.best, self.best_s = found, total
        bound = max(part.bound_s, found.certificate.bound_s + self._paid_s(part))
        used = _used(self.problem, found.choice)
        missing = {
            c: charge.seconds * (1 - sum(part.shares[c].get(e, 0.0) for e in used[c]))
            for c, charge in enumerate(self.problem.charges)
            if used[c] and c not in part.opened and c not in part.closed
        }
        worst = max(missing, key=lambda c: missing[c], default=-1)
        if worst < 0 or missing[worst] <= _ROUNDING * abs(total):
            return bound
        shares = tuple(mine or old for mine, old in zip(used, part.shares, strict=True))
        if self.solves < ROUNDS:  # other shares may do
            self._push(bound, part.opened, part.closed, shares)
        else:
            self._push(bound, part.opened | {worst}, part.closed, shares)
            self._push(bound, part.opened, part.closed | {worst}, shares)
        return float("inf")

    def _push(self, bound: float, opened: frozenset[int], closed: frozenset[int], shares: tuple[_Shares, ...]) -> None:
        heapq.heappush(self.left, _Part(bound, self.solves * 2 + len(closed) % 2, opened, closed, shares))


def _used(problem: ShardingProblem, choice: Sequence[int]) -> list[_Shares]:
    """Of each charge, the edges that use it in ``choice``, in proportion to their bytes; {} of one that nobody uses."""
    found: list[_Shares] = []
    for charge in problem.charges:
        ends = ((e, problem.edges[e], table) for e, table in charge.bytes_of.items())
        found.append(_parts({e: float(table[choice[edge.a], choice[edge.b]]) for e, edge, table in ends}))
    return found


def _parts(sizes: dict[int, float]) -> _Shares:
    total = sum(sizes.values())
    return {e: size / total for e, size in sizes.items() if size}


def _dealt(problem: ShardingProblem, part: _Part) -> ShardingProblem:
    """The problem with the charges on its edges; equal tables stay one, as the solver likes them."""
    edges, known = list(problem.edges), dict[tuple[int, int, float], Costs]()
    for c, charge in enumerate(problem.charges):
        for e, table in charge.bytes_of.items():
            share = 1.0 if c in part.closed else part.shares[c].get(e, 0.0)
            cost, seconds = edges[e].cost, share * charge.seconds
            if c in part.opened or not seconds:
                continue
            key = id(cost), id(table), seconds
            if key not in known:
                known[key] = cost + seconds * (table > 0)
            edges[e] = replace(edges[e], cost=known[key])
    return replace(problem, edges=tuple(edges))

"""``flexflow``: a random walk over the choices of single ops, from data parallelism, that our costs guide.

A proposal gives one op another strategy; ports, copies and carries beside it follow at their best. It is taken if it is cheaper,
else with probability exp(-beta x what it costs more) (Metropolis); the best choice seen is the answer. The budget counts proposals
and the seed is fixed, so the answer is the same on every machine.

Source: FlexFlow (Jia, Zaharia and Aiken, MLSys'19, section 6).
"""

import math
import random
import time
from collections.abc import Collection

from passes.analysis.shardings.cases import Case
from passes.choosers import data
from passes.choosers.base import SolverOptions, evaluated
from passes.choosers.greedy import Greedy
from passes.solvers.shardings.problem import ShardingSolution

PROPOSALS = 50_000  # some 2 s
SEED = 0
HEAT = 0.002  # of the start's seconds: a proposal that costs this much more is taken once in e times


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """The best choice of the walk."""
    began = time.perf_counter()
    start = data.choose(case, options)
    walk = _Walk(case, start.choice)
    walk.run(PROPOSALS, HEAT * start.certificate.objective_s)
    return evaluated(case, walk.best, "flexflow", began)


class _Walk:
    """``best``: the cheapest choice seen."""

    def __init__(self, case: Case, start: tuple[int, ...]) -> None:
        self.local = Greedy(case)  # its neighbours and prices, with every site decided
        self.local.choice = dict(enumerate(start))
        self.sites, self.best = case.graph.sites, start
        self.random = random.Random(SEED)

    def run(self, proposals: int, heat_s: float) -> None:
        """Walk; ``heat_s`` is 1 / beta."""
        ops = [site.index for site in self.sites if site.members and len(site.forms) > 1]
        now = least = 0.0  # seconds above the start
        for _ in range(proposals if ops else 0):
            index = ops[self.random.randrange(len(ops))]
            old = {index: self.local.choice[index]}
            more = self._change(index, self.random.randrange(len(self.sites[index].forms)), old)
            if more > 0 and self.random.random() >= math.exp(-more / heat_s):
                self.local.choice.update(old)
                continue
            now += more
            if now < least - 1e-12:
                least = now
                self.best = tuple(self.local.choice[site.index] for site in self.sites)

    def _change(self, index: int, strategy: int, old: dict[int, int]) -> float:
        """Give an op a strategy and let what is beside it follow; what all that costs more. ``old`` collects what was."""
        beside = [there for there in self.local.near[index] if not self.sites[there].members]
        old.update({there: self.local.choice[there] for there in beside})
        before = self._seconds(old)
        self.local.choice[index] = strategy
        for there in beside:
            self.local.choice[there] = int(self.local.cost(there).argmin())
        return self._seconds(old) - before

    def _seconds(self, some: Collection[int]) -> float:
        """The costs of some sites and of all edges at them."""
        choice, total = self.local.choice, 0.0
        for here in some:
            total += float(self.local.problem.nodes[here].cost[choice[here]])
            for there, cost in self.local.near[here].items():
                if there not in some or there > here:
                    total += float(cost[choice[here], choice[there]])
        return total

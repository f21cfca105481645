"""``greedy``: in program order, each op takes the strategy that is cheapest given what its producers gave.

An argument lies as its first reader likes it, a value with several readers as the cheapest reshard leaves it. Nobody looks ahead:
this is what a compiler does that decides op by op, and the floor that the others stand on.
"""

import time

from passes.analysis.shardings.cases import Case
from passes.choosers.base import SolverOptions, evaluated
from passes.solvers.shardings.problem import Costs, ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """One pass over the ops, no solver."""
    del options
    began = time.perf_counter()
    return evaluated(case, Greedy(case).run(), "greedy", began)


class Greedy:
    """``choice[site]`` once it is decided. Ties go to the first strategy, which is the least split."""

    def __init__(self, case: Case) -> None:
        self.case, self.problem = case, case.problem
        self.choice: dict[int, int] = {}
        self.near: dict[int, dict[int, Costs]] = {index: {} for index in range(len(case.problem.nodes))}
        for edge in case.problem.edges:
            for here, there, cost in ((edge.a, edge.b, edge.cost), (edge.b, edge.a, edge.cost.T)):
                known = self.near[here].get(there)
                self.near[here][there] = cost if known is None else known + cost

    def run(self) -> tuple[int, ...]:
        """Ops first; a port, copy or carry is decided with the first op beside it, or at the end."""
        sites = self.case.graph.sites
        for site in sites:
            if site.members:
                self._with_sources(site.index)
        for site in sites:
            if site.index not in self.choice:
                self.choice[site.index] = int(self.cost(site.index).argmin())
        return tuple(self.choice[site.index] for site in sites)

    def _with_sources(self, index: int) -> None:
        """Decide an op; first the copies of what decided producers give, afterwards what waited for its first reader."""
        others = [there for there in self.near[index] if self._is_open(there)]
        for there in others:
            if self.case.graph.sites[there].kind == "copy" and any(next_ in self.choice for next_ in self.near[there]):
                self.choice[there] = int(self.cost(there).argmin())
        open_ = [there for there in others if there not in self.choice]
        total = self.cost(index)
        for there in open_:
            total = total + (self.near[index][there] + self.cost(there)).min(axis=1)
        self.choice[index] = int(total.argmin())
        for there in open_:
            self.choice[there] = int(self.cost(there).argmin())
            for behind in self.near[there]:
                if self._is_open(behind):  # the argument behind a copy
                    self.choice[behind] = int(self.cost(behind).argmin())

    def cost(self, index: int) -> Costs:
        """Seconds of each strategy of a site, with the reshards from and to what is decided."""
        total = self.problem.nodes[index].cost
        for there, cost in self.near[index].items():
            if there in self.choice:
                total = total + cost[:, self.choice[there]]
        return total

    def _is_open(self, index: int) -> bool:
        return index not in self.choice and not self.case.graph.sites[index].members

"""An optimum found by trying every choice, for tests: a depth-first search that stops where no continuation can be better.

Only ``ShardingProblem`` is shared with the solver that this judges. The bound is the optimum of a spanning tree of the problem (Bellman
and Dynamic Programming on a tree), each other edge at its least entry: it never exceeds the cost of a continuation, and at a leaf it is the cost.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from passes.solvers.shardings.problem import Costs, ShardingProblem

_ROUNDING = 1e-12  # relative: a continuation has to be better by more than that


@dataclass
class _Site:
    """A node in the order of the search: ``rest[s]`` is the least cost of its subtree if it takes s."""

    node: int
    parent: int | None
    down: Costs | None  # [s of parent, s]: the edge of the tree
    others: list[tuple[int, Costs]] = field(default_factory=list[tuple[int, Costs]])  # (earlier node, [its s, s])
    rest: Costs = field(default_factory=lambda: np.zeros(0))
    message: Costs = field(default_factory=lambda: np.zeros(0))  # [s of parent]: least cost of the edge and the subtree


@dataclass
class Exhaustive:
    """``run`` gives the least objective inside the memory rows, infinity if there is none. ``steps``: choices that were tried."""

    problem: ShardingProblem
    most_steps: int = 2_000_000
    steps: int = 0
    best_s: float = math.inf

    def run(self) -> float:
        """Raises TimeoutError after ``most_steps``: a test that meets it is too large for this search."""
        self.sites = _sites(self.problem)
        self.choice = [0] * len(self.problem.nodes)
        self.limits = np.array([row.limit_bytes for row in self.problem.rows])
        self.uses = [self._uses(site.node) for site in self.sites]
        least = [use.min(axis=1) for use in self.uses]
        self.later = [sum(least[i + 1 :], np.zeros(len(self.limits))) for i in range(len(least))]
        bound = sum(float(site.rest.min()) for site in self.sites if site.parent is None)
        bound += sum(float(matrix.min()) for site in self.sites for _, matrix in site.others)
        if math.isfinite(bound):
            self._extend(0, bound, np.zeros(len(self.limits)))
        return self.best_s

    def _extend(self, depth: int, bound: float, used: Costs) -> None:
        if depth == len(self.sites):
            self.best_s = bound
            return
        site = self.sites[depth]
        bounds = bound + site.rest
        if site.parent is None:
            bounds = bounds - site.rest.min()
        else:
            assert site.down is not None
            at = self.choice[site.parent]
            bounds = bounds + site.down[at] - site.message[at]
        for earlier, matrix in site.others:
            bounds = bounds + matrix[self.choice[earlier]] - matrix.min()
        for s in np.argsort(bounds, kind="stable"):
            if not bounds[s] < self.best_s * (1 - _ROUNDING):
                return
            self.steps += 1
            if self.steps > self.most_steps:
                raise TimeoutError(f"more than {self.most_steps} choices")
            now = used + self.uses[depth][:, s]
            if (now + self.later[depth] <= self.limits).all():
                self.choice[site.node] = int(s)
                self._extend(depth + 1, float(bounds[s]), now)

    def _uses(self, node: int) -> Costs:
        zero = np.zeros(len(self.problem.nodes[node].cost))
        rows = [row.bytes_of.get(node, zero) for row in self.problem.rows]
        return np.array(rows).reshape(len(rows), len(zero))


def _sites(problem: ShardingProblem) -> list[_Site]:
    """The nodes, each after its parent in a spanning tree, with all edges to earlier ones."""
    between: dict[tuple[int, int], Costs] = {}
    near: dict[int, list[int]] = {node: [] for node in range(len(problem.nodes))}
    for edge in problem.edges:
        if (edge.a, edge.b) not in between:
            near[edge.a].append(edge.b)
            near[edge.b].append(edge.a)
        between[edge.a, edge.b] = between.get((edge.a, edge.b), np.zeros(edge.cost.shape)) + edge.cost
        between[edge.b, edge.a] = between[edge.a, edge.b].T
    sites: list[_Site] = []
    seen: dict[int, int] = {}

    def visit(node: int, parent: int | None) -> None:
        down = None if parent is None else between[parent, node]
        others = [(other, between[other, node]) for other in near[node] if other in seen and other != parent]
        seen[node] = len(sites)
        sites.append(_Site(node, parent, down, others))
        for other in near[node]:
            if other not in seen:
                visit(other, node)

    for node in range(len(problem.nodes)):
        if node not in seen:
            visit(node, None)
    _solve_tree(problem, sites, seen)
    return sites


def _solve_tree(problem: ShardingProblem, sites: Sequence[_Site], where: dict[int, int]) -> None:
    for site in sites:
        site.rest = problem.nodes[site.node].cost.copy()
    for site in reversed(sites):
        if site.parent is not None and site.down is not None:
            site.message = (site.down + site.rest).min(axis=1)
            sites[where[site.parent]].rest += site.message

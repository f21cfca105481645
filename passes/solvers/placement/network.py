"""The placement problem shrunk exactly and solved: groups of nodes that share a stage, order, and spans that cost."""

from typing import Any

from passes.solvers.placement.bounds import Bounds
from passes.solvers.placement.problem import PlacementProblem, values_of
from passes.solvers.program import Backend, new_program


class Network:
    """The shrunk problem: groups of nodes that share a stage, order between groups, spans that cost bytes."""

    def __init__(self, problem: PlacementProblem, bounds: Bounds) -> None:
        self.num_stages = problem.num_stages
        self.parent = list(range(problem.num_nodes))
        self.low, self.high = list(bounds.low), list(bounds.high)
        self._join_known(problem)
        self._fold_leaves(problem)
        self.group = [self.find(node) for node in range(problem.num_nodes)]
        self.less: set[tuple[int, int]] = set()  # (a, b): s_a <= s_b
        for edge in problem.edges:
            pair = (self.group[edge.source], self.group[edge.target])
            if edge.kind != "free" and pair[0] != pair[1]:
                self.less.add(pair if edge.kind == "forward" else (pair[1], pair[0]))
        self.spans: dict[tuple[int, ...], float] = {}  # groups -> bytes per stage between the first and the last
        for (source, _), (size, targets) in values_of(problem.edges).items():
            held = tuple(sorted({self.group[node] for node in (source, *targets)}))
            if size > 0 and len(held) > 1:
                self.spans[held] = self.spans.get(held, 0.0) + size
        self.num_variables = 0

    def find(self, node: int) -> int:
        """The representative of a node's group (union-find with path halving)."""
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, first: int, second: int) -> None:
        """Put two groups together; the bounds of the first one hold for both."""
        first, second = self.find(first), self.find(second)
        if first != second:
            self.parent[second] = first

    def _join_known(self, problem: PlacementProblem) -> None:
        for tie in problem.ties:
            for node in tie[1:]:
                self.join(tie[0], node)
        anchors: dict[int, int] = {}
        for node in range(problem.num_nodes):
            if self.low[node] == self.high[node]:
                self.join(anchors.setdefault(self.low[node], node), node)

    def _fold_leaves(self, problem: PlacementProblem) -> None:
        """A free group with a single neighbour costs nothing where that one is, which then may become a leaf itself."""
        neighbours: dict[int, set[int]] = {}
        for edge in problem.edges:
            source, target = self.find(edge.source), self.find(edge.target)
            if source != target:
                neighbours.setdefault(source, set()).add(target)
                neighbours.setdefault(target, set()).add(source)
        waiting = [group for group in neighbours if len(neighbours[group]) == 1]
        while waiting:
            leaf = waiting.pop()
            if len(neighbours[leaf]) != 1 or self.low[leaf] == self.high[leaf]:
                continue
            (stem,) = neighbours[leaf]
            self.join(stem, leaf)
            neighbours[leaf] = set()
            neighbours[stem].remove(leaf)
            if len(neighbours[stem]) == 1:
                waiting.append(stem)

    def solve(self, backend: Backend) -> list[float]:
        """The stage of each group (indexed by representative) at a vertex optimum."""
        program = new_program(backend)
        mip, model = program.mip, program.model
        groups = {group for pair in self.less for group in pair} | {group for held in self.spans for group in held}
        columns: dict[int, Any] = {g: model.add_var(lb=self.low[g], ub=self.high[g]) for g in sorted(groups)}
        terms: list[Any] = []
        for held, size in sorted(self.spans.items()):
            terms.append(size * self._end(model, columns, held, last=True))
            terms.append(-size * self._end(model, columns, held, last=False))
        for first, second in sorted(self.less):
            model.add_constr(columns[first] - columns[second] <= 0)
        model.objective = mip.xsum(terms)
        self.num_variables = int(model.num_cols)
        solved = [float(low) for low in self.low]
        if not groups:
            return solved
        status = program.optimize(relax=True)
        if status != "OPTIMAL":
            raise RuntimeError(f"a feasible bounded linear program ended as {status}")
        for group, column in columns.items():
            solved[group] = float(column.x)
        return solved

    def _end(self, model: Any, columns: dict[int, Any], held: tuple[int, ...], *, last: bool) -> Any:
        """A column for the last (or first) stage of a span: a group's own where order says that it is that one."""
        for group in held:
            pairs = ((other, group) if last else (group, other) for other in held if other != group)
            if all(pair in self.less for pair in pairs):
                return columns[group]
        end = model.add_var(lb=0, ub=self.num_stages - 1)
        for group in held:
            model.add_constr(columns[group] - end <= 0 if last else end - columns[group] <= 0)
        return end

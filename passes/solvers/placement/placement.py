"""Which stage every value of a training step belongs to, given the stages of a few: one linear program, no markers.

Stage variables s_v; forward edges s_u <= s_v, backward edges s_u >= s_v; a value pays its bytes times the number of
stages between the first and the last stage that holds it. Every row is a difference of two variables, so the matrix is
totally unimodular (Hoffman and Kruskal, 1956) and a vertex optimum is integral. Rounding floor(s + 1/2) would keep any
optimum feasible and optimal all the same: it preserves order, and a span's cost is an average over all such roundings.
"""

from dataclasses import dataclass

from passes.solvers.placement.bounds import Infeasible, find_bounds
from passes.solvers.placement.network import Network
from passes.solvers.placement.problem import Edge, PlacementProblem, check, placement_cost
from passes.solvers.program import Backend

__all__ = ["Edge", "Infeasible", "Placement", "PlacementProblem", "place", "placement_cost"]


@dataclass(frozen=True)
class Placement:
    """``stages[v]``: the stage of node v. ``cost_bytes``: sum over values of bytes times stages spanned.

    ``integral``: the solver's optimum was integral to 1e-6 as the theory says; if not, it was rounded, still optimal.
    ``num_variables``: columns that were left after shrinking.
    """

    stages: tuple[int, ...]
    cost_bytes: float
    integral: bool
    num_variables: int


def place(problem: PlacementProblem, backend: Backend = "cbc") -> Placement | Infeasible:
    """The placement that moves the fewest bytes, or the chain of constraints that no placement satisfies.

    Shrinks first, exactly: ties are one node, nodes between two equal bounds are known, and a node that one value
    alone touches joins it. Then one linear program. Raises ValueError on a node or stage out of range.
    """
    check(problem)
    constraints = [(e.source, e.target, e.kind) for e in problem.edges if e.kind != "free"]
    bounds = find_bounds(problem.num_stages, problem.num_nodes, problem.fixed, constraints, problem.ties)
    if isinstance(bounds, Infeasible):
        return bounds
    network = Network(problem, bounds)
    solved = network.solve(backend)
    stages = tuple(int(solved[network.group[node]] + 0.5) for node in range(problem.num_nodes))
    integral = all(abs(value - round(value)) <= 1e-6 for value in solved)
    return Placement(stages, placement_cost(problem, stages), integral, network.num_variables)

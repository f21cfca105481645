"""``ilp``: the optimum over every strategy, inside the memory limit. Alpa (OSDI'22) section 4, made exact."""

from passes.choosers.base import SolverOptions
from passes.decide_shardings import Case
from passes.solvers.sharding_problem import ShardingSolution
from passes.solvers.solve_sharding import solve_sharding


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Solve the whole problem. Raises OutOfMemory."""
    return solve_sharding(case.problem, backend=options.backend, time_limit_s=options.time_limit_s)

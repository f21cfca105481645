"""``zero1``: data parallel, with each device keeping and updating its part of the optimizer's state.

Parameters are whole everywhere: each device updates its part of them with its part of the moments, and the parts are gathered.

Source: ZeRO stage 1, P_os (Rajbhandari et al., SC'20, arXiv:1910.02054).
"""

from passes.analysis.shardings.cases import Case
from passes.choosers.base import SolverOptions
from passes.choosers.state import choose_split_state
from passes.solvers.shardings.problem import ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Split the optimizer's state."""
    return choose_split_state(case, options, "zero1", ("optimizer",), gradients=False)

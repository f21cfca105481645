"""``zero2``: ``zero1``, and gradients are reduced into parts: each device keeps those of the state that it updates.

With several microbatches the accumulators are split, so every microbatch ends in a reduce-scatter.

Source: ZeRO stage 2, P_os+g (Rajbhandari et al., SC'20, arXiv:1910.02054).
"""

from passes.analysis.shardings.cases import Case
from passes.choosers.base import SolverOptions
from passes.choosers.state import choose_split_state
from passes.solvers.shardings.problem import ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Split the optimizer's state and the gradients."""
    return choose_split_state(case, options, "zero2", ("optimizer",), gradients=True)

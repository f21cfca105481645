"""``zero3``: ``zero2``, and each device keeps its part of the parameters; forward and backward gather them where they are used.

Source: ZeRO stage 3, P_os+g+p (Rajbhandari et al., SC'20, arXiv:1910.02054); PyTorch FSDP (Zhao et al., VLDB'23, arXiv:2304.11277).
"""

from passes.analysis.shardings.cases import Case
from passes.choosers.base import SolverOptions
from passes.choosers.state import choose_split_state
from passes.solvers.shardings.problem import ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Split parameters, the optimizer's state and the gradients."""
    return choose_split_state(case, options, "zero3", ("parameter", "optimizer"), gradients=True)

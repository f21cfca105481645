"""``data``: every device has all of the state and some rows of the batch; gradients are summed once a step.

Source: Horovod (Sergeev and Del Balso, arXiv:1802.05799); PyTorch DDP (Li et al., VLDB'20).
"""

import numpy as np

from passes.analysis.sharding_graph import Site
from passes.choosers.base import Mask, SolverOptions, batch_dim, keep, solved, splits_only
from passes.decide_shardings import Case
from passes.solvers.sharding_problem import ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Only the batch dim of any value is split."""
    return solved(case, {site.index: batch_only(site) for site in case.graph.sites}, options)


def batch_only(site: Site) -> Mask:
    """The strategies of a site that split nothing but the batch."""
    if site.kind == "op" and site.op is not None:
        dims = [batch_dim(value) for value in (*site.op.operands, *site.op.results)]
        return np.array(
            [
                all(splits_only(s, dim) for s, dim in zip((*item.operands, *item.results), dims, strict=True))
                for item in site.strategies
            ]
        )
    dim = site.batch_dim if site.value is None else batch_dim(site.value)
    return keep(site, lambda sharding: splits_only(sharding, dim))

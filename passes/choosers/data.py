"""``data``: every device has all of the state and some rows of the batch; gradients are summed once a step.

Source: Horovod (Sergeev and Del Balso, arXiv:1802.05799); PyTorch DDP (Li et al., VLDB'20).
"""

import numpy as np

from passes.analysis.sharding_graph import Member, Site
from passes.choosers.base import Mask, SolverOptions, batch_dim, keep, solved, splits_only
from passes.decide_shardings import Case
from passes.solvers.sharding_problem import ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Only the batch dim of any value is split."""
    return solved(case, {site.index: batch_only(site) for site in case.graph.sites}, options)


def batch_only(site: Site) -> Mask:
    """The strategies of a site that split nothing but the batch."""
    if site.members:
        return np.logical_and.reduce([_member(member) for member in site.members])
    dim = site.batch_dim if site.value is None else batch_dim(site.value)
    return keep(site, lambda sharding: splits_only(sharding, dim))


def _member(member: Member) -> Mask:
    dims = [batch_dim(value) for value in (*member.op.operands, *member.op.results)]
    found = [
        all(splits_only(s, dim) for s, dim in zip((*item.operands, *item.results), dims, strict=True))
        for item in member.strategies
    ]
    return np.array(found)

"""``data``: every device has all of the state and its rows of the batch; gradients are summed over all devices.

Whatever knows its batch dim is split along it over as many devices as its rows allow, and nothing is split along another.

Source: Horovod (Sergeev and Del Balso, arXiv:1802.05799); PyTorch DDP (Li et al., VLDB'20).
"""

import numpy as np

from passes.analysis.sharding_graph import Member, Site
from passes.choosers.base import Mask, SolverOptions, batch_dim, keep, parts_of, solved, splits_only
from passes.decide_shardings import Case
from passes.solvers.sharding_problem import ShardingSolution


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Only the batch dim of any value is split, and that as far as it goes."""
    rows = Rows(case)
    return solved(case, {site.index: rows.of(site) for site in case.graph.sites}, options, "data")


class Rows:
    """``of(site)``: the strategies that split the batch as far as it goes, and nothing else; equal sites share their mask."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._known: dict[tuple[int, tuple[int, ...]], tuple[Mask, Mask]] = {}

    def of(self, site: Site) -> Mask:
        """Among ``only``, those that most devices share; memory keeps sums that are still to be done, so a port may choose."""
        only = self.only(site)
        if site.members:
            parts = np.logical_and.reduce([self._member(member)[1] for member in site.members])
            return only & parts if (only & parts).any() else only
        parts = np.array([parts_of(self.case, form[0]) for form in site.forms])
        most = only & (parts == parts[only].max())
        return most if site.name.startswith("batch") else only

    def only(self, site: Site) -> Mask:
        """The strategies of a site that split nothing but the batch."""
        if site.members:
            return np.logical_and.reduce([self._member(member)[0] for member in site.members])
        dim = site.batch_dim if site.value is None else batch_dim(site.value)
        return keep(site, lambda sharding: splits_only(sharding, dim))

    def _member(self, member: Member) -> tuple[Mask, Mask]:
        dims = tuple(batch_dim(value) for value in (*member.op.operands, *member.op.results))
        key = id(member.strategies), dims
        if key not in self._known:
            shardings = [(*item.operands, *item.results) for item in member.strategies]
            only = np.array([all(splits_only(s, d) for s, d in zip(each, dims, strict=True)) for each in shardings])
            parts = np.array([max((parts_of(self.case, s) for s in each), default=1) for each in shardings])
            self._known[key] = only, only & (parts == parts[only].max())
        return self._known[key]

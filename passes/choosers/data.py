"""``data``: every device has all of the state and its rows of the batch; gradients are summed over all devices.

Whatever knows its batch dim is split along it over as many devices as its rows allow, and nothing is split along another.

Source: Horovod (Sergeev and Del Balso, arXiv:1802.05799); PyTorch DDP (Li et al., VLDB'20).
"""

from collections.abc import Sequence

import numpy as np

from dialects.sharding import Sharding
from dialects.values import kind_of
from passes.analysis.ops.op_costs import is_free_value
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Member, Site
from passes.choosers.base import Mask, SolverOptions, keep, solved
from passes.choosers.named_dims import NamedDims
from passes.solvers.shardings.problem import ShardingSolution

ANY = -2  # for the dim of the batch: a constant is made in whatever form its reader wants


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Only the batch dim of any value is split, and that as far as it goes."""
    rows = Rows(case)
    return solved(case, {site.index: rows.of(site) for site in case.graph.sites}, options, "data")


class Rows:
    """``of(site)``: the strategies that split the batch as far as it goes, and nothing else; equal sites share their mask.

    ``axes``: the mesh axes that the rule is about, default all of them.
    """

    def __init__(self, case: Case, axes: Sequence[str] | None = None) -> None:
        self.mesh = case.prices.mesh
        self.axes = frozenset(self.mesh.names if axes is None else axes)
        self.dims = NamedDims(case)
        self._known: dict[tuple[int, tuple[int, ...]], tuple[Mask, Mask]] = {}

    def of(self, site: Site) -> Mask:
        """Among ``only``, those that most devices share; memory keeps sums that are still to be done, so a port may choose."""
        only = self.only(site)
        if site.members:
            parts = np.logical_and.reduce([self._member(member)[1] for member in site.members])
            return only & parts if (only & parts).any() else only
        parts = np.array([self._parts(form[0]) for form in site.forms])
        most = only & (parts == parts[only].max())
        return most if kind_of(site.name) == "batch" else only

    def only(self, site: Site) -> Mask:
        """The strategies of a site that split nothing but the batch."""
        if site.members:
            return np.logical_and.reduce([self._member(member)[0] for member in site.members])
        dim = site.batch_dim if site.value is None else self.dims.batch_dim(site.value)
        return keep(site, lambda sharding: self._is_good(sharding, dim))

    def _member(self, member: Member) -> tuple[Mask, Mask]:
        values = (*member.op.operands, *member.op.results)
        dims = tuple(ANY if is_free_value(value) else self.dims.batch_dim(value) for value in values)
        key = id(member.strategies), dims
        if key not in self._known:
            shardings = [(*item.operands, *item.results) for item in member.strategies]
            only = np.array([all(self._is_good(s, d) for s, d in zip(each, dims, strict=True)) for each in shardings])
            parts = np.array([max((self._parts(s) for s in each), default=1) for each in shardings])
            self._known[key] = only, only & (parts == parts[only].max())
        return self._known[key]

    def _is_good(self, sharding: Sharding, batch: int) -> bool:
        return batch == ANY or all(dim == batch or self.axes.isdisjoint(axes) for dim, axes in enumerate(sharding.dims))

    def _parts(self, sharding: Sharding) -> int:
        return self.mesh.size(axis for axes in sharding.dims for axis in axes if axis in self.axes)

"""``tofu``: one mesh axis after the other, each the best choice given those before it.

Every step lets one more axis be used: what the earlier axes do is fixed and the later ones rest, so a step is a problem on one
axis.
Tofu's cost is communication with every op split; here a step is priced in seconds, and an op may stay whole.

Source: Tofu's recursive partitioning (Wang, Huang and Li, EuroSys'19, section 5.2).
"""

import time
from collections.abc import Collection

import numpy as np

from dialects.sharding import Sharding
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Site
from passes.choosers.base import Mask, SolverOptions, best_of, evaluated
from passes.solvers.shardings.problem import ShardingSolution

Use = tuple[Sharding, ...]


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Axes in mesh order: major ones, which cross hosts, first."""
    began = time.perf_counter()
    names, uses = case.prices.mesh.names, _Uses()
    choice: tuple[int, ...] = ()
    for step in range(len(names)):
        masks: dict[int, Mask] = {}
        for site in case.graph.sites:
            before = None if step == 0 else choice[site.index]
            masks[site.index] = uses.allowed(site, before, names[:step], names[: step + 1])
        choice = best_of(case.problem, masks, options)
    return evaluated(case, choice, "tofu", began)


class _Uses:
    """Masks of equal sites, made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Mask] = {}

    def allowed(self, site: Site, before: int | None, fixed: tuple[str, ...], usable: tuple[str, ...]) -> Mask:
        """Strategies that use no axis but ``usable``, and the ``fixed`` ones as strategy ``before`` does."""
        key = id(_shared(site)), before, usable, len(site.members)
        if key not in self._known:
            mask = uses_only(site, usable)
            if before is not None:
                fixed_uses = [tuple(only(s, fixed) for s in strategy_use(site, n)) for n in range(len(site.forms))]
                mask &= np.array([use == fixed_uses[before] for use in fixed_uses])
            self._known[key] = mask
        return self._known[key]


def strategy_use(site: Site, strategy: int) -> Use:
    """Every sharding that a strategy of a site speaks of."""
    if not site.members:
        return site.forms[strategy]
    return tuple(
        sharding
        for member in site.members
        for sharding in (*member.strategies[strategy].operands, *member.strategies[strategy].results)
    )


def only(sharding: Sharding, axes: Collection[str]) -> Sharding:
    """``sharding`` with nothing but ``axes``."""
    dims = tuple(tuple(axis for axis in dim if axis in axes) for dim in sharding.dims)
    return Sharding(dims, tuple(axis for axis in sharding.unreduced if axis in axes))


def uses_only(site: Site, axes: Collection[str]) -> Mask:
    """The strategies that use no axis but ``axes``."""
    return np.array([all(set(s.axes) <= set(axes) for s in strategy_use(site, n)) for n in range(len(site.forms))])


def _shared(site: Site) -> object:
    """What equal sites have in common: the strategies of the only member, or the forms."""
    return site.members[0].strategies if len(site.members) == 1 else site.forms

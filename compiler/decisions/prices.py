"""What a choice of shardings costs, group by group, and what any group's other choices would cost with the rest as it is.

A group is an op site or a port with the copy sites of its own values: those only say where the one reshard for several readers is
made. Sums over devices belong to the op that left them open, every other reshard to the op that wants it. So the seconds of all
groups add up to the objective.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from jaxlib.mlir import ir

from compiler.plan.decisions import AlternativeRecord
from compiler.plan.price import SUMS, Price, shorter
from dialects.sharding import Sharding
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Link, Site
from passes.solvers.costs.reshard import Step
from passes.solvers.shardings.problem import Costs

MOST_ALTERNATIVES = 3  # a group: the next best are what people compare; `solve --dump` has every one


class Prices:
    """Prices of the groups of one case under one choice. A group goes by the site that heads it."""

    def __init__(self, case: Case, choice: Sequence[int]) -> None:
        self.case, self.choice = case, choice
        self.groups: dict[int, Price] = {}
        self._copies: dict[int, list[Site]] = defaultdict(list)
        self._into: dict[int, list[Link]] = defaultdict(list)
        self._out: dict[int, list[Link]] = defaultdict(list)
        self._used = case.problem.used_bytes(choice)
        self._rows_of: dict[int, list[int]] = defaultdict(list)
        self._paid: set[tuple[ir.Value, ir.Block, Sharding]] = set()
        self.shared_s = 0.0  # charged for reshards that equal another one of the same value, and so are not made again
        for number, row in enumerate(case.problem.rows):
            for node in row.bytes_of:
                self._rows_of[node].append(number)
        for site in case.graph.sites:
            if site.kind == "copy" and site.value is not None:
                self._copies[case.graph.source_of[site.value][0].index].append(site)
        self._heads = {copy.index: head for head, copies in self._copies.items() for copy in copies}
        for link in case.graph.links:
            self._out[link.source.index].append(link)
            self._into[link.target.index].append(link)
        for site in case.graph.sites:
            if site.index not in self._heads:
                self.groups[site.index] = Price()
                self._run(site)
        for link in case.graph.links:
            self._pay(link)

    def _run(self, site: Site) -> None:
        """The seconds of the ops themselves, and of the collectives that they make at once."""
        price = self.groups[site.index]
        total = float(self.case.prices.node(site)[self.choice[site.index]]) if site.members else 0.0
        finishing = 0.0
        for member in site.members:
            for kind, axes, size in self.case.prices.collectives(member.op, member.strategies[self.choice[site.index]]):
                seconds = site.runs * self.case.prices.costs.collective_s(kind, axes, size)
                price.add(kind, axes, size, site.runs, seconds)
                finishing += seconds
        price.compute_s = total - finishing

    def _pay(self, link: Link) -> None:
        have = self.case.prices.given(link.source, link.result)[self.choice[link.source.index]]
        want = link.wants[self.choice[link.target.index]]
        if have == want:
            return
        source = self._heads.get(link.source.index, link.source.index)
        target = self._heads.get(link.target.index, link.target.index)
        sites = self.case.graph.sites
        reader = target if sites[target].members or not sites[source].members else source
        key = None if link.block is None else (link.value, link.block, want)
        if key in self._paid:
            self.shared_s += link.runs * sum(step.seconds for step in self._path(link, have, want))
            return
        if key is not None:
            self._paid.add(key)
        for step in self._path(link, have, want):
            head = source if step.kind in SUMS else reader
            self.groups[head].add(step.kind, step.axes, step.num_bytes, link.runs, link.runs * step.seconds)

    def _path(self, link: Link, have: Sharding, want: Sharding) -> tuple[Step, ...]:
        return self.case.prices.path(link, have, want)

    def extra_s(self, site: Site) -> Costs:
        """Seconds a step that each strategy of a group costs more than its own, the other groups as they are; own copies follow."""
        index = site.index
        total = self.case.problem.nodes[index].cost.copy()
        mine = {copy.index for copy in self._copies[index]}
        now = float(total[self.choice[index]])
        for link in self._out[index]:
            if link.target.index == index or link.target.index in mine:
                continue
            total += self._edge(link)[:, self.choice[link.target.index]]
        for link in self._into[index]:
            if link.source.index != index:
                total += self._edge(link)[self.choice[link.source.index], :]
        for copy in self._copies[index]:
            onward = self._onward(copy, index)
            made = sum(self._edge(link) for link in self._into[copy.index])
            total += np.asarray(made + onward).min(axis=1)
            now += float(np.asarray(made)[self.choice[index], self.choice[copy.index]])
            now += float(onward[self.choice[copy.index]])
        now += sum(self._now(link) for link in self._out[index] if link.target.index not in {index, *mine})
        now += sum(self._now(link) for link in self._into[index] if link.source.index != index)
        return total - now

    def _onward(self, copy: Site, head: int) -> Costs:
        total = self.case.problem.nodes[copy.index].cost.copy()
        for link in self._out[copy.index]:
            if link.target.index != head:
                total += self._edge(link)[:, self.choice[link.target.index]]
        return total

    def _edge(self, link: Link) -> Costs:
        return self.case.prices.edge(link)

    def _now(self, link: Link) -> float:
        return float(self._edge(link)[self.choice[link.source.index], self.choice[link.target.index]])

    def alternatives(self, site: Site, most: int = MOST_ALTERNATIVES) -> tuple[AlternativeRecord, ...]:
        """The cheapest other strategies of a group."""
        extra = self.extra_s(site)
        order = [int(s) for s in np.argsort(extra, kind="stable") if s != self.choice[site.index]]
        return tuple(
            AlternativeRecord(show_strategy(site, s), shorter(float(extra[s])), self._fits(site, s))
            for s in order[:most]
            if np.isfinite(extra[s])
        )

    def _fits(self, site: Site, strategy: int) -> bool:
        old = self.choice[site.index]
        for number in self._rows_of[site.index]:
            row = self.case.problem.rows[number]
            mine = row.bytes_of[site.index]
            if self._used[number] + float(mine[strategy]) - float(mine[old]) > row.limit_bytes:
                return False
        return True


def show_sharding(sharding: Sharding) -> str:
    """``[x*y, -] sum z``: dim 0 over x and y, dim 1 whole, still to be summed over z."""
    dims = ", ".join("*".join(axes) or "-" for axes in sharding.dims)
    return f"[{dims}]" + (f" sum {'*'.join(sharding.unreduced)}" if sharding.unreduced else "")


def show_strategy(site: Site, strategy: int) -> str:
    """What one strategy does: operands -> results of an op, the one sharding of a cluster or a value; whole scalars left out."""
    if len(site.members) != 1:
        return show_sharding(site.forms[strategy][0]) if site.forms[strategy] else "[]"
    taken = site.members[0].strategies[strategy]
    operands = [show_sharding(item) for item in taken.operands if item.dims or item.unreduced]
    results = " ".join(show_sharding(item) for item in taken.results)
    return f"{' '.join(operands)} -> {results}" if operands else results

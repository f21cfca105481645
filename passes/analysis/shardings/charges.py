"""What buckets cost on top of the bytes that they move: a latency each, charged for every class of collectives that can be one.

A class is a kind of collective over the same axes, of one travelling type, at one moment of one fragment. What an edge puts into
the buckets of a class depends on both its ends, so it is a table of bytes (``passes/solvers/shardings/problem.py``, ``Charge``).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from jaxlib.mlir import ir

from dialects.ops import element_type
from dialects.sharding import Sharding
from passes.analysis.ops.wire import wire_type
from passes.analysis.shardings.graph import Link, Site
from passes.solvers.costs.mesh_costs import Kind, MeshCosts
from passes.solvers.costs.reshard import Step
from passes.solvers.shardings.problem import Charge, Costs

Class = tuple[int, int, Kind, tuple[str, ...], str]  # fragment, moment, kind, axes, travelling type


class Paths(Protocol):
    """What is asked of ``ShardingCosts``."""

    costs: MeshCosts
    bucket_bytes: float

    def limit(self, link: Link) -> float: ...
    def given(self, site: Site, result: int) -> tuple[Sharding, ...]: ...
    def path(self, link: Link, have: Sharding, want: Sharding) -> tuple[Step, ...]: ...


class Charges:
    """One use: ``add`` every link that became an edge, then ``made``."""

    def __init__(self, prices: Paths) -> None:
        self._prices = prices
        self._bytes: dict[Class, dict[int, Costs]] = defaultdict(dict)
        self._runs: dict[Class, float] = {}
        self._known: dict[tuple[object, ...], dict[tuple[Kind, tuple[str, ...], str], Costs]] = {}

    def add(self, link: Link, edge: int) -> None:
        """Edge number ``edge`` of the problem is ``link``, transposed if its target is the first of the two."""
        if not self._prices.limit(link) or link.moment is None:
            return
        for key, table in self._tables(link).items():
            mine = (link.fragment, link.moment, *key)
            self._bytes[mine][edge] = table
            self._runs[mine] = link.runs

    def made(self) -> tuple[Charge, ...]:
        """A charge for each class that some choice uses."""
        found: list[Charge] = []
        for key, tables in self._bytes.items():
            alpha = self._prices.costs.joined_lines(key[2], key[3])[0]
            name = f"{key[2]} over {'*'.join(key[3])} of {key[4]}, moment {key[1]} of fragment {key[0]}"
            found.append(Charge(name, self._runs[key] * alpha, self._prices.bucket_bytes, tables))
        return tuple(found)

    def _tables(self, link: Link) -> dict[tuple[Kind, tuple[str, ...], str], Costs]:
        """(kind, axes, type) -> bytes that travel for each pair of strategies of the edge's two nodes."""
        turned = link.source.index > link.target.index
        sources = self._prices.given(link.source, link.result)
        key = link.value.type, id(sources), id(link.wants), turned
        if key not in self._known:
            found: dict[tuple[Kind, tuple[str, ...], str], Costs] = {}
            for (s, t), steps in self._paths(link, sources).items():
                for step in steps:
                    if step.joins:
                        kind = step.kind, self._in_order(step.axes), _wire(link.value, step.kind)
                        table = found.setdefault(kind, np.zeros((len(sources), len(link.wants))))
                        table[s, t] = step.num_bytes
            self._known[key] = {k: np.ascontiguousarray(table.T) if turned else table for k, table in found.items()}
        return self._known[key]

    def _paths(self, link: Link, sources: Sequence[Sharding]) -> dict[tuple[int, int], tuple[Step, ...]]:
        pairs = [(s, t) for s in range(len(sources)) for t in range(len(link.wants)) if sources[s] != link.wants[t]]
        return {(s, t): self._prices.path(link, sources[s], link.wants[t]) for s, t in pairs}

    def _in_order(self, axes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(axes, key=self._prices.costs.mesh.names.index))


def _wire(value: ir.Value, kind: Kind) -> str:
    return str(wire_type(element_type(value), kind))

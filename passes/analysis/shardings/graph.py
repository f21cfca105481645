"""The fragments of one mesh as a graph of choices: what the intra-operator solver sees, and how its answer leads back to the IR.

A *site* is a place where shardings are chosen, with one node of the problem each:
    op      an op, or a cluster of elementwise ops of one shape that all take one sharding: its strategies
    port    a value id that crosses fragments (arg, batch, acc, v): its shardings
    copy    a value with several readers: the sharding that they share, so that one reshard serves them all
    carry   a value that a loop carries, that the branches of an if give, or that stands behind a barrier (each for itself)
Edges are reshards: from what a site gives to what a reader wants, times how often that happens in a step.
Constants are no sites: every reader makes its own part of them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import BARRIER, CONTROL_FLOW, body_ops, entry_block, num_bytes, op_key, shape_of
from dialects.sharding import Sharding, replicated
from dialects.signature import attr_dicts, int_of, text_of
from dialects.values import kind_of
from passes.analysis.ops.flops import UNKNOWN_TRIPS
from passes.analysis.ops.op_costs import is_free
from passes.analysis.ops.trip_count import trip_count
from passes.analysis.shardings.clusters import Clusters
from passes.analysis.shardings.strategies import Strategies, Strategy

Kind = Literal["op", "port", "copy", "carry"]
Forms = Sequence[tuple[Sharding, ...]]


@dataclass(frozen=True, eq=False)
class Member:
    """An op of an op site and what it does under each strategy of the site."""

    op: ir.Operation
    strategies: tuple[Strategy, ...]


@dataclass(eq=False)
class Site:
    """``forms[s]``: the shardings of the values that this site gives under strategy s. ``runs``: how often a step runs it."""

    index: int
    kind: Kind
    name: str
    shape: tuple[int, ...]
    num_bytes: float  # of the (first) whole value
    forms: Forms
    runs: float
    members: list[Member] = field(default_factory=list[Member])  # of an op site
    value: ir.Value | None = None
    batch_dim: int = -1  # of a port: the dim that the batch runs along
    moment: int | None = None  # of a copy: when it is made, if with others (moment.py)


@dataclass(eq=False)
class Use:
    """A reader: ``wants[s]`` is the sharding of ``value`` that strategy s of ``reader`` needs, ``runs`` times a step."""

    value: ir.Value
    reader: Site
    wants: tuple[Sharding, ...]
    runs: float
    op: ir.Operation
    operand: int
    moment: int | None = None


@dataclass(eq=False)
class Link:
    """An edge: result ``result`` of ``source`` becomes what a reader in ``block`` wants (or what the copy site ``target`` has)."""

    source: Site
    result: int
    target: Site
    wants: tuple[Sharding, ...]
    runs: float
    value: ir.Value
    block: ir.Block | None = None
    moment: int | None = None  # when its collectives travel, if with others (moment.py), and in which of the functions
    fragment: int = 0


@dataclass(eq=False)
class ShardingGraph:
    """Sites in a fixed order, links between them, and lookups for those who write the answer back."""

    sites: list[Site] = field(default_factory=list[Site])
    links: list[Link] = field(default_factory=list[Link])
    uses: list[Use] = field(default_factory=list[Use])  # every operand, those that read constants too
    op_site: dict[ir.Value | ir.Block, tuple[Site, Member]] = field(
        default_factory=dict[ir.Value | ir.Block, tuple[Site, Member]]
    )
    ports: dict[str, Site] = field(default_factory=dict[str, Site])
    carries: dict[tuple[ir.Value | ir.Block, int], Site] = field(
        default_factory=dict[tuple[ir.Value | ir.Block, int], Site]
    )
    copies: dict[ir.Value, Site] = field(default_factory=dict[ir.Value, Site])
    source_of: dict[ir.Value, tuple[Site, int]] = field(default_factory=dict[ir.Value, tuple[Site, int]])


class GraphBuilder:
    """``GraphBuilder(strategies, runs_of, aliases, closed).build(funcs)``.

    ``runs_of(func)``: how often a step runs a fragment. ``aliases``: value id -> the id that it shares its sharding with
    (the next value of a state has the sharding of the state, so that it can take its buffer). ``closed``: ids of the step's
    results, which users read: they are finished sums.
    """

    def __init__(
        self,
        strategies: Strategies,
        runs_of: Callable[[ir.OpView], float],
        aliases: Mapping[str, str],
        closed: Collection[str] = (),
    ) -> None:
        self.strategies, self.runs_of, self.aliases, self.closed = strategies, runs_of, aliases, closed
        self.graph = ShardingGraph()
        self.clusters = Clusters(strategies)
        self._made: dict[ir.Value, float] = {}  # how often a step makes a value

    def build(self, funcs: Sequence[ir.OpView]) -> ShardingGraph:
        """The graph of all ``funcs``, which run on one mesh."""
        for func in funcs:
            runs, block, first = self.runs_of(func), entry_block(func), len(self.graph.uses)
            for argument, entry in zip(block.arguments, attr_dicts(func, "arg_attrs"), strict=True):
                self._gives(argument, self._port(entry, argument, runs), 0, runs)
                if kind_of(text_of(entry, names.VALUE)) == "acc":
                    self.clusters.accumulators.add(argument)
            self._block(block, runs)
            terminator = body_ops(block)[-1]
            for i, (value, entry) in enumerate(zip(terminator.operands, attr_dicts(func, "res_attrs"), strict=True)):
                port = self._port(entry, value, runs)
                self._use(value, port, self.strategies.first(port.forms), runs, terminator, i)
            self._connect(self.graph.uses[first:])
        return self.graph

    def _site(self, kind: Kind, name: str, value: ir.Value | None, forms: Forms, runs: float) -> Site:
        shape = shape_of(value) if value is not None else ()
        size = num_bytes(value) if value is not None else 0.0
        site = Site(len(self.graph.sites), kind, name, shape, size, forms, runs)
        self.graph.sites.append(site)
        return site

    def _gives(self, value: ir.Value, site: Site, result: int, runs: float) -> None:
        self.graph.source_of[value] = site, result
        self._made[value] = runs

    def _use(
        self, value: ir.Value, reader: Site, wants: tuple[Sharding, ...], runs: float, op: ir.Operation, i: int
    ) -> None:
        self.graph.uses.append(Use(value, reader, wants, runs, op, i))

    def _port(self, entry: Mapping[str, ir.Attribute], value: ir.Value, runs: float) -> Site:
        own_id = text_of(entry, names.VALUE)
        value_id, shape = self.aliases.get(own_id, own_id), shape_of(value)
        if value_id not in self.graph.ports:
            kind = kind_of(value_id)
            open_sums = kind == "acc" and own_id not in self.closed
            forms = self.strategies.forms(shape, unreduced=open_sums)
            if kind == "index":
                forms = ((replicated(len(shape)),),)
            site = self.graph.ports[value_id] = self._site("port", value_id, value, forms, runs)
            dim = int_of(entry, names.VALUE_DIM)
            site.batch_dim = -1 if dim is None or kind == "arg" else dim
        return self.graph.ports[value_id]

    def _block(self, block: ir.Block, runs: float) -> None:
        for op in body_ops(block)[:-1]:
            if op.name in (*CONTROL_FLOW, BARRIER):
                self._control_flow(op, runs)
            elif not is_free(op):
                self._leaf(op, runs)

    def _leaf(self, op: ir.Operation, runs: float) -> None:
        home = self.clusters.home(op)
        found = None if home is None else self.strategies.elementwise(op)
        if found is None:
            found = self.strategies.of(op)
        if home is not None and home in self.graph.op_site:
            site = self.graph.op_site[home][0]
        else:
            value = op.results[0] if len(op.results) else None
            site = self._site("op", op.name, value, self.strategies.given(found), runs)
        member = Member(op, found)
        site.members.append(member)
        self.graph.op_site[op_key(op)] = site, member
        for i, value in enumerate(op.results):
            self._gives(value, site, i, runs)
        for i, value in enumerate(op.operands):
            self._use(value, site, self.strategies.wants(found, i), runs, op, i)

    def _control_flow(self, op: ir.Operation, runs: float) -> None:
        loop = op.name == "stablehlo.while"
        trips = (trip_count(op) or UNKNOWN_TRIPS) if loop else 1
        carried = [self._carry(op, i, value, runs) for i, value in enumerate(op.results)]
        scalar = (replicated(0),)
        if loop or op.name == BARRIER:
            for i, value in enumerate(op.operands):
                self._use(value, carried[i], self.strategies.first(carried[i].forms), runs, op, i)
        else:
            self._use(op.operands[0], self._fixed("predicate", runs), scalar, runs, op, 0)
        for number, region in enumerate(op.regions):
            block = region.blocks[0]
            for argument, site in zip(block.arguments, carried, strict=False):
                self._gives(argument, site, 0, runs * trips)
            self._block(block, runs * trips)
            terminator = body_ops(block)[-1]
            for i, value in enumerate(terminator.operands):
                if loop and number == 0:
                    self._use(value, self._fixed("predicate", runs * trips), scalar, runs * trips, terminator, i)
                else:
                    forms = self.strategies.first(carried[i].forms)
                    self._use(value, carried[i], forms, runs * trips, terminator, i)

    def _carry(self, op: ir.Operation, i: int, value: ir.Value, runs: float) -> Site:
        site = self._site("carry", f"{op.name} #{i}", value, self.strategies.forms(shape_of(value)), runs)
        site.value = value
        self.graph.carries[op_key(op), i] = site
        self._gives(value, site, 0, runs)
        return site

    def _fixed(self, name: str, runs: float) -> Site:
        return self._site("copy", name, None, ((replicated(0),),), runs)

    def _connect(self, uses: Sequence[Use]) -> None:
        """Links of one function: straight to a single reader, through a copy site to several."""
        readers: dict[ir.Value, list[Use]] = {}
        for use in uses:
            if use.value in self.graph.source_of and self.graph.source_of[use.value][0] is not use.reader:
                readers.setdefault(use.value, []).append(use)
        for value, mine in readers.items():
            source, result = self.graph.source_of[value]
            if len(mine) > 1 and len(source.forms) > 1:
                source, result = self._copy(value, source, result), 0
            for use in mine:
                self.graph.links.append(Link(source, result, use.reader, use.wants, use.runs, value, use.op.block))

    def _copy(self, value: ir.Value, source: Site, result: int) -> Site:
        partial = any(form[result].unreduced for form in source.forms)
        forms = self.strategies.forms(shape_of(value), unreduced=partial)
        runs = self._made[value]
        site = self._site("copy", f"copy of {source.name}", value, forms, runs)
        site.value = value
        self.graph.copies[value] = site
        self.graph.links.append(Link(source, result, site, self.strategies.first(forms), runs, value))
        return site

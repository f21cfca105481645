"""The intra-operator decision: read the fragments into a problem, solve it, keep what is needed to write it back.

A decision is made for all fragments of one mesh at once, since they share arguments, accumulators and saved values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import body_ops, entry_block, main_func
from dialects.sdy_attrs import symbol_of
from dialects.signature import attr_dicts, fragment_funcs, int_of, op_int, op_text, text_of
from dialects.values import PER_MICROBATCH, kind_of
from passes.analysis.memory.liveness import compiler_of
from passes.analysis.shardings.annotations import Annotations, read_annotations
from passes.analysis.shardings.costs import ShardingCosts
from passes.analysis.shardings.graph import GraphBuilder, ShardingGraph
from passes.analysis.shardings.moment import mark_moments
from passes.analysis.shardings.moments import memory_rows
from passes.analysis.shardings.strategies import Strategies
from passes.solvers.costs.mesh_costs import MeshCosts
from passes.solvers.shardings.problem import ShardingProblem

PORTS = ("arg_attrs", "res_attrs")


@dataclass(frozen=True, eq=False)
class Case:
    """Everything about one mesh that choosers look at.

    ``symbol``: of its ``sdy.mesh``. ``roles``: value id of an argument -> its role. ``aliases``: value id -> the id of the port
    that it shares. ``annotations``: what the user asks for. ``saved``: ids of values that each microbatch in flight has its own of.
    """

    symbol: str
    funcs: tuple[ir.OpView, ...]
    graph: ShardingGraph
    prices: ShardingCosts
    problem: ShardingProblem
    roles: Mapping[str, str]
    aliases: Mapping[str, str]
    annotations: Annotations
    saved: frozenset[str]


class Cases:
    """The fragments of a module by mesh, and what they all share; ``read`` makes the problem of one mesh.

    ``in_flight[stage]``: microbatches alive, default all. Fragments that name no mesh lie on one of their stage's own.
    ``bucket_bytes``: of the buffers in which collectives of one moment travel, 0: each alone. Shardy's rules must be on the ops
    (``write_rules``).
    """

    def __init__(self, module: ir.Module, in_flight: Sequence[int] = (), bucket_bytes: float = 0.0) -> None:
        self.module, self.in_flight, self.bucket_bytes = module, in_flight, bucket_bytes
        self.microbatches = op_int(module.operation, names.MICROBATCHES) or 1
        self.aliases, self.roles = _aliases(module), _roles(module)
        self.groups: dict[int, list[ir.OpView]] = {}
        for func in fragment_funcs(module):
            number = op_int(func.operation, names.MESH)
            self.groups.setdefault(_stage(func) if number is None else number, []).append(func)
        self.closed = {text_of(entry, names.VALUE) for entry in attr_dicts(main_func(module), "res_attrs")}
        self.closed |= _shared(self.groups.values())
        self.saved = _per_microbatch(fragment_funcs(module))
        self._known: dict[
            tuple[MeshCosts, bool], tuple[Strategies, ShardingCosts]
        ] = {}  # equal meshes share all tables

    @property
    def meshes(self) -> tuple[int, ...]:
        """The numbers of the meshes that have fragments."""
        return tuple(sorted(self.groups))

    def symbol(self, mesh: int) -> str:
        """What mesh number ``mesh`` is called in the IR."""
        return symbol_of(self.groups[mesh][0])

    def values(self, mesh: int) -> set[str]:
        """Ids of what the fragments of a mesh read and give."""
        return _values(self.groups[mesh])

    def read(self, mesh: int, costs: MeshCosts) -> Case:
        """The problem of mesh number ``mesh`` with the logical shape of ``costs``."""
        funcs = self.groups[mesh]
        others = {value for other in self.meshes if other != mesh for value in self.values(other)}
        annotations = read_annotations(self.module, costs.mesh, self.aliases, funcs, others - self.values(mesh))
        key = costs, bool(annotations)
        if key not in self._known:
            # a user may want an image's rows split though there are images enough
            strategies = Strategies(costs.mesh, all_windows=bool(annotations))
            self._known[key] = strategies, ShardingCosts(costs, self.bucket_bytes)
        strategies, prices = self._known[key]
        stages = [_stage(func) for func in funcs]
        alive = max(self.in_flight[stage] for stage in stages) if self.in_flight else self.microbatches

        def count(value_id: str) -> float:
            return float(alive) if value_id in self.saved else 1.0

        graph = GraphBuilder(strategies, self._runs_of, self.aliases, self.closed).build(funcs)
        if self.bucket_bytes:
            mark_moments(graph, funcs, self._arriving(mesh))
        rows = memory_rows(graph, funcs, costs.mesh, costs.memory_bytes, count, compiler_of(dict(costs.flops_per_s)))
        problem = prices.problem(graph, rows)
        return Case(
            self.symbol(mesh), tuple(funcs), graph, prices, problem, self.roles, self.aliases, annotations, self.saved
        )  # fmt: skip

    def _arriving(self, mesh: int) -> set[str]:
        """Ids of what only other meshes make: how it lands is decided later, and with it how it is resharded."""
        given = {number: _values(funcs, PORTS[1:]) for number, funcs in self.groups.items()}
        return {value for other, values in given.items() if other != mesh for value in values} - given[mesh]

    def _runs_of(self, func: ir.OpView) -> float:
        return float(self.microbatches if op_text(func.operation, names.PHASE) in PER_MICROBATCH else 1)


def read_cases(module: ir.Module, costs: MeshCosts, in_flight: Sequence[int] = ()) -> list[Case]:
    """One case a mesh, all with the logical shape of ``costs``."""
    cases = Cases(module, in_flight)
    return [cases.read(mesh, costs) for mesh in cases.meshes]


def _stage(func: ir.OpView) -> int:
    return op_int(func.operation, names.STAGE) or 0


def _values(funcs: Iterable[ir.OpView], ports: Sequence[str] = PORTS) -> set[str]:
    return {text_of(entry, names.VALUE) for func in funcs for which in ports for entry in attr_dicts(func, which)}


def _shared(groups: Iterable[Sequence[ir.OpView]]) -> set[str]:
    """Values that fragments of several meshes read or give: between meshes go whole values, not parts of sums."""
    seen: set[str] = set()
    twice: set[str] = set()
    for funcs in groups:
        mine = _values(funcs)
        twice |= mine & seen
        seen |= mine
    return twice


def _per_microbatch(funcs: Sequence[ir.OpView]) -> frozenset[str]:
    """What forward and backward read or give, but what setup or update makes for all microbatches: a cast of a weight."""
    each = [func for func in funcs if op_text(func.operation, names.PHASE) in PER_MICROBATCH]
    others = [func for func in funcs if op_text(func.operation, names.PHASE) not in PER_MICROBATCH]
    once = {text_of(entry, names.VALUE) for func in others for entry in attr_dicts(func, "res_attrs")}
    return frozenset(value for value in _values(each) - once if kind_of(value) in ("v", "batch"))


def _aliases(module: ir.Module) -> dict[str, str]:
    """Value id -> the first id of its class: a state and its next value lie alike, so that one takes the other's buffer."""
    main = main_func(module)
    arguments, results = attr_dicts(main, "arg_attrs"), attr_dicts(main, "res_attrs")
    values = list(zip(results, body_ops(entry_block(main))[-1].operands, strict=True))
    parent: dict[str, str] = {}

    def root(value: str) -> str:
        while parent.get(value, value) != value:
            value = parent[value]
        return value

    for entry, value in zip(arguments, entry_block(main).arguments, strict=True):
        index = int_of(entry, names.STATE_RESULT)
        if index is not None and values[index][1].type == value.type:
            pair = {root(text_of(entry, names.VALUE)), root(text_of(values[index][0], names.VALUE))}
            first, second = min(pair, key=_arguments_first), max(pair, key=_arguments_first)
            parent[second] = first
    return {value: root(value) for value in [*parent, *parent.values()]}


def _roles(module: ir.Module) -> dict[str, str]:
    entries = attr_dicts(main_func(module), "arg_attrs")
    return {text_of(entry, names.VALUE): text_of(entry, names.ROLE) for entry in entries}


def _arguments_first(value: str) -> tuple[bool, str]:
    return kind_of(value) != "arg", value

"""The intra-operator decision: read the fragments into a problem, solve it, keep what is needed to write it back.

A decision is made for all fragments of one mesh at once, since they share arguments, accumulators and saved values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import body_ops, entry_block, main_func
from dialects.signature import attr_dicts, fragment_funcs, int_of, op_int, op_text, text_of
from dialects.values import PER_MICROBATCH, kind_of
from passes.analysis.memory.liveness import compiler_of
from passes.analysis.shardings.annotations import Annotations, read_annotations
from passes.analysis.shardings.costs import ShardingCosts
from passes.analysis.shardings.graph import GraphBuilder, ShardingGraph
from passes.analysis.shardings.moments import memory_rows
from passes.analysis.shardings.strategies import Strategies
from passes.solvers.costs.mesh_costs import MeshCosts
from passes.solvers.shardings.problem import ShardingProblem

PORTS = ("arg_attrs", "res_attrs")


@dataclass(frozen=True, eq=False)
class Case:
    """Everything about one mesh that choosers look at.

    ``roles``: value id of an argument -> its role. ``aliases``: value id -> the id of the port that it shares.
    ``annotations``: what the user asks for. ``saved``: ids of values that each microbatch in flight has its own of.
    """

    funcs: tuple[ir.OpView, ...]
    graph: ShardingGraph
    prices: ShardingCosts
    problem: ShardingProblem
    roles: Mapping[str, str]
    aliases: Mapping[str, str]
    annotations: Annotations
    saved: frozenset[str]


def read_cases(
    module: ir.Module, costs: MeshCosts, mesh_of: Sequence[int] = (), in_flight: Sequence[int] = ()
) -> list[Case]:
    """One case a mesh. ``mesh_of[stage]``: default its own; ``in_flight[stage]``: microbatches alive, default all.

    Shardy's rules must be on the ops (``populate_rules``).
    """
    microbatches = op_int(module.operation, names.MICROBATCHES) or 1
    aliases, roles = _aliases(module), _roles(module)
    closed = {text_of(entry, names.VALUE) for entry in attr_dicts(main_func(module), "res_attrs")}
    annotations = read_annotations(module, costs.mesh, aliases)
    saved = _per_microbatch(fragment_funcs(module))
    groups: dict[int, list[ir.OpView]] = {}
    for func in fragment_funcs(module):
        stage = op_int(func.operation, names.STAGE) or 0
        groups.setdefault(mesh_of[stage] if mesh_of else stage, []).append(func)
    closed |= _shared(groups.values())
    # a user may want an image's rows split though there are images enough
    strategies, prices = Strategies(costs.mesh, all_windows=bool(annotations)), ShardingCosts(costs)

    def runs_of(func: ir.OpView) -> float:
        return float(microbatches if op_text(func.operation, names.PHASE) in PER_MICROBATCH else 1)

    cases: list[Case] = []
    for mesh in sorted(groups):
        funcs = groups[mesh]
        stages = [op_int(func.operation, names.STAGE) or 0 for func in funcs]
        alive = max((in_flight[stage] for stage in stages), default=microbatches) if in_flight else microbatches

        def count(value_id: str, alive: int = alive) -> float:
            return float(alive) if value_id in saved else 1.0

        graph = GraphBuilder(strategies, runs_of, aliases, closed).build(funcs)
        compiler = compiler_of(dict(costs.flops_per_s))
        rows = memory_rows(graph, funcs, costs.mesh, costs.memory_bytes, count, compiler)
        problem = prices.problem(graph, rows)
        cases.append(Case(tuple(funcs), graph, prices, problem, roles, aliases, annotations, saved))
    return cases


def _shared(groups: Iterable[Sequence[ir.OpView]]) -> set[str]:
    """Values that fragments of several meshes read or give: between meshes go whole values, not parts of sums."""
    seen: set[str] = set()
    twice: set[str] = set()
    for funcs in groups:
        mine = {text_of(entry, names.VALUE) for func in funcs for which in PORTS for entry in attr_dicts(func, which)}
        twice |= mine & seen
        seen |= mine
    return twice


def _per_microbatch(funcs: Sequence[ir.OpView]) -> frozenset[str]:
    """What forward and backward read or give, but what setup or update makes for all microbatches: a cast of a weight."""
    seen: set[str] = set()
    once: set[str] = set()
    for func in funcs:
        if op_text(func.operation, names.PHASE) in PER_MICROBATCH:
            for which in PORTS:
                seen |= {text_of(entry, names.VALUE) for entry in attr_dicts(func, which)}
        else:
            once |= {text_of(entry, names.VALUE) for entry in attr_dicts(func, "res_attrs")}
    return frozenset(value for value in seen - once if kind_of(value) in ("v", "batch"))


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

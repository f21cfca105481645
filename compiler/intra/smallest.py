"""The plan that needs the least memory, whatever it costs: what is left when the cheapest choice with room turns out too large.

Memory rows are what the solver knows of memory; what a device's own program needs is known only once it is written. So the least
of the rows bounds the need from below, and this plan's need, measured on its programs, is a number that a plan really has.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxlib.mlir import ir

from compiler.frontends.annotate import user_mesh
from compiler.intra.decide import Decided, meshes_tried
from compiler.machine.description import Machine
from compiler.machine.layout import Layout, in_flight
from compiler.machine.meshes import mesh_costs
from compiler.options import PlanOptions
from dialects import attributes as names
from dialects.signature import op_int
from passes.analysis.shardings.cases import Case, read_cases
from passes.choosers.base import evaluated
from passes.rules import write_rules
from passes.shardings.choose_shardings import ChooseShardings, Decision
from passes.solvers.shardings.problem import Costs, Edge, MemoryRow, Node, ShardingProblem
from passes.solvers.shardings.solve import solve_sharding

SECONDS = 20.0  # for one problem of bytes
_TIME_SHARE = 1e-3  # of the bytes: among choices of equal size the faster one


def decide_smallest(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> Decided:
    """Like ``intra.decide``, for bytes instead of seconds, on the logical mesh where they are least."""
    microbatches = op_int(module.operation, names.MICROBATCHES) or 1
    alive = in_flight(options.schedule, len(layout.mesh_of), microbatches)
    chooser = ChooseShardings(intra=options.intra, mesh_of=layout.mesh_of, in_flight=alive)
    own = user_mesh(module, layout.width, options.mesh)
    write_rules(module)
    found: list[tuple[float, Decided]] = []
    for shape in meshes_tried(machine, layout, options.mesh) if own is None else [own]:
        costs = mesh_costs(machine, shape, layout.meshes[0].ranks[0])
        decisions = [_smallest(case) for case in read_cases(module, costs, layout.mesh_of, alive)]
        need = max((max(d.solution.used_bytes, default=0.0) for d in decisions), default=0.0)
        found.append((need, Decided(chooser, costs, decisions, sum(d.solution.certificate.seconds for d in decisions))))
    return min(found, key=lambda item: item[0])[1]


def _smallest(case: Case) -> Decision:
    """The better of two: least in all rows together, least in the row that is then the fullest."""
    began = time.perf_counter()
    first = _least(case, case.problem.rows)
    if not case.problem.rows:
        return Decision(case, evaluated(case, first, "least memory", began))
    used = case.problem.used_bytes(first)
    fullest = case.problem.rows[max(range(len(used)), key=lambda number: used[number])]
    second = _least(case, (fullest,))
    choice = min(first, second, key=lambda choice: max(case.problem.used_bytes(choice)))
    return Decision(case, evaluated(case, choice, "least memory", began))


def _least(case: Case, rows: Sequence[MemoryRow]) -> tuple[int, ...]:
    problem = case.problem
    sizes: dict[int, Costs] = {}
    for row in rows:
        for node, use in row.bytes_of.items():
            sizes[node] = sizes[node] + use if node in sizes else use
    least_bytes = sum(float(use.min()) for use in sizes.values())
    least_s = sum(float(node.cost.min()) for node in problem.nodes)
    share = _TIME_SHARE * least_bytes / max(least_s, 1e-9)
    scaled = _scaled(share)
    nodes = tuple(Node(node.name, _plus(scaled(node.cost), sizes, n)) for n, node in enumerate(problem.nodes))
    edges = tuple(Edge(edge.a, edge.b, scaled(edge.cost)) for edge in problem.edges)
    return solve_sharding(ShardingProblem(nodes, edges), time_limit_s=SECONDS).choice


def _plus(cost: Costs, sizes: Mapping[int, Costs], node: int) -> Costs:
    return cost + sizes[node] if node in sizes else cost


def _scaled(share: float) -> Callable[[Costs], Costs]:
    """Tables times ``share``; equal ones stay one, as the solver likes them."""
    known: dict[int, Costs] = {}

    def scale(cost: Costs) -> Costs:
        if id(cost) not in known:
            known[id(cost)] = np.asarray(cost * share)
        return known[id(cost)]

    return scale

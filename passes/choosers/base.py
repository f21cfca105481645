"""What choosers share: forbidding strategies, solving what is left, and where the batch runs."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxlib.mlir import ir
from numpy.typing import NDArray

from dialects import attributes as names
from dialects.ops import parent_op
from dialects.sharding import Sharding
from dialects.signature import op_text
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Site
from passes.solvers.shardings.problem import Backend, Certificate, Costs, Node, ShardingProblem, ShardingSolution
from passes.solvers.shardings.solve import NoFiniteChoice, solve_sharding

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SolverOptions:
    """Which back end of python-mip, and how long it may branch."""

    backend: Backend = "highs"
    time_limit_s: float = 600.0


Chooser = Callable[[Case, SolverOptions], ShardingSolution]


def restricted(
    problem: ShardingProblem, masks: Mapping[int, Mask], fine_s: float = np.inf, rows: bool = False
) -> ShardingProblem:
    """``problem`` with ``fine_s`` more seconds on every strategy that its mask leaves out, and without memory rows unless ``rows``.

    A mask that leaves a node no finite strategy says nothing: the node keeps all of its own.
    """
    nodes = list(problem.nodes)
    shared: dict[tuple[int, bytes], Costs] = {}
    for index, mask in masks.items():
        cost = nodes[index].cost
        if mask.all() or not np.isfinite(cost[mask]).any():
            continue
        key = id(cost), mask.tobytes()
        if key not in shared:
            shared[key] = np.where(mask, cost, cost + fine_s)
        nodes[index] = Node(nodes[index].name, shared[key])
    return ShardingProblem(tuple(nodes), problem.edges, problem.rows if rows else (), problem.charges)


def solved(case: Case, masks: Mapping[int, Mask], options: SolverOptions, name: str) -> ShardingSolution:
    """The best choice among what ``masks`` allow, whatever memory it takes: the rules of choosers do not look at memory.

    Where the masks contradict each other, as few sites as possible leave them.
    """
    began = time.perf_counter()
    return evaluated(case, best_of(case.problem, masks, options), name, began)


def best_of(problem: ShardingProblem, masks: Mapping[int, Mask], options: SolverOptions) -> tuple[int, ...]:
    """The choice that ``solved`` is about."""
    try:
        found = solve_sharding(restricted(problem, masks), backend=options.backend, time_limit_s=options.time_limit_s)
    except NoFiniteChoice:
        least = sum(float(node.cost[np.isfinite(node.cost)].min()) for node in problem.nodes)
        softer = restricted(problem, masks, fine_s=1.0 + 10 * least)  # dearer than any reshards around a site
        found = solve_sharding(softer, backend=options.backend, time_limit_s=options.time_limit_s)
    return found.choice


def evaluated(case: Case, choice: Sequence[int], name: str, began: float) -> ShardingSolution:
    """A choice of chooser ``name`` with its price in the whole problem. It proves nothing: the bound is 0 seconds.

    ``began``: ``time.perf_counter()`` when the chooser began.
    """
    problem, mine = case.problem, tuple(int(s) for s in choice)
    size = len(problem.nodes), len(problem.edges)
    seconds = time.perf_counter() - began
    certificate = Certificate(problem.objective(mine), 0.0, 1.0, name, *size, *size, seconds)
    return ShardingSolution(mine, certificate, problem.used_bytes(mine))


def keep(site: Site, good: Callable[[Sharding], bool]) -> Mask:
    """The strategies of a port, copy or carry whose sharding is ``good``."""
    return np.array([good(form[0]) for form in site.forms])


def batch_dim(value: ir.Value) -> int:
    """The dim that the batch runs along in a value of a fragment; -1 if none or unknown."""
    if isinstance(value, ir.OpResult):
        op = value.owner.operation
        if names.BATCH_DIM in op.attributes:
            return list(ir.DenseI64ArrayAttr(op.attributes[names.BATCH_DIM]))[value.result_number]
        return -1
    if not isinstance(value, ir.BlockArgument):
        return -1
    owner = parent_op(value)
    if owner.name != "func.func":
        return -1
    entry = ir.DictAttr(ir.ArrayAttr(owner.attributes["arg_attrs"])[value.arg_number])
    return ir.IntegerAttr(entry[names.VALUE_DIM]).value if names.VALUE_DIM in entry else -1


def parts_of(case: Case, sharding: Sharding) -> int:
    """In how many parts ``sharding`` divides a tensor."""
    return case.prices.parts(sharding)


def most_split(case: Case, site: Site) -> Mask:
    """The shardings of a port that divide it among as many devices as its sizes allow, with no sum left open."""
    parts = np.array([0 if form[0].unreduced else parts_of(case, form[0]) for form in site.forms])
    return parts == parts.max()


def phase_of(site: Site) -> str:
    """The phase of the fragment that a site lies in; "" for a port, which lies between fragments."""
    if site.kind == "port" or (site.value is None and not site.members):
        return ""
    op = site.members[0].op if site.members else _home(site.value)
    while op.name != "func.func":
        parent = op.parent
        if parent is None:
            return ""
        op = parent.operation
    return op_text(op, names.PHASE)


def _home(value: ir.Value | None) -> ir.Operation:
    assert value is not None
    return value.owner.operation if isinstance(value, ir.OpResult) else parent_op(ir.BlockArgument(value))

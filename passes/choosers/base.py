"""What choosers share: forbidding strategies, solving what is left, and where the batch runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxlib.mlir import ir
from numpy.typing import NDArray

from dialects import attributes as names
from dialects.ops import parent_op
from dialects.sharding import Sharding
from passes.analysis.sharding_graph import Site
from passes.decide_shardings import Case
from passes.solvers.sharding_problem import Backend, Costs, Node, ShardingProblem, ShardingSolution
from passes.solvers.solve_sharding import solve_sharding

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SolverOptions:
    """Which back end of python-mip, and how long it may branch."""

    backend: Backend = "cbc"
    time_limit_s: float = 60.0


Chooser = Callable[[Case, SolverOptions], ShardingSolution]


def restricted(problem: ShardingProblem, masks: Mapping[int, Mask], rows: bool = True) -> ShardingProblem:
    """``problem`` with only the strategies that ``masks[node]`` allows; a mask that allows none is a defect of its chooser."""
    nodes = list(problem.nodes)
    shared: dict[tuple[int, bytes], Costs] = {}
    for index, mask in masks.items():
        if not mask.any():
            raise ValueError(f"no strategy is left for {nodes[index].name}")
        key = id(nodes[index].cost), mask.tobytes()
        if key not in shared:
            shared[key] = np.where(mask, nodes[index].cost, np.inf)
        nodes[index] = Node(nodes[index].name, shared[key])
    return ShardingProblem(tuple(nodes), problem.edges, problem.rows if rows else ())


def solved(case: Case, masks: Mapping[int, Mask], options: SolverOptions) -> ShardingSolution:
    """The best choice among what ``masks`` allow, whatever memory it takes: these rules do not look at memory."""
    problem = restricted(case.problem, masks, rows=False)
    return solve_sharding(problem, backend=options.backend, time_limit_s=options.time_limit_s)


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


def splits_only(sharding: Sharding, dim: int) -> bool:
    """Whether no dim but ``dim`` is split."""
    return all(not axes or i == dim for i, axes in enumerate(sharding.dims))

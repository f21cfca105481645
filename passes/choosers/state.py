"""ZeRO's rule, shared by its three stages: activations as in ``data``, and state split over all devices that its dims allow."""

from collections.abc import Collection

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import entry_block
from dialects.signature import attr_dicts, op_text, text_of
from dialects.values import ONCE_A_STEP, UPDATE, kind_of
from passes.analysis.ops.local_rules import ELEMENTWISE
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Site
from passes.choosers.base import Mask, SolverOptions, keep, most_split, phase_of, solved
from passes.choosers.data import Rows
from passes.solvers.shardings.problem import ShardingSolution


def choose_split_state(
    case: Case, options: SolverOptions, name: str, roles: Collection[str], gradients: bool
) -> ShardingSolution:
    """State of these ``roles`` is split as far as it goes, other state is whole; the update runs on the parts.

    With ``gradients`` what the backward leaves for the update is split too. The solver picks dims and axes.
    """
    rows, left = Rows(case), left_for_update(case) if gradients else set[str]()
    free = _beside(case, left)
    masks: dict[int, Mask] = {}
    for value_id, port in case.graph.ports.items():
        role = case.roles.get(value_id, "")
        if role in roles or value_id in left:
            masks[port.index] = most_split(case, port)
        elif role in ("parameter", "optimizer", "state", "constant"):
            masks[port.index] = keep(port, lambda sharding: not any(sharding.dims))
        else:
            masks[port.index] = rows.of(port)
    for site in case.graph.sites:
        if site.kind != "port" and phase_of(site) not in ONCE_A_STEP and site.index not in free:
            masks[site.index] = rows.of(site)
    return solved(case, masks, options, name)


def left_for_update(case: Case) -> set[str]:
    """Ids of what the update reads of the other phases: accumulated gradients, or gradients where nothing accumulates."""
    read: set[str] = set()
    for func in case.funcs:
        if op_text(func.operation, names.PHASE) == UPDATE:
            arguments = zip(entry_block(func).arguments, attr_dicts(func, "arg_attrs"), strict=True)
            read |= {text_of(entry, names.VALUE) for value, entry in arguments if _is_float(value)}
    return {value_id for value_id in read if kind_of(value_id) in ("acc", "v")}


def _beside(case: Case, ports: Collection[str]) -> set[int]:
    """Sites between ``ports`` and the products behind them: where a gradient is added to those of earlier microbatches."""
    indices = {case.graph.ports[value_id].index for value_id in ports if value_id in case.graph.ports}
    free: set[int] = set()
    for _ in range(2):  # the port, then a copy that its readers share
        for link in case.graph.links:
            for here, there in ((link.source, link.target), (link.target, link.source)):
                if here.index in indices and there.kind != "port" and _is_light(there):
                    free.add(there.index)
        indices |= {index for index in free if case.graph.sites[index].kind == "copy"}
    return free


def _is_light(site: Site) -> bool:
    return all(member.op.name in ELEMENTWISE for member in site.members)


def _is_float(value: ir.Value) -> bool:
    return isinstance(value.type, ir.RankedTensorType) and isinstance(
        ir.RankedTensorType(value.type).element_type, ir.FloatType
    )

"""What a choice of shardings takes on each device, by class: parameters, optimizer, gradients, activations, batch, temporaries."""

from collections.abc import Sequence

from compiler.plan.decisions import CLASSES, MemoryRecord
from dialects.values import kind_of
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Site
from passes.solvers.shardings.problem import MemoryRow

_ROLES = {"parameter": "parameters", "optimizer": "optimizer", "batch": "batch"}


def memory_record(case: Case, choice: Sequence[int]) -> MemoryRecord:
    """The fullest moment under ``choice``."""
    used = case.problem.used_bytes(choice)
    if not used:
        return MemoryRecord("", case.prices.costs.memory_bytes, {})
    fullest = max(range(len(used)), key=lambda number: used[number])
    row = case.problem.rows[fullest]
    return MemoryRecord(row.name.rpartition(" ")[0], row.limit_bytes, bytes_by_class(case, row, choice))


def bytes_by_class(case: Case, row: MemoryRow, choice: Sequence[int]) -> dict[str, float]:
    """Class -> bytes on each device in one memory row."""
    return _summed(case, row, {node: float(use[choice[node]]) for node, use in row.bytes_of.items()})


def _summed(case: Case, row: MemoryRow, sizes: dict[int, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for node in row.bytes_of:
        site = case.graph.sites[node]
        kind = _class_of(case, site)
        found[kind] = found.get(kind, 0.0) + sizes[node]
    return {kind: found[kind] for kind in CLASSES if found.get(kind)}


def _class_of(case: Case, site: Site) -> str:
    if site.kind != "port":
        return "temporaries"
    kind = kind_of(site.name)
    if kind == "acc":
        return "gradients and accumulators"
    if kind in ("arg", "batch"):
        default = "batch" if kind == "batch" else "other arguments"
        return _ROLES.get(case.roles.get(site.name, ""), default)
    return "activations" if site.name in case.saved else "values of the step"

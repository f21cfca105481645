"""What a choice of shardings takes on each device, by class: parameters, optimizer, gradients, activations, batch, temporaries."""

from collections.abc import Sequence

from compiler.plan.decisions import CLASSES, MemoryRecord
from dialects import attributes as names
from dialects.signature import attr_dicts, op_text, text_of
from dialects.values import PER_MICROBATCH, kind_of
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
    saved = _saved(case)
    found: dict[str, float] = {}
    for node in row.bytes_of:
        site = case.graph.sites[node]
        kind = _class_of(case, site, saved)
        found[kind] = found.get(kind, 0.0) + sizes[node]
    return {kind: found[kind] for kind in CLASSES if found.get(kind)}


def _class_of(case: Case, site: Site, saved: set[str]) -> str:
    if site.kind != "port":
        return "temporaries"
    kind = kind_of(site.name)
    if kind == "acc":
        return "gradients and accumulators"
    if kind in ("arg", "batch"):
        default = "batch" if kind == "batch" else "other arguments"
        return _ROLES.get(case.roles.get(site.name, ""), default)
    return "activations" if site.name in saved else "values of the step"


def _saved(case: Case) -> set[str]:
    """Ids of values that forward and backward fragments exchange."""
    found: set[str] = set()
    for func in case.funcs:
        if op_text(func.operation, names.PHASE) in PER_MICROBATCH:
            for which in ("arg_attrs", "res_attrs"):
                found |= {text_of(entry, names.VALUE) for entry in attr_dicts(func, which)}
    return found

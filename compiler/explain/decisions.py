"""``explain``: how the shardings inside each mesh were chosen, as tables."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from compiler.explain.tables import table
from compiler.explain.words import (
    LEGEND,
    by_kind,
    memory_rows,
    show_axes,
    show_buckets,
    show_certificate,
    show_collectives,
    show_group,
    show_kind,
    total,
)
from compiler.plan.decisions import AlternativeRecord, DecisionRecord, GroupRecord
from compiler.plan.records import Plan
from compiler.units import show_bytes, show_s

MOST_NAMES = 4
MOST_GROUPS = 15  # rows of the text; the JSON has them all


def decision_tables(plan: Plan) -> list[RenderableType]:
    """For each mesh: certificate, memory by class, the dearest groups, remarks."""
    shown: list[RenderableType] = []
    for decision in plan.decisions:
        shown += [Text(_headline(plan, decision)), _memory(decision), _groups(decision)]
        shown += [Text(f"remark: {plan.meshes[decision.mesh].name}: {remark}") for remark in decision.remarks]
    if shown:
        shown.append(Text(LEGEND))
    return shown


def _headline(plan: Plan, decision: DecisionRecord) -> str:
    compute, reduction, reshard = total(decision.groups)
    parts = f"compute {show_s(compute)}, sums over devices {show_s(reduction)}, reshards {show_s(reshard)}"
    if decision.shared_s:
        parts += f"; {show_s(decision.shared_s)} of the objective is for reshards that several readers share, made once"
    collectives = ", ".join(
        f"{times:g} {kind} ({show_bytes(size)}, {show_s(seconds)})"
        for kind, (times, size, seconds) in by_kind(decision.groups).items()
    )
    if decision.buckets:
        collectives += f"; in buckets: {show_buckets(decision.buckets)}"
    return (
        f"{plan.meshes[decision.mesh].name} as {show_axes(decision)}, chosen by {decision.chooser}: "
        f"{show_certificate(decision.certificate)}\n{parts}\n"
        f"collectives a step: {collectives or 'none'}{_landings(decision)}"
    )


def _landings(decision: DecisionRecord) -> str:
    """A line about values that come from other meshes; "" where all lie as their readers want them."""
    if not decision.landings:
        return ""
    names = ", ".join(landing.value for landing in decision.landings[:MOST_NAMES])
    more = f" and {len(decision.landings) - MOST_NAMES} more" if len(decision.landings) > MOST_NAMES else ""
    items = [item for landing in decision.landings for item in landing.collectives]
    spread = show_collectives(items, 1) if items else "no collective"
    saved_s = sum(landing.saved_s for landing in decision.landings)
    return f"\nfrom other meshes {names}{more} arrive split and are spread by {spread}, {show_s(saved_s)} less a step than copies"


def _memory(decision: DecisionRecord) -> RenderableType:
    rows = memory_rows(decision)
    if not rows:
        return Text("memory: nothing is held")
    used, limit = sum(size for _, size in rows), decision.memory.limit_bytes
    title = f"memory of a device at its fullest moment, in {decision.memory.moment}"
    cells = [(kind, show_bytes(size), f"{size / limit:.1%}") for kind, size in rows]
    cells.append(("all", show_bytes(used), f"{used / limit:.1%} of {show_bytes(limit)}"))
    return table(title, ("class", "bytes / device", "of the limit"), cells, right=("bytes / device",))


def _groups(decision: DecisionRecord) -> Table:
    title = "dearest groups, seconds a step"
    if len(decision.groups) > MOST_GROUPS:
        left = decision.groups[MOST_GROUPS:]
        title += f" ({len(left)} more take {show_s(sum(group.seconds for group in left))}, see --json)"
    columns = ("group", "sharding, and the next best", "seconds", "of which")
    return table(title, columns, map(_cells, decision.groups[:MOST_GROUPS]), right=("seconds",))


def _cells(group: GroupRecord) -> tuple[str, ...]:
    where = " ".join(part for part in (group.location, group.phase, show_kind(group)) if part)
    best = group.alternatives[0] if group.alternatives else None
    return (
        f"{show_group(group)}\n  {where}",
        f"{group.sharding}\n  {show_alternative(best)}" if best else group.sharding,
        show_s(group.seconds),
        show_split(group),
    )


def show_split(group: GroupRecord) -> str:
    """``compute 2 ms, sums 12 ms`` and below it the collectives."""
    parts = (("compute", group.compute_s), ("sums", group.reduction_s), ("reshards", group.reshard_s))
    split = ", ".join(f"{name} {show_s(seconds)}" for name, seconds in parts if seconds)
    return f"{split}\n  {show_collectives(group.collectives)}" if group.collectives else split


def show_alternative(item: AlternativeRecord) -> str:
    """``[x, -] +3 ms``."""
    return f"{item.sharding}  {show_extra(item.extra_s)}" + ("" if item.fits else ", does not fit the memory")


def show_extra(seconds: float) -> str:
    """``+3 ms``; ``-3 ms`` where a rule did not choose the best."""
    return ("-" if seconds < 0 else "+") + show_s(abs(seconds))

"""``explain PLAN --diff PLAN2``: what two plans do differently, with both prices."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import RenderableType
from rich.text import Text

from compiler.explain.decisions import show_extra
from compiler.explain.tables import table
from compiler.explain.words import LEGEND, by_kind, memory_rows, show_axes, show_collectives
from compiler.plan.alike import pattern
from compiler.plan.decisions import CollectiveRecord, GroupRecord
from compiler.plan.price import Price
from compiler.plan.records import Plan
from compiler.units import show_bytes, show_s

_MOST = 20  # rows of the text; the JSON has them all


class Side(msgspec.Struct, frozen=True):
    """What one plan does with a group: shardings (several if alike layers differ), seconds a step, collectives."""

    shardings: tuple[str, ...]
    seconds: float
    collectives: tuple[CollectiveRecord, ...]


class Difference(msgspec.Struct, frozen=True):
    """A group that lies differently in two plans; None where a plan has no such group."""

    name: str
    location: str
    phase: str
    first: Side | None
    second: Side | None

    @property
    def extra_s(self) -> float:
        """Seconds a step that the second plan takes more."""
        return (self.second.seconds if self.second else 0.0) - (self.first.seconds if self.first else 0.0)


Key = tuple[str, str, str, tuple[str, ...], tuple[int, ...]]


def differences(first: Plan, second: Plan) -> list[Difference]:
    """Groups whose shardings differ, those with the largest difference in seconds first."""
    sides = _groups(first), _groups(second)
    rows: list[Difference] = []
    for key in dict.fromkeys((*sides[0], *sides[1])):
        found = [side.get(key, []) for side in sides]
        known = {group.name for groups in found for group in groups}
        name = known.pop() if len(known) == 1 else key[0]
        rows.append(Difference(name, key[1], key[2], *map(_side_of, found)))
    rows = [row for row in rows if _shardings(row.first) != _shardings(row.second)]
    return sorted(rows, key=lambda row: -abs(row.extra_s))


def _shardings(side: Side | None) -> tuple[str, ...]:
    return side.shardings if side else ()


def _groups(plan: Plan) -> dict[Key, list[GroupRecord]]:
    """Layers that one plan treats alike and the other does not are compared together: numbers in names do not count."""
    groups: dict[Key, list[GroupRecord]] = {}
    for decision in plan.decisions:
        for group in decision.groups:
            key = pattern(group.name), group.location, group.phase, group.ops, group.shape
            groups.setdefault(key, []).append(group)
    return groups


def _side_of(groups: Sequence[GroupRecord]) -> Side | None:
    if not groups:
        return None
    total = Price()
    for item in (item for group in groups for item in group.collectives):
        total.add(item.kind, item.axes, item.num_bytes, item.times, item.seconds)
    shardings = tuple(dict.fromkeys(sorted(group.sharding for group in groups)))
    return Side(shardings, sum(group.seconds for group in groups), total.records())


def diff_json(first: Plan, second: Plan) -> dict[str, Any]:
    """All that ``diff_text`` shows, and every group that differs."""
    rows = [{**msgspec.to_builtins(row), "extra_s": row.extra_s} for row in differences(first, second)]
    return {"first": _summary(first), "second": _summary(second), "groups": rows}


def _summary(plan: Plan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "prediction": msgspec.to_builtins(plan.prediction),
        "meshes": [
            {
                "mesh": plan.meshes[decision.mesh].name,
                "axes": decision.axes,
                "chooser": decision.chooser,
                "objective_s": decision.certificate.objective_s,
                "bytes_of": decision.memory.bytes_of,
                "collectives": by_kind(decision.groups),
            }
            for decision in plan.decisions
        ],
    }


def diff_text(first: Plan, second: Plan, names: tuple[str, str]) -> list[RenderableType]:
    """Totals side by side, then the groups that lie differently. ``names``: what the user calls the plans."""
    totals = list(_totals(first).items())
    other = _totals(second)
    for key in other:
        if key not in dict(totals):
            totals.append((key, "0"))
    cells = [(what, value, other.get(what, "0")) for what, value in totals]
    cells.sort(key=lambda row: row[0].partition(":")[0] if ":" in row[0] else "")
    shown: list[RenderableType] = [table("totals", ("", *names), cells, right=names)]
    rows = differences(first, second)
    if not rows:
        return [*shown, Text("no group lies differently")]
    title = f"groups that lie differently: {len(rows)}"
    if len(rows) > _MOST:
        title += f" (the {_MOST} that matter most in seconds, see --json)"
    columns = ("group", *names, "seconds a step")
    shown.append(table(title, columns, [_cells(row) for row in rows[:_MOST]], right=("seconds a step",)))
    shown.append(Text(LEGEND))
    return shown


def _cells(row: Difference) -> tuple[str, ...]:
    where = " ".join(part for part in (row.location, row.phase) if part)
    return (
        f"{row.name}\n  {where}" if where else row.name,
        _side(row.first),
        _side(row.second),
        show_extra(row.extra_s),
    )


def _side(side: Side | None) -> str:
    if side is None:
        return "not there"
    lines = [*side.shardings, f"  {show_s(side.seconds)}"]
    return "\n".join([*lines, f"  {show_collectives(side.collectives)}"] if side.collectives else lines)


def _totals(plan: Plan) -> dict[str, str]:
    found = {"predicted step": show_s(plan.prediction.step_s)}
    for decision, mesh in ((decision, plan.meshes[decision.mesh].name) for decision in plan.decisions):
        found[f"{mesh}: chooser, axes"] = f"{decision.chooser}, {show_axes(decision)}"
        found[f"{mesh}: inside the mesh"] = show_s(decision.certificate.objective_s)
        for kind, size in memory_rows(decision):
            found[f"{mesh}: {kind}"] = show_bytes(size)
        found[f"{mesh}: all memory"] = show_bytes(sum(size for _, size in memory_rows(decision)))
        for kind, (times, size, seconds) in by_kind(decision.groups).items():
            found[f"{mesh}: {kind}"] = f"{times:g}, {show_bytes(size)}, {show_s(seconds)}"
    return found

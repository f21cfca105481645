"""``explain --why OP``: what a group could have been instead, with prices."""

import difflib
from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from compiler.explain.decisions import show_extra, show_split
from compiler.explain.tables import table
from compiler.explain.words import LEGEND, show_group, show_kind
from compiler.plan.alike import pattern
from compiler.plan.decisions import GroupRecord
from compiler.plan.records import Plan
from compiler.units import show_s
from dialects.errors import fail

_MOST = 8  # groups shown


def why_text(plan: Plan, query: str) -> list[RenderableType]:
    """The groups that ``query`` names, each with its alternatives. Raises UserError when there is none."""
    found = matching(plan, query)
    shown: list[RenderableType] = []
    for mesh, group in found[:_MOST]:
        where = ", ".join(part for part in (group.location, group.phase, show_kind(group), mesh) if part)
        shown += [Text(f"{show_group(group)}: {where}\n{show_s(group.seconds)} a step{_split(group)}")]
        rows = [(group.sharding, "chosen", "")]
        rows += [
            (item.sharding, show_extra(item.extra_s), "" if item.fits else "too large") for item in group.alternatives
        ]
        shown.append(table("", ("sharding", "seconds a step", "memory"), rows, right=("seconds a step",)))
    if len(found) > _MOST:
        shown.append(Text(f"remark: {len(found) - _MOST} more groups match, name one more closely, see also --json"))
    one = " (of one of them)" if any(group.count > 1 for _, group in found[:_MOST]) else ""
    shown.append(Text(f"prices{one}: what it would cost more with everything else as it is; {LEGEND}"))
    return shown


def _split(group: GroupRecord) -> str:
    split = show_split(group)
    return f": {split}" if split else ""


def matching(plan: Plan, query: str) -> list[tuple[str, GroupRecord]]:
    """(mesh, group) of the groups with ``query`` in name, location or ops, dearest first; ``*`` stands for any number."""
    if not plan.decisions:
        fail("the plan does not say how it was chosen", where="--why", remedy="plan again with this meshwright")
    pairs = [(plan.meshes[decision.mesh].name, group) for decision in plan.decisions for group in decision.groups]
    exact = [pair for pair in pairs if query and any(query in word for word in _words(pair[1]))]
    found = exact or [pair for pair in pairs if query and pattern(query) in pair[1].name]
    if not found:
        near = _near(query, (group for _, group in pairs))
        remedy = f"did you mean {' or '.join(near)}?" if near else "`compiler explain PLAN --json` lists all groups"
        fail(f"no op, value or source line of the plan has '{query}' in it", where="--why", remedy=remedy)
    return sorted(found, key=lambda pair: -pair[1].seconds)


def _words(group: GroupRecord) -> tuple[str, ...]:
    return (group.name, group.location, *group.ops, *(f"stablehlo.{op}" for op in group.ops))


def _near(query: str, groups: Iterable[GroupRecord]) -> list[str]:
    known: dict[str, str] = {}
    for group in groups:
        for word in (group.name, group.location, *group.ops, group.name.rpartition("/")[2]):
            known.setdefault(word.lower(), word)
    close = difflib.get_close_matches(query.lower(), list(known), 3, 0.5)
    return [f"'{known[word]}'" for word in close]

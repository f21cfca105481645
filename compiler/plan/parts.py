"""Arguments and results that a plan holds in parts, rows of dim 0 each: as the user's program has them, and checked.

The first part of argument i has the index i; the others come after all that the user knows. So do those of results.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from compiler.plan.records import Argument, Part, Plan, Result

Typed = TypeVar("Typed", Argument, Result)


def part_name(name: str, part: Part) -> str:
    """``w[3]`` or, of several rows, ``w[2:4]``."""
    place = f"{part.start}" if part.stop == part.start + 1 else f"{part.start}:{part.stop}"
    return f"{name}[{place}]"


def whole_arguments(arguments: Sequence[Argument]) -> tuple[Argument, ...]:
    """The user's arguments, each whole."""
    found: list[Argument] = []
    for first, parts in in_parts(arguments):
        bounds = [part.exclusive_bound for part in parts if part.exclusive_bound is not None]
        found.append(_whole(first, parts) if first.part is not None else first)
        if first.part is not None and bounds:
            found[-1] = msgspec.structs.replace(found[-1], exclusive_bound=min(bounds))
    return tuple(found)


def whole_results(results: Sequence[Result]) -> tuple[Result, ...]:
    """The user's results, each whole; ``value`` holds the first part."""
    return tuple(_whole(first, parts) if first.part is not None else first for first, parts in in_parts(results))


def as_asked(plan: Plan) -> Plan:
    """``plan`` with the arguments and results of the user's program."""
    arguments, results = whole_arguments(plan.arguments), whole_results(plan.results)
    return msgspec.structs.replace(plan, arguments=arguments, results=results)


def wrong_parts(plan: Plan) -> str | None:
    """What does not fit between parts; None where all is well. Arguments and results must be numbered from 0."""
    why = _wrong_items("argument", plan.arguments) or _wrong_items("result", plan.results)
    if why is not None:
        return why
    for argument in plan.arguments:
        following = argument.state_result
        result = plan.results[following] if following is not None and following < len(plan.results) else None
        if result is not None and _rows(argument) != _rows(result):
            return f"argument {argument.index} has other rows than result {following}, its next value"
    return None


def _wrong_items(what: str, items: Sequence[Typed]) -> str | None:
    own = [item for item in items if item.part is None or item.part.of == item.index]
    if [item.index for item in own] != list(range(len(own))):
        return f"the second part of a whole {what} stands before the last of the user's {what}s"
    if any(item.part is not None and item.part.of >= len(own) for item in items):
        return f"there are parts of {what} {max(item.part.of for item in items if item.part is not None)}, which is not there"
    for first, parts in in_parts(items):
        if any(part.part is not None for part in parts) and not _tile(parts):
            return f"the parts of {what} {first.index} are not its rows, in order, of one type and name"
    return None


def in_parts(items: Sequence[Typed]) -> list[tuple[Typed, list[Typed]]]:
    """Each of the user's, and its parts in order of rows: itself where it is whole."""
    parts: dict[int, list[Typed]] = {}
    for item in items:
        parts.setdefault(item.index if item.part is None else item.part.of, []).append(item)
    return [(found[0], found) for _, found in sorted(parts.items())]


def _whole(first: Typed, parts: Sequence[Typed]) -> Typed:
    last, mine = parts[-1].part, first.part
    if last is None or mine is None:
        return first
    name, shape = first.name.removesuffix(part_name("", mine)), (last.stop, *first.shape[1:])
    return msgspec.structs.replace(first, name=name, shape=shape, part=None)


def _tile(parts: Sequence[Argument | Result]) -> bool:
    place, first = 0, parts[0]
    for item in parts:
        part = item.part
        if (
            part is None
            or part.start != place
            or item.shape[:1] != (part.stop - part.start,)
            or part.stop <= part.start
        ):
            return False
        same = (item.dtype, item.shape[1:], item.role) == (first.dtype, first.shape[1:], first.role)
        if not same or not item.name.endswith(part_name("", part)) or item.role == "batch":
            return False
        place = part.stop
    return first.index == (first.part.of if first.part is not None else -1)


def _rows(item: Argument | Result) -> tuple[int, int] | None:
    return None if item.part is None else (item.part.start, item.part.stop)

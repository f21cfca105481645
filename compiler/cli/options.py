"""The planner's options as words of a command line, for ``compiler plan`` and for ``runtime.launch`` alike."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from compiler.options import CHOOSER_NAMES, MOST_BYTES, MOST_COUNT, MOST_DEVICES, PLATFORMS, PlanOptions
from compiler.schedules.table import SCHEDULES
from compiler.units import parse_bytes
from dialects.errors import UserError, fail

MOST_LETTERS = 40  # of a word in a message

# Option -> (what is written after it, its help). The names are those of PlanOptions' fields.
PLANNER_OPTIONS: dict[str, tuple[str, str]] = {
    "machine": ("NAME|FILE.toml", "The machine: a known name or a description of your own.  [default: local-cpu]"),
    "platform": (
        "cpu|cpu,cuda|0",
        "Of a program exported for several platforms: the one to take, all of them in order, or an index.  [default: cpu]",
    ),
    "hosts": ("H", "How many hosts to plan for.  [default: the machine's]"),
    "devices_per_host": ("D", "How many devices each host has.  [default: the machine's]"),
    "microbatches": ("N|auto", "Into how many parts the batch is cut.  [default: auto, a number that works]"),
    "stages": ("N|auto", "How many pipeline stages.  [default: auto]"),
    "schedule": ("|".join(SCHEDULES), "The order of the microbatches.  [default: 1f1b]"),
    "batch_args": (
        "5,6:1",
        "Indices of the arguments that are the batch, or none; :DIM where not 0.  [default: found]",
    ),
    "loss": ("K", "Index of the result that is the loss.  [default: found]"),
    "state_args": ("0:0,1:1", "ARGUMENT:RESULT pairs: the argument's next value, or none.  [default: found]"),
    "memory_per_device": ("16GiB", "Plan for this much memory.  [default: the machine's]"),
    "intra": ("|".join(CHOOSER_NAMES), "Who chooses the shardings inside a mesh.  [default: ilp]"),
    "mesh": (
        "2x4|auto",
        "The logical shape of each mesh.  [default: the module's own, else auto, the cheapest of one and two axes]",
    ),
    "annotate": (
        'arg3=[{"x"},{}]',
        "How an argument (arg3, or its name) or result lies on the axes; may be given again.  [default: the module's own]",
    ),
    "respect_annotations": ("", "Whether shardings in the module bind `ilp` and start `gspmd`.  [default: they do]"),
}


def with_planner_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: add these options (all of them without arguments) to a click command, as plain words."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names or tuple(PLANNER_OPTIONS)):
            metavar, text = PLANNER_OPTIONS[name]
            function = planner_option(name, metavar, text)(function)
        return function

    return decorate


def planner_option(name: str, metavar: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """One option, whose value is a plain word or None: a flag's is yes or no, a repeated one's has a line each."""
    if name == "respect_annotations":
        both = f"{flag(name)}/--no-{flag(name)[2:]}"
        return click.option(both, name, default=None, help=text, callback=_yes_or_no)
    if name == "annotate":
        return click.option(flag(name), name, metavar=metavar, help=text, multiple=True, callback=_lines)
    return click.option(flag(name), name, metavar=metavar, help=text)


def _yes_or_no(_context: click.Context, _option: click.Parameter, value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _lines(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> str | None:
    return "\n".join(value) or None


def flag(name: str) -> str:
    """``devices_per_host`` as users write it."""
    return f"--{name.replace('_', '-')}"


def plan_options(words: Mapping[str, str | None], **more: Any) -> PlanOptions:
    """Read the words that were given; ``more`` are fields that have values already. Raises UserError naming the option."""
    fields: dict[str, Any] = {}
    for name, word in words.items():
        if word is not None:
            fields[name] = _READERS[name](word.strip(), flag(name))
    return PlanOptions(**fields, **more)


def _text(word: str, where: str) -> str:
    if not word:
        fail("got nothing", where=where, remedy=f"leave {where} out, or say what")
    return word


def whole(word: str, where: str, want: str, least: int, most: int, remedy: str = "") -> int:
    """The number that ``word`` is. Python reads other digits too, and refuses very many of them in its own words."""
    plain = word.isascii() and word.isdecimal()
    digits = word.lstrip("0") or "0"
    if not plain or (len(digits) < 20 and int(digits) < least):
        fail(f"got '{shortened(word)}', want {want}", where=where, remedy=remedy)
    if len(digits) >= 20 or int(digits) > most:
        fail(f"got '{shortened(word)}', want at most {most}", where=where, remedy=remedy)
    return int(digits)


def _platform(word: str, where: str) -> str:
    names = [name.strip() for name in word.split(",")]
    known = word.isdecimal() or all(name in PLATFORMS for name in names)
    if not known or len(set(names)) < len(names):
        remedy = f"platforms are {', '.join(PLATFORMS)}"
        fail(
            f"got '{word}', want a platform, several in the order of their export, or an index",
            where=where,
            remedy=remedy,
        )
    return ",".join(names)


def shortened(word: str) -> str:
    """A word for a message: of a very long one its beginning."""
    return word if len(word) <= MOST_LETTERS else f"{word[:MOST_LETTERS]}…"


def _devices(word: str, where: str) -> int:
    return whole(word, where, "a whole number of at least 1", 1, MOST_DEVICES)


def _microbatches(word: str, where: str) -> int | None:
    return None if word == "auto" else whole(word, where, "a whole number of at least 1, or auto", 1, MOST_COUNT)


def _stages(word: str, where: str) -> int | None:
    return None if word == "auto" else whole(word, where, "a whole number of at least 1, or auto", 1, MOST_DEVICES)


def _index(word: str, where: str) -> int:
    return whole(word, where, "an index: 0, 1, …", 0, MOST_COUNT, "`compiler inspect MODULE` lists them")


def _batch_args(word: str, where: str) -> tuple[str, ...]:
    if word in ("", "none"):
        return ()
    want = "ARGUMENT[:DIM[:BLOCKS]], indices"
    remedy = "5:1 says that the rows lie along dim 1, 5:0:4 that dim 0 has 4 blocks of them"
    items = [[part.strip() for part in item.split(":")] for item in word.split(",")]
    found = [_index(item[0], where) for item in items]
    for item in items:
        if len(item) > 3 or not all(part.isdecimal() for part in item[1:]):
            fail(f"got '{shortened(':'.join(item))}', want {want}", where=where, remedy=remedy)
    if len(set(found)) < len(found):
        fail(f"got '{shortened(word)}', which names an index twice", where=where)
    return tuple(
        ":".join(str(whole(part, where, want, place == 2, MOST_COUNT, remedy)) for place, part in enumerate(item))
        for item in items
    )


def _pairs(word: str, where: str) -> tuple[tuple[int, int], ...]:
    if word in ("", "none"):
        return ()
    found: list[tuple[int, int]] = []
    for item in word.split(","):
        argument, colon, result = (part.strip() for part in item.partition(":"))
        want, remedy = "ARGUMENT:RESULT, two indices", "`compiler inspect MODULE` lists both"
        if not (colon and argument.isdecimal() and result.isdecimal()):
            fail(f"got '{shortened(item.strip())}', want {want}", where=where, remedy=remedy)
        argument_index, result_index = (whole(part, where, want, 0, MOST_COUNT, remedy) for part in (argument, result))
        found.append((argument_index, result_index))
    return tuple(found)


def _chooser(word: str, where: str) -> str:
    if word not in CHOOSER_NAMES:
        fail(f"got '{shortened(word)}', want one of {', '.join(CHOOSER_NAMES)}", where=where)
    return word


def _mesh(word: str, where: str) -> tuple[int, ...] | None:
    if word == "auto":
        return None
    want = "sizes such as 8 or 2x4, or auto"
    if not all(size.isdecimal() for size in word.split("x")):
        fail(f"got '{shortened(word)}', want {want}", where=where)
    return tuple(whole(size, where, want, 1, MOST_DEVICES) for size in word.split("x"))


def _annotations(word: str, where: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for line in word.splitlines():
        target, equals, text = line.rpartition("=[")
        if not equals or not target.strip():
            fail(
                f"got '{shortened(line)}', want ARGUMENT=SHARDING",
                where=where,
                remedy="write it as in 'arg3=[{\"x\"}, {}]'",
            )
        found.append((target.strip(), f"[{text}".strip()))
    return tuple(found)


def _is_yes(word: str, where: str) -> bool:
    if word not in ("yes", "no"):
        fail(f"got '{word}', want yes or no", where=where)
    return word == "yes"


def _schedule(word: str, where: str) -> str:
    if word not in SCHEDULES:
        fail(f"got '{shortened(word)}', want one of {', '.join(SCHEDULES)}", where=where)
    return word


def _size(word: str, where: str) -> float:
    try:
        size = parse_bytes(word)
    except UserError as error:
        fail(error.message, where=where, remedy=error.remedy)
    if not 1 <= size <= MOST_BYTES:
        fail(f"got '{shortened(word)}', want from 1 to {MOST_BYTES:g} bytes", where=where)
    return size


_READERS: dict[str, Callable[[str, str], Any]] = {
    "machine": _text,
    "platform": _platform,
    "hosts": _devices,
    "devices_per_host": _devices,
    "microbatches": _microbatches,
    "stages": _stages,
    "schedule": _schedule,
    "batch_args": _batch_args,
    "loss": _index,
    "state_args": _pairs,
    "memory_per_device": _size,
    "intra": _chooser,
    "mesh": _mesh,
    "annotate": _annotations,
    "respect_annotations": _is_yes,
}

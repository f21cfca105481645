"""What the words of a command line mean: one reader a kind of option, which raises UserError naming the option."""

from collections.abc import Callable
from typing import Any

from compiler.options import CHOOSER_NAMES, MOST_BYTES, MOST_COUNT, MOST_DEVICES, PLATFORMS
from compiler.schedules.table import SCHEDULES
from compiler.spec.file import PlanSpec, read_spec
from compiler.units import parse_bytes
from dialects.errors import UserError, fail

MOST_LETTERS = 40  # of a word in a message


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


def _statistics(word: str, where: str) -> str:
    if word not in ("whole", "per-microbatch"):
        fail(f"got '{shortened(word)}', want whole or per-microbatch", where=where)
    return word


def _spec(word: str, where: str) -> PlanSpec:
    return read_spec(_text(word, where))


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


def _bucket(word: str, where: str) -> float:
    return 0.0 if word == "0" else _size(word, where)


READERS: dict[str, Callable[[str, str], Any]] = {
    "machine": _text,
    "platform": _platform,
    "hosts": _devices,
    "devices_per_host": _devices,
    "microbatches": _microbatches,
    "stages": _stages,
    "plan_spec": _spec,
    "schedule": _schedule,
    "batch_args": _batch_args,
    "batch_statistics": _statistics,
    "loss": _index,
    "state_args": _pairs,
    "memory_per_device": _size,
    "intra": _chooser,
    "bucket_bytes": _bucket,
    "mesh": _mesh,
    "annotate": _annotations,
    "respect_annotations": _is_yes,
}

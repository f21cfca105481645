"""Layers from names: ``params['layers'][0]['norm1']['scale']`` lies in ``layers.0``. Text only."""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

Path = tuple[str, ...]

_WORD = re.compile(r"[^\s\[\]'\"./,()]+")
_NUMBERED = re.compile(r"\d+|.*\D_\d+")  # 3, Block_3


def parts_of(name: str) -> Path:
    """The words of a name: brackets, quotes, dots and slashes part them."""
    return tuple(_WORD.findall(name))


def trimmed(paths: Sequence[Path]) -> list[Path]:
    """Without the words that all begin with (``params``), or end with (``value``); a path that would be a bare number keeps one."""
    head, tail = common(paths), common([path[::-1] for path in paths])
    shortest = min(map(len, paths), default=0)
    head = head[: max(0, shortest - 1)]
    tail = tail[: max(0, shortest - len(head) - 1)]
    cut = [path[len(head) : len(path) - len(tail)] for path in paths]
    if any(path[0].isdecimal() for path in cut if path):
        owner = [word for word in head if not word.isdecimal()][-1:]
        cut = [(*owner, *path) for path in cut]
    return cut


def common(paths: Sequence[Path]) -> Path:
    """What all begin with."""
    return tuple(words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*paths, strict=False)))


def layer_of(path: Path) -> Path:
    """The layer of a parameter: up to the first number in its path, else all but its last word."""
    for count, word in enumerate(path, 1):
        if _NUMBERED.fullmatch(word):
            return path[:count]
    return path[:-1] or path


def says_nothing(paths: Iterable[Path]) -> bool:
    """Whether paths are numbers only, as of a flat list of arrays: ``params.12``."""
    return all(not path or (path[-1].isdecimal() and len(path) <= 2) for path in paths)

"""JSON as plans are written in it, and nothing else: no key twice, no deep nests, no strange numbers, no control characters.

msgspec alone would take the last of two equal keys, and integers of any size; what it makes of the records is typed, not bounded.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn, cast

MOST_DEPTH = 32  # a plan has 9
INT_STOP = 1 << 63
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def decode_strict(blob: bytes) -> Any:
    """The document. Raises ValueError, one sentence that begins with a verb, for anything that no plan holds."""
    try:
        document = json.loads(blob.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"is not JSON: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise ValueError(f"is nested deeper than {MOST_DEPTH}") from error
    _walk(document)
    return document


def without_controls(document: Any) -> Any:
    """The same document, with a '?' for every control character in its texts: what a terminal could be told is not in it."""
    if isinstance(document, str):
        return _CONTROL.sub("?", document)
    if isinstance(document, dict):
        pairs = cast("dict[str, Any]", document).items()
        return {without_controls(key): without_controls(value) for key, value in pairs}
    if isinstance(document, list | tuple):
        items = [without_controls(item) for item in cast("list[Any]", document)]
        return tuple(items) if isinstance(document, tuple) else items
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"has the key {twice!r} twice in one object")
    return found


def _constant(word: str) -> NoReturn:
    raise ValueError(f"holds {word}, which is not JSON")


def _walk(document: Any) -> None:
    """Level by level, so that no depth is too deep for Python."""
    level: list[tuple[str, Any]] = [("", document)]
    for _ in range(MOST_DEPTH):
        following: list[tuple[str, Any]] = []
        for where, item in level:
            if isinstance(item, dict | list):
                following += _children(where, item)
            else:
                _check_leaf(where, item)
        level = following
    if level:
        raise ValueError(f"is nested deeper than {MOST_DEPTH}")


def _children(where: str, item: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(item, list):
        return ((where, child) for child in cast("list[Any]", item))
    pairs = cast("dict[str, Any]", item)
    for key in pairs:
        _check_leaf(where, key)
    return pairs.items()


def _check_leaf(where: str, item: Any) -> None:
    if isinstance(item, str) and (found := _CONTROL.search(item)):
        raise ValueError(f"has a control character (U+{ord(found[0]):04X}) in the text of '{where}'")
    if isinstance(item, bool) or not isinstance(item, int | float):
        return
    if not math.isfinite(item) if isinstance(item, float) else not 0 <= item < INT_STOP:
        raise ValueError(f"has {str(item)[:40]} in '{where}', want a finite number, whole ones from 0 to 2^63 - 1")

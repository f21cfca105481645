"""Names that differ in numbers only: those of a model's layers."""

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"\d+")


def pattern(name: str) -> str:
    """``name`` with every number as ``*``: what the layers of a model have in common."""
    return _NUMBER.sub("*", name)


def common_name(found: Sequence[str]) -> str:
    """One name for several that differ in numbers only: ``*`` where they do."""
    first = found[0]
    if all(name == first for name in found):
        return first
    numbers = [_NUMBER.findall(name) for name in found]
    shown = iter([column[0] if len(set(column)) == 1 else "*" for column in zip(*numbers, strict=True)])
    return _NUMBER.sub(lambda _: next(shown), first)

"""What a user asks of a value's sharding, as plain text in ``mw.annotation``: ``[{"x"}, {"y", ?}, {}]``.

These are Shardy's words, without the mesh. A dim without ``?`` is split over these axes and no others; with it more may follow.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from dialects.errors import fail
from dialects.sharding import Sharding

_WHOLE = re.compile(r"\s*\[(?P<dims>[^\[\]]*)\]\s*(,?\s*replicated\s*=\s*\{[^{}]*\}\s*)?")
_DIM = re.compile(r"\s*\{(?P<items>[^{}]*)\}\s*(?:p\d+\s*)?(?:,|$)")
_AXIS = re.compile(r"\"?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\"?")


@dataclass(frozen=True, slots=True)
class Annotation:
    """``dims[d]``: the axes of dim d, major first; ``open[d]``: whether more may follow."""

    dims: tuple[tuple[str, ...], ...]
    open: tuple[bool, ...]

    def fits(self, sharding: Sharding) -> bool:
        """Whether ``sharding`` is what was asked for."""
        return not sharding.unreduced and all(
            mine == theirs[: len(mine)] if more else mine == theirs
            for mine, theirs, more in zip(self.dims, sharding.dims, self.open, strict=True)
        )

    def text(self) -> str:
        """The inverse of ``read_annotation``."""
        dims = [
            [*(f'"{axis}"' for axis in axes), *(["?"] if more else [])]
            for axes, more in zip(self.dims, self.open, strict=True)
        ]
        return f"[{', '.join('{' + ', '.join(items) + '}' for items in dims)}]"


def read_annotation(text: str, where: str) -> Annotation:
    """Raises UserError at ``where`` when ``text`` is no sharding."""
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        _refuse(text, where)
    dims: list[tuple[str, ...]] = []
    more: list[bool] = []
    rest = whole["dims"].strip()
    while rest:
        found = _DIM.match(rest)
        if found is None:
            _refuse(text, where)
        items = [item.strip() for item in found["items"].split(",") if item.strip()]
        more.append(bool(items) and items[-1] == "?")
        names = [_AXIS.fullmatch(item) for item in (items[:-1] if more[-1] else items)]
        dims.append(tuple(name["name"] if name is not None else _refuse(text, where) for name in names))
        rest = rest[found.end() :].strip()
    return Annotation(tuple(dims), tuple(more))


def _refuse(text: str, where: str) -> NoReturn:
    fail(f"got '{text}', want a list of axes for each dim", where=where, remedy='write it as in [{"x"}, {}]')

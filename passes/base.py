"""What a pass is: a frozen dataclass with a ``name``; its fields are its options; its spec text round-trips.

``ChooseStages(stages=4).spec() == "choose-stages{stages=4}"`` and ``parse_options(ChooseStages, "stages=4")`` gives it back.
"""

import abc
import dataclasses
import math
import types
import typing
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from jaxlib.mlir import ir

from dialects.errors import fail


@dataclass(frozen=True, kw_only=True)
class Pass(abc.ABC):
    """A thought about a module: valid IR in, valid IR out. Subclasses are final and set ``name`` (kebab-case)."""

    name: ClassVar[str]

    @abc.abstractmethod
    def run(self, module: ir.Module) -> None:
        """Change ``module`` in place (a transform) or raise (a validator); decisions are written as attributes."""

    def spec(self) -> str:
        """The text that names this pass with its non-default options, as ``compiler.opt -p`` reads it."""
        shown = [
            f"{field.name.replace('_', '-')}={_show(getattr(self, field.name))}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        ]
        return f"{self.name}{{{' '.join(shown)}}}" if shown else self.name

    @classmethod
    def from_options(cls, text: str) -> Self:
        """Read ``key=value key=value``; values hold no spaces. Raises UserError on an unknown key or a bad value."""
        hints = typing.get_type_hints(cls)
        fields = {field.name.replace("_", "-"): field.name for field in dataclasses.fields(cls)}
        options: dict[str, Any] = {}
        for item in text.split():
            key, equals, value = item.partition("=")
            if key not in fields:
                known = ", ".join(fields) or "none"
                fail(f"unknown option '{key}'", where=f"pass {cls.name}", remedy=f"its options are: {known}")
            if not equals and hints[fields[key]] is not bool:
                fail(f"option '{key}' needs a value", where=f"pass {cls.name}", remedy=f"write {key}=VALUE")
            options[fields[key]] = _read(
                hints[fields[key]], value if equals else "true", f"pass {cls.name}, option '{key}'"
            )
        return cls(**options)


def _show(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(item) for item in cast(tuple[object, ...], value))
    return str(value)


def _read(kind: Any, text: str, where: str) -> object:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        kind = next(item for item in arguments if item is not type(None))
        return _read(kind, text, where)
    if origin is tuple:
        return tuple(_read(arguments[0], item, where) for item in text.split(",") if item)
    if kind is bool:
        if text not in ("true", "false"):
            fail(f"got '{text}', want true or false", where=where)
        return text == "true"
    try:
        value = kind(text)
    except ValueError:
        fail(f"got '{text[:40]}', want {kind.__name__}", where=where)
    if (kind is int and not abs(value) < 1 << 63) or (kind is float and not math.isfinite(value)):
        fail(f"got '{text[:40]}', want a number that is finite and below 2^63", where=where)
    return value

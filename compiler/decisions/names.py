"""What users call an op or a value: scopes and source lines from MLIR locations, names of arguments. Never an SSA number.

    loc("jit(step)/transpose(jvp(bsm,mtn->bstn))/layer0/dot_general"(callsite("attention"("model.py":41:10) at …)))
is ``layer0/dot_general bsm,mtn->bstn``, or without a scope ``attention/dot_general bsm,mtn->bstn``, at ``model.py:41``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import location_files, main_func, op_key
from dialects.signature import attr_dicts, int_of, text_of

_WRAPPERS = "jvp|transpose|vmap|pmap|remat|checkpoint|rematted_computation|custom_jvp|custom_vjp"
_TRANSFORM = re.compile(rf"^(?:{_WRAPPERS})\((.*)\)$")
_JIT = re.compile(r"^p?jit\((.*)\)$")
_STEPS = 4  # how far an op without a source line looks for one among those that it reads


@dataclass(frozen=True, slots=True)
class UserName:
    """What an op is called and the ``file:line`` that it comes from ("" if the frontend did not say)."""

    name: str
    location: str


class Names:
    """User names of ops, each found once; equal layers are written in the same lines, which are read once too."""

    def __init__(self) -> None:
        self._known: dict[ir.Value | ir.Block, UserName] = {}
        self._by_place: dict[tuple[ir.Attribute, str], UserName] = {}

    def of(self, op: ir.Operation) -> UserName:
        """The name of ``op``; one without a source line has that of what it reads."""
        mine = self._own(op)
        at = op
        for _ in range(_STEPS):
            if mine.location:
                break
            makers = [value.owner.operation for value in at.operands if isinstance(value, ir.OpResult)]
            if not makers:
                break
            at = makers[0]
            mine = UserName(mine.name, self._own(at).location)
        return mine

    def _own(self, op: ir.Operation) -> UserName:
        if not len(op.results):
            return self._name(op)
        key = op_key(op)
        if key not in self._known:
            self._known[key] = self._name(op)
        return self._known[key]

    def _name(self, op: ir.Operation) -> UserName:
        location, kind = op.location, op.name.rpartition(".")[2]
        place = location.attr, kind  # MLIR has each location once; its attribute, unlike itself, hashes by that
        if place not in self._by_place:
            self._by_place[place] = _name(location, kind)
        return self._by_place[place]


def _name(location: ir.Location, kind: str) -> UserName:
    files = list(location_files(location))
    own = [file for file in files if "site-packages" not in file and not file.startswith("<")] or files
    named = list(_named(location))
    scope, detail = _scope(named[0]) if named else ((), "")
    frames = [name for name in named[1:] if "site-packages" not in name]
    parts = list(scope) or [kind]
    if len(parts) == 1 and frames:
        parts.insert(0, frames[0].replace("<locals>.", ""))
    return UserName("/".join(parts) + (f" {detail}" if detail else ""), own[0] if own else "")


def scope_of(op: ir.Operation) -> tuple[str, ...]:
    """The modules that ``op`` was written in, as far as its location says, outermost first: ``ViT``, ``Block_0``."""
    named = next(_named(op.location), "")
    return _scope(named)[0][:-1]


def _named(location: ir.Location) -> Iterator[str]:
    """Names in a location, outermost first: the scope of the op, then the functions it was written in, innermost first."""
    if isinstance(location, ir.NameLoc):
        yield location.name_str
        yield from _named(location.child_loc)
    elif isinstance(location, ir.CallSiteLoc):
        yield from _named(location.callee)
        yield from _named(location.caller)
    elif isinstance(location, ir.FusedLoc):
        for inner in location.locations:
            yield from _named(cast(ir.Location, inner))


def _scope(text: str) -> tuple[tuple[str, ...], str]:
    """The parts of a scope that users wrote, and what an einsum says of itself."""
    parts: list[str] = []
    detail = ""
    for number, part in enumerate(_split(text)):
        inside = part
        while (found := _TRANSFORM.match(inside)) is not None:
            inside = found[1]
        if (jit := _JIT.match(inside)) is not None:
            inside = "" if number == 0 else jit[1]
        if "->" in inside:
            detail = inside
        elif inside:
            parts.append(inside)
    return tuple(parts), detail


def _split(text: str) -> list[str]:
    """Cut at the slashes outside of parentheses."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "/" and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def value_names(module: ir.Module) -> dict[str, str]:
    """Value id of an argument (``arg3``, ``batch3``) -> what the user calls it."""
    found: dict[str, str] = {}
    for position, entry in enumerate(attr_dicts(main_func(module), "arg_attrs")):
        index = int_of(entry, names.INDEX)
        name = text_of(entry, names.NAME) or f"argument {position if index is None else index}"
        found[text_of(entry, names.VALUE)] = name
    return found

"""How deep a module may nest, and how much its shared parts may come to: MLIR and the passes walk both, some of them recursively.

An attribute that holds another twice, which holds another twice, is small in a file and 2^60 parts for whoever prints it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar, cast

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.nesting import MAX_DEPTH
from dialects.ops import body_ops

MAX_REGIONS = 64  # regions in regions
MAX_FRAMES = 4096  # locations in locations
MAX_PARTS = 1_000_000  # of one attribute or location, with what is shared counted as often as it is reached
_Part = TypeVar("_Part")
_Key = ir.Attribute | ir.Type


@dataclass(frozen=True)
class _Kind(Generic[_Part]):
    name: str
    most: int
    parts: Callable[[_Part], list[_Part]]
    key: Callable[
        [_Part], _Key
    ]  # what stands for a part in a dictionary: a location hashes as an object, not as what it says


def check_limits(module: ir.Module, shown: str) -> None:
    """Refuse what is nested too deep to be walked. Reads every name and string that any pass could read."""
    try:
        _check(module, shown)
    except (RuntimeError, UnicodeDecodeError):  # what the bindings raise where a string has no Python
        fail("holds a name that is not UTF-8", where=shown, remedy="export it again")


def _check(module: ir.Module, shown: str) -> None:
    known: dict[_Key, tuple[int, int]] = {}
    left = [(module.operation, 0)]
    while left:
        op, depth = left.pop()
        if depth > MAX_REGIONS:
            too_deep(f"regions nest more than {MAX_REGIONS} deep", shown)
        _measure(op.location, _FRAMES, known, shown)
        for name in op.attributes:
            try:
                attribute = op.attributes[name]
            except TypeError:  # jaxlib 0.10 cannot hold a complex elements attribute, and there is nothing in one
                continue
            _measure(attribute, _NESTED, known, shown)
        for region in op.regions:
            for block in region.blocks:
                for argument in block.arguments:
                    _measure(argument.location, _FRAMES, known, shown)
                left += [(inner, depth + 1) for inner in body_ops(block)]


def too_deep(what: str, shown: str) -> NoReturn:
    """Refuse the module that messages call ``shown``."""
    fail(what, where=shown, remedy="no program that a frontend exports is like that: export it again")


def _measure(root: _Part, kind: _Kind[_Part], known: dict[_Key, tuple[int, int]], where: str) -> None:
    """Put depth and parts of ``root`` and of all in it into ``known``, each once."""
    left = [root]
    while left:
        here = left[-1]
        key = kind.key(here)
        parts = kind.parts(here) if key not in known else []
        missing = [part for part in parts if kind.key(part) not in known]
        if missing:
            left += missing
            continue
        left.pop()
        if key in known:
            continue
        depth = 1 + max((known[kind.key(part)][0] for part in parts), default=0)
        size = 1 + sum(known[kind.key(part)][1] for part in parts)
        if depth > kind.most:
            too_deep(f"{kind.name} nests more than {kind.most} deep", where)
        if size > MAX_PARTS:
            too_deep(f"{kind.name} comes to more than {MAX_PARTS} parts", where)
        known[key] = depth, size


def _inner_attributes(item: _Key) -> list[_Key]:
    if isinstance(item, ir.StringAttr):
        _ = item.value
    elif isinstance(item, ir.ArrayAttr):
        return list(item)
    elif isinstance(item, ir.DictAttr):
        _ = [entry.name for entry in item]
        return [entry.attr for entry in item]
    elif isinstance(item, ir.TypeAttr):
        return [item.value]
    elif isinstance(item, ir.TupleType):
        return [item.get_type(i) for i in range(item.num_types)]
    elif isinstance(item, ir.FunctionType):
        return [*item.inputs, *item.results]
    return []


def _inner_locations(here: ir.Location) -> list[ir.Location]:
    if isinstance(here, ir.FileLineColLoc):
        _ = here.filename
    elif isinstance(here, ir.NameLoc):
        _ = here.name_str
        return [here.child_loc]
    elif isinstance(here, ir.CallSiteLoc):
        return [here.caller, here.callee]
    elif isinstance(here, ir.FusedLoc):
        return [cast(ir.Location, inner) for inner in here.locations]
    return []


_NESTED: _Kind[_Key] = _Kind("an attribute", MAX_DEPTH, _inner_attributes, lambda item: item)
_FRAMES: _Kind[ir.Location] = _Kind("a location", MAX_FRAMES, _inner_locations, lambda item: item.attr)

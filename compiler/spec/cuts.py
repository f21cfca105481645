"""From what a user calls a place of the forward part to the op after which to cut, and back."""

import difflib
from collections.abc import Iterator, Sequence
from typing import NoReturn

from jaxlib.mlir import ir

from compiler.options import StageSpec
from compiler.spec.layers import Layers, read_layers
from compiler.spec.paths import parts_of
from dialects import attributes as names
from dialects.errors import UserError, fail
from dialects.ops import body_ops, entry_block, main_func
from dialects.signature import op_int
from passes.stages.choose_stages import forward_chain

WHERE = "--plan-spec"
_LISTED = "`compiler inspect MODULE --layers` lists them"
_MOST_SHOWN = 60  # letters of a name in a message
_CLOSE = 3


def find_cuts(specs: Sequence[StageSpec], module: ir.Module) -> tuple[int, ...]:
    """The numbers of the forward ops that end a stage, () where no stage says. Raises UserError: an unknown cut, one that goes
    backward or leaves nothing.
    """
    return _positions(specs, read_layers(module)) if any(spec.until for spec in specs) else ()


def cut_names(module: ir.Module) -> tuple[str, ...]:
    """What ``find_cuts`` finds the cuts of a module by, whose forward ops have stages."""
    num_stages = op_int(module.operation, names.NUM_STAGES) or 1
    if num_stages == 1:
        return ()
    found = read_layers(module)
    stages = [op_int(op, names.STAGE) for op in forward_chain(body_ops(entry_block(main_func(module)))[:-1])]
    ends = {stage: at for at, stage in enumerate(stages) if found.works[at]}
    return tuple(name_of(ends[stage], found) for stage in range(num_stages - 1))


def _positions(specs: Sequence[StageSpec], found: Layers) -> tuple[int, ...]:
    cuts: list[int] = []
    for number, spec in enumerate(specs[:-1]):
        until = spec.until or ""
        where = f"{WHERE}, stage {number}"
        at = position(until, found, where)
        if cuts and not any(found.works[cuts[-1] + 1 : at + 1]):
            before = _shown(specs[number - 1].until or "")
            place = "before" if at < cuts[-1] else "at the same place as"
            fail(
                f"the cut '{_shown(until)}' lies {place} '{before}', want cuts in the order of the forward part",
                where=where,
                remedy=_LISTED,
            )
        if not any(found.works[at + 1 :]):
            fail(
                f"nothing of the forward part comes after '{_shown(until)}', want an earlier cut",
                where=where,
                remedy=_remedy(until, found),
            )
        cuts.append(at)
    return tuple(cuts)


def position(until: str, found: Layers, where: str = WHERE) -> int:
    """The number of the last forward op before the cut ``until``. Raises UserError when there is no such place."""
    if until.isdecimal() and until.isascii() and len(until) < 10:
        if int(until) >= len(found.layers):
            fail(f"got layer {until}, and there are {len(found.layers)}, numbered from 0", where=where, remedy=_LISTED)
        return found.layers[int(until)].last
    for layer in found.layers:
        if layer.name == until:
            return layer.last
    if (inside := _inside(until, found)) is not None:
        return inside
    if same := _called(until, found):
        return same[-1]
    name, mark, number = until.rpartition("#")
    same = _called(name, found) if name else list(range(len(found.ops)))
    if not (mark and same and number.isdecimal() and number.isascii()):
        _unknown(until, found, where)
    if not 1 <= int(number[:10]) <= len(same):
        called = f"called '{_shown(name)}'" if name else "in all"
        fail(
            f"got '{_shown(until)}', and there are {len(same)} forward ops {called}, counted from 1",
            where=where,
            remedy=_LISTED,
        )
    return same[int(number) - 1]


def name_of(at: int, found: Layers) -> str:
    """What ``position`` finds op ``at`` by: its layer, if it ends one, else its name and number, else its number alone."""
    return next(name for name in _names(at, found) if name.isprintable() and _finds(name, found) == at)


def _names(at: int, found: Layers) -> Iterator[str]:
    yield from (layer.name for layer in found.layers if layer.last == at)
    called = found.ops[at].name
    yield f"{called}#{_called(called, found).index(at) + 1}"
    yield f"#{at + 1}"


def _finds(name: str, found: Layers) -> int | None:
    try:
        return position(name, found)
    except UserError:
        return None


def _inside(until: str, found: Layers) -> int | None:
    """The end of all whose path begins with ``until``: ``layers.0.norm1``; None without any."""
    path = parts_of(until)
    if "#" in until or ".".join(path) != until:
        return None
    inside = [at for at, own in enumerate(found.paths) if own[: len(path)] == path]
    if not inside:
        return None
    after = next((at for at in range(inside[-1] + 1, len(found.ops)) if found.paths[at]), None)
    return len(found.ops) - 1 if after is None else found.end_of(inside[-1], after)


def _called(text: str, found: Layers) -> list[int]:
    """The ops with this name, or of this ``file:line``; a path may be left off the file."""
    if not text:
        return []
    by_name = [at for at, op in enumerate(found.ops) if op.name == text]
    return by_name or [at for at, op in enumerate(found.ops) if op.location == text or op.location.endswith(f"/{text}")]


def _unknown(until: str, found: Layers, where: str) -> NoReturn:
    listed = [layer.name for layer in found.layers]
    known = dict.fromkeys([*listed, *(word for op in found.ops for word in (op.name, op.location) if word)])
    close = difflib.get_close_matches(until[:_MOST_SHOWN], known, _CLOSE, 0.5) or listed[:_CLOSE]
    hint = f"the closest are {', '.join(_shown(name) for name in close)}; " if close else ""
    fail(
        f"no layer, op or file:line of the forward part is called '{_shown(until)}'", where=where, remedy=hint + _LISTED
    )


def _remedy(until: str, found: Layers) -> str:
    """Where a layer comes several times, the earlier ones."""
    others = [layer.name for layer in found.layers[:-1] if layer.name.rpartition("#")[0] == until]
    return f"there is {', '.join(others[:_CLOSE])} too" if others else _LISTED


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"

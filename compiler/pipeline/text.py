"""Pipelines as text: ``normalize,assign-roles{batch-args=1},func.func(cse)``; ours and MLIR's own passes side by side.

MLIR's parser knows nothing of Python passes and aborts the process when some native passes are nested wrongly. So we read the
text ourselves and hand each native pass over alone, after looking at its anchor.
"""

import difflib
from typing import NoReturn

from jaxlib.mlir.passmanager import PassManager

from compiler.pipeline.registry import ANCHORS, NATIVE, PASSES, Item, Native
from dialects.errors import fail


def parse_pipeline(text: str) -> tuple[Item, ...]:
    """Read a pipeline. Raises UserError on a syntax error, an unknown pass or option, or a pass under the wrong op."""
    return tuple(_items(text, ("builtin.module",)))


def _items(text: str, anchors: tuple[str, ...]) -> list[Item]:
    found: list[Item] = []
    for piece in _split(text):
        name, opening, rest = _head(piece)
        if opening == "(":
            if name not in ANCHORS:
                fail(f"got the anchor '{name}', want one of {', '.join(ANCHORS)}", where=f"pipeline item '{piece}'")
            inside = (
                anchors if name == anchors[-1] or (name == "builtin.module" and len(anchors) == 1) else (*anchors, name)
            )
            found += _items(rest, inside)
        else:
            found.append(_one(name, rest, anchors))
    return found


def _one(name: str, options: str, anchors: tuple[str, ...]) -> Item:
    own = next((kind for kind in PASSES if kind.name == name), None)
    if own is not None:
        if len(anchors) > 1:
            fail("runs on the whole module", where=f"pass {name}", remedy=f"write it outside of {anchors[-1]}(…)")
        return own.from_options(options)
    if name.endswith("-pipeline") and anchors[-1] != "builtin.module":
        # addPassesTo a nested manager is a fatal error in MLIR, not a diagnostic
        fail("runs on the whole module", where=f"pass {name}", remedy=f"write it outside of {anchors[-1]}(…)")
    item = f"{name}{{{options}}}" if options else name
    if not name or not _accepted(name, anchors):
        _refuse(name, anchors)
    for anchor in reversed(anchors[1:]):
        item = f"{anchor}({item})"
    return Native(item)


def _accepted(name: str, anchors: tuple[str, ...]) -> bool:
    """Whether MLIR knows native pass ``name`` under these anchors; a ValueError from ``add`` is its only answer."""
    manager = PassManager(anchors[-1])
    try:
        manager.add(name)
    except ValueError:
        return False
    return True


def _refuse(name: str, anchors: tuple[str, ...]) -> NoReturn:
    if name and anchors[-1] != "func.func" and _accepted(name, ("func.func",)):
        fail("runs on functions", where=f"pass {name}", remedy=f"write func.func({name})")
    if name and anchors[-1] == "func.func" and _accepted(name, ("builtin.module",)):
        fail("runs on the whole module", where=f"pass {name}", remedy=f"write it outside of {anchors[-1]}(…)")
    known = [kind.name for kind in PASSES] + [item for group in NATIVE.values() for item in group]
    near = difflib.get_close_matches(name, known, n=3)
    remedy = f"did you mean {' or '.join(near)}?" if near else "see compiler.opt --list-passes"
    fail("no such pass", where=f"'{name}'", remedy=remedy)


def _split(text: str) -> list[str]:
    """Cut at the commas that are outside of braces and parentheses."""
    pieces: list[str] = []
    depth, start = 0, 0
    for position, letter in enumerate(text):
        if letter in "({":
            depth += 1
        elif letter in ")}":
            depth -= 1
            if depth < 0:
                fail(f"'{letter}' closes nothing", where=f"pipeline '{text}', column {position + 1}")
        elif letter == "," and depth == 0:
            pieces.append(text[start:position].strip())
            start = position + 1
    if depth:
        fail("a parenthesis or brace is not closed", where=f"pipeline '{text}'")
    if text.strip():
        pieces.append(text[start:].strip())
    return pieces


def _head(piece: str) -> tuple[str, str, str]:
    """``name``, the bracket after it ("" if none) and what is inside of it."""
    for position, letter in enumerate(piece):
        if letter in "({":
            closing = ")" if letter == "(" else "}"
            if not piece.endswith(closing):
                fail(f"got text after '{closing}' or a wrong bracket", where=f"pipeline item '{piece}'")
            return piece[:position].strip(), letter, piece[position + 1 : -1].strip()
    return piece, "", ""

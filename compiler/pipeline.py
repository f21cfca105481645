"""Pipelines as text: ``normalize,assign-roles{batch-args=1},func.func(cse)``; ours and MLIR's own passes side by side.

MLIR's parser knows nothing of Python passes and aborts the process when some native passes are nested wrongly. So we read the
text ourselves and hand each native pass over alone, after looking at its anchor.
"""

import difflib
from dataclasses import dataclass
from typing import NoReturn

from jaxlib.mlir import ir
from jaxlib.mlir.passmanager import PassManager

from compiler.use_machine import UseMachine
from dialects.diagnostics import Diagnostic, captured, first_error
from dialects.errors import Failure, UserError, fail
from passes.assign_roles import AssignRoles
from passes.base import Pass
from passes.choose_shardings import ChooseShardings
from passes.choose_stages import ChooseStages
from passes.copy_views import CopyViews
from passes.drop_shardings import DropShardings
from passes.fold_pads import FoldPads
from passes.fold_slices import FoldSlices
from passes.inline import Inline
from passes.keep_annotations import KeepAnnotations
from passes.mark_phases import MarkPhases
from passes.microbatch import Microbatch
from passes.normalize import Normalize
from passes.pair_rows import PairRows
from passes.partition.partition import Partition
from passes.partition.verify_collectives import VerifyCollectives
from passes.place import Place
from passes.realize import Realize
from passes.remove_dead_code import RemoveDeadCode
from passes.unroll_loops import UnrollLoops
from passes.verify_fragments import VerifyFragments
from passes.verify_stages import VerifyStages
from passes.whole_program import WholeProgram

# In the order of the path through the house. Register here: there is no other way.
PASSES: tuple[type[Pass], ...] = (
    Normalize,
    Inline,
    KeepAnnotations,
    DropShardings,
    PairRows,
    FoldPads,
    RemoveDeadCode,
    AssignRoles,
    UnrollLoops,
    FoldSlices,
    Microbatch,
    CopyViews,
    MarkPhases,
    ChooseStages,
    Place,
    VerifyStages,
    Realize,
    WholeProgram,
    UseMachine,
    ChooseShardings,
    VerifyFragments,
    VerifyCollectives,
    Partition,
)

_ANCHORS = ("builtin.module", "func.func", "any")

# Native passes worth knowing, by the op they run on (tried on jaxlib 0.10.2). Others that jaxlib registers work as well.
NATIVE: dict[str, tuple[str, ...]] = {
    "builtin.module": (
        "sdy-propagation-pipeline",
        "sdy-import-pipeline",
        "sdy-export-pipeline",
        "sdy-close-shardings",
        "sdy-drop-sharding-and-mesh",
        "sdy-remove-size-one-axes",
        "stablehlo-refine-shapes",
        "symbol-dce",
    ),
    "func.func": (
        "chlo-legalize-to-stablehlo",
        "sdy-drop-sharding-rules",
        "sdy-insert-explicit-reshards",
        "sdy-populate-op-sharding-rules",
        "sdy-reshard-to-collectives",
        "stablehlo-canonicalize-dynamism",
        "stablehlo-legalize-composite-to-call",
    ),
    "any": ("canonicalize", "cse", "sccp", "strip-debuginfo", "topological-sort"),
}


@dataclass(frozen=True)
class Native:
    """One of MLIR's own passes; ``text`` holds its anchor and options: ``func.func(canonicalize{max-iterations=3})``."""

    text: str

    def spec(self) -> str:
        """The text that names it."""
        return self.text


Item = Pass | Native


def parse_pipeline(text: str) -> tuple[Item, ...]:
    """Read a pipeline. Raises UserError on a syntax error, an unknown pass or option, or a pass under the wrong op."""
    return tuple(_items(text, ("builtin.module",)))


def _items(text: str, anchors: tuple[str, ...]) -> list[Item]:
    found: list[Item] = []
    for piece in _split(text):
        name, opening, rest = _head(piece)
        if opening == "(":
            if name not in _ANCHORS:
                fail(f"got the anchor '{name}', want one of {', '.join(_ANCHORS)}", where=f"pipeline item '{piece}'")
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


def run_item(item: Item, module: ir.Module) -> list[Diagnostic]:
    """Run one pass inside MLIR's pass manager, which verifies the module after it; gives the remarks and warnings.

    A pass' own error crosses intact, with a note that names the pass; what MLIR has to say becomes a UserError.
    """
    manager = _manager(item, module)
    with captured(module.context) as seen:
        try:
            manager.run(module.operation)
        except ir.MLIRError as error:
            found = first_error(seen, error)
            if isinstance(item, Native):
                raise UserError(found.message, where=found.place or f"pass {item.text}") from None
            message = f"pass {item.spec()} left invalid IR: {found.message}"
            raise Failure(message, where=found.place, remedy="this is a bug of Meshwright") from None
        except Exception as error:
            error.add_note(f"in pass {item.spec()}")
            raise
    return seen


def _manager(item: Item, module: ir.Module) -> PassManager:
    manager = PassManager("builtin.module", module.context)
    if isinstance(item, Native):
        try:
            manager.add(item.text)
        except ValueError as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            fail((lines[0] if lines else "bad options").split(": ", 1)[-1], where=f"pass {item.text}")
        return manager

    def run(_op: ir.Operation, _external: object) -> None:
        item.run(module)

    manager.add(run, name=item.name, argument=item.name)
    return manager

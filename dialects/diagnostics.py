"""MLIR's diagnostics as data. MLIR prints to stderr by itself when nobody listens; the project always listens."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from jaxlib.mlir import ir

from dialects.ops import location_files


@dataclass(frozen=True)
class Diagnostic:
    """One message. ``severity``: "error", "warning", "remark" or "note"; ``line``, ``column``: in the parsed text, 0 if unknown."""

    severity: str
    message: str
    place: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def diagnostic(raw: ir.Diagnostic | ir.DiagnosticInfo) -> Diagnostic:
    """Copy a diagnostic, which MLIR keeps alive only during its callback."""
    location = _narrow(raw.location)
    file_line = _file_line(location)
    line, column = (file_line.start_line, file_line.start_col) if file_line else (0, 0)
    place = next(location_files(location), "")
    if place and column:
        place = f"{place}:{column}"
    try:
        message = raw.message.strip()
    except (UnicodeDecodeError, ValueError, RuntimeError):
        message = "(a message with bytes of the damaged file)"
    return Diagnostic(raw.severity.name.lower(), message, place, line, column)


@contextmanager
def captured(context: ir.Context) -> Generator[list[Diagnostic], None, None]:
    """Collect what MLIR has to say inside the block instead of letting it print."""
    seen: list[Diagnostic] = []

    def listen(raw: ir.Diagnostic) -> bool:
        seen.append(diagnostic(raw))
        seen.extend(diagnostic(note) for note in raw.notes)
        return True

    handler = cast(ir.DiagnosticHandler, context.attach_diagnostic_handler(listen))
    try:
        yield seen
    finally:
        handler.detach()


def first_error(seen: list[Diagnostic], error: BaseException) -> Diagnostic:
    """The first diagnostic that says what is wrong, from the handler's or from the MLIRError's own list."""
    if isinstance(error, ir.MLIRError):
        seen = [*seen, *(diagnostic(raw) for raw in error.error_diagnostics)]
    for item in seen:
        if item.severity == "error":
            return item
    return Diagnostic("error", (str(error).strip() or type(error).__name__).splitlines()[0], "")


def _narrow(location: ir.Location) -> ir.Location:
    """Diagnostics have locations of the base class; ops have them of the right one."""
    for kind in (ir.FileLineColLoc, ir.NameLoc, ir.CallSiteLoc, ir.FusedLoc):
        try:
            return kind(location)
        except ValueError:
            continue
    return location


def _file_line(location: ir.Location) -> ir.FileLineColLoc | None:
    if isinstance(location, ir.FileLineColLoc):
        return location
    if isinstance(location, ir.NameLoc):
        return _file_line(location.child_loc)
    if isinstance(location, ir.CallSiteLoc):
        return _file_line(location.callee)
    return None

"""No choice of shardings fits a device: say the least that is possible, what it is made of, and what would make it less."""

from __future__ import annotations

from math import ceil

from compiler.intra.room import Shortage
from compiler.options import PlanOptions
from compiler.units import show_bytes
from dialects.errors import UserError

_LARGE = 0.1  # a class with less of the whole than this is not worth an advice of its own
_SHOWN = 0.01  # of the whole: smaller classes are left out
_STATE = ("parameters", "optimizer", "other arguments")
_PER_ROW = ("activations", "temporaries", "batch")


class NoRoom(UserError):
    """No choice fits. ``found_bytes``: of the smallest plan that was found; None if none was made, and ``short`` is of the rows."""

    def __init__(self, short: Shortage, options: PlanOptions, found_bytes: float | None = None) -> None:
        super().__init__(_message(short, options, found_bytes), remedy=f"use {_remedies(short, options, found_bytes)}")
        self.short = short


def _message(short: Shortage, options: PlanOptions, found_bytes: float | None) -> str:
    shown = {kind: size for kind, size in short.bytes_of.items() if size > _SHOWN * short.total_bytes}
    classes = sorted(shown.items(), key=lambda item: -item[1])
    parts = ", ".join(f"{kind} {show_bytes(size)}" for kind, size in classes)
    room = f"a device has {show_bytes(short.limit_bytes)}"
    if found_bytes is not None:
        need = f"the smallest plan found needs {show_bytes(found_bytes)} per device, in {short.row},"
        return f"no choice of shardings fits: {need} and {room}: {parts}"
    whole = show_bytes(short.total_bytes)
    if options.intra != "ilp":
        return f"the choice of {options.intra} does not fit: {short.row} needs {whole} per device and {room}: {parts}"
    if short.total_bytes <= short.limit_bytes:
        return f"no choice fits every moment of the step: {short.row} alone could do with {whole} and {room}: {parts}"
    return f"no choice of shardings fits: {short.row} needs at least {whole} per device and {room}: {parts}"


def _remedies(short: Shortage, options: PlanOptions, found_bytes: float | None) -> str:
    share = {kind: size / max(short.total_bytes, 1.0) for kind, size in short.bytes_of.items()}
    state, per_row = (sum(share.get(kind, 0.0) for kind in kinds) for kinds in (_STATE, _PER_ROW))
    found: list[str] = []
    if options.intra != "ilp":
        found.append(f"--intra ilp (which splits what {options.intra} keeps whole)")
    if per_row > _LARGE:
        found.append("more microbatches (activations and temporaries shrink with them)")
    if state > _LARGE:
        found.append("more stages (each mesh then has less of the parameters)")
    if options.mesh is not None:
        found.append("another --mesh")
    found.append("more devices")
    enough = f" ({ceil(found_bytes)}B is enough)" if found_bytes is not None else ""
    return ", ".join(found) + f" or a larger --memory-per-device{enough}"

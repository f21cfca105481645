"""No choice of shardings fits a device: say what is needed at least, what it is made of, and what would make it less."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from compiler.intra.room import Shortage
from compiler.options import PlanOptions
from compiler.plan.decisions import MemoryRecord
from compiler.units import show_bytes
from dialects.errors import UserError

_LARGE = 0.1  # a class with less of the whole than this is not worth an advice of its own
_SHOWN = 0.01  # of the whole: smaller classes are left out
_STATE = ("parameters", "optimizer", "other arguments")
_PER_ROW = ("activations", "temporaries", "batch")
# Memory rows count these before anything is partitioned and freed, and may count too much; the rest is exact.
_COUNTED_HIGH = ("temporaries", "activations", "values of the step", "batch")


class TooLarge(UserError):
    """A plan that does not fit. ``peak_bytes``: what its fullest device needs; ``bytes_of``: of each class, in ``moment``."""

    def __init__(self, peak_bytes: float, memory: MemoryRecord, limit_bytes: float, mesh: int) -> None:
        sizes = dict(memory.bytes_of)
        more = peak_bytes - sum(sizes.values())
        if more > 0:
            sizes["gathered parts and copies"] = more
        for kind in _COUNTED_HIGH:
            less = min(sizes.get(kind, 0.0), max(0.0, -more))
            sizes[kind] = sizes.get(kind, 0.0) - less
            more += less
        super().__init__(
            f"mesh {mesh} needs {show_bytes(peak_bytes)} per device, a device has {show_bytes(limit_bytes)}: {show_classes(sizes)}",
            remedy="use more stages, more microbatches, more devices, or a larger --memory-per-device",
        )
        self.peak_bytes, self.moment, self.bytes_of = peak_bytes, memory.moment, sizes
        self.need_bytes = peak_bytes
        self.without_microbatches = "use more stages, more devices, or a larger --memory-per-device"


class NoRoom(UserError):
    """No choice fits. ``found_bytes``: of the smallest plan that was found; None if none was made, and ``short`` is of the rows."""

    def __init__(self, short: Shortage, options: PlanOptions, found_bytes: float | None = None) -> None:
        super().__init__(_message(short, options, found_bytes), remedy=f"use {_remedies(short, options, found_bytes)}")
        self.short, self.bytes_of = short, short.bytes_of
        self.need_bytes = short.total_bytes if found_bytes is None else found_bytes
        self.without_microbatches = f"use {_remedies(short, options, found_bytes, all_microbatches=True)}"


def _message(short: Shortage, options: PlanOptions, found_bytes: float | None) -> str:
    parts = show_classes(short.bytes_of)
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


def enough_at_best(error: NoRoom | TooLarge, times: float, limit_bytes: float) -> bool:
    """Whether it could fit if ``times`` more microbatches made all that depends on the rows so much smaller."""
    sizes = error.bytes_of.items()
    return sum(size / times if kind in _PER_ROW else size for kind, size in sizes) <= limit_bytes


def _remedies(
    short: Shortage, options: PlanOptions, found_bytes: float | None, *, all_microbatches: bool = False
) -> str:
    share = {kind: size / max(short.total_bytes, 1.0) for kind, size in short.bytes_of.items()}
    state, per_row = (sum(share.get(kind, 0.0) for kind in kinds) for kinds in (_STATE, _PER_ROW))
    found: list[str] = []
    if options.intra != "ilp":
        found.append(f"--intra ilp (which splits what {options.intra} keeps whole)")
    if per_row > _LARGE and not all_microbatches:
        found.append("more microbatches (activations and temporaries shrink with them)")
    if state > _LARGE:
        found.append("more stages (each mesh then has less of the parameters)")
    if options.mesh is not None:
        found.append("another --mesh")
    found.append("more devices")
    enough = f" ({ceil(found_bytes)}B is enough)" if found_bytes is not None else ""
    return ", ".join(found) + f" or a larger --memory-per-device{enough}"


def show_classes(bytes_of: Mapping[str, float]) -> str:
    """``parameters 2 GiB, activations 1 GiB``: the largest first, and none that hardly counts."""
    least = _SHOWN * sum(bytes_of.values())
    shown = sorted(((kind, size) for kind, size in bytes_of.items() if size > least), key=lambda item: -item[1])
    return ", ".join(f"{kind} {show_bytes(size)}" for kind, size in shown)

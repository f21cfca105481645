"""What a mesh needs at its fullest moment, by class: the least of all choices, or of the one that was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compiler.decisions.memory import bytes_by_class
from compiler.intra.bytes import least_bytes
from passes.analysis.shardings.cases import Case
from passes.solvers.shardings.problem import MemoryRow

_SURELY = 1 - 1e-9  # sums of bytes in another order may differ by rounding


@dataclass(frozen=True)
class Shortage:
    """What one mesh needs at its fullest moment, by class, and what a device has."""

    row: str
    limit_bytes: float
    bytes_of: Mapping[str, float]

    @property
    def total_bytes(self) -> float:
        """All classes."""
        return sum(self.bytes_of.values())


def least(case: Case) -> Shortage:
    """The smallest that the fullest moment can be, over all choices: problems of their own, with bytes for seconds.

    Those rows first that need most if each node could choose for each by itself. A row in which some choice found so far needs
    less than another row's least is not the one.
    """
    rows = case.problem.rows
    floors = [sum(float(use.min()) for use in row.bytes_of.values()) / row.limit_bytes for row in rows]
    found: dict[int, Shortage] = {}
    most = [float("inf")] * len(rows)  # that the least of each row can be, as a share of its limit
    for number in sorted(range(len(rows)), key=lambda number: -floors[number]):
        if found and most[number] < _SURELY * max(item.total_bytes / item.limit_bytes for item in found.values()):
            continue
        choice = least_bytes(case, (rows[number],))
        found[number] = _shortage(case, rows[number], choice)
        used = case.problem.used_bytes(choice)
        most = [min(old, new / row.limit_bytes) for old, new, row in zip(most, used, rows, strict=True)]
    return max((found[number] for number in sorted(found)), key=lambda item: item.total_bytes / item.limit_bytes)


def taken(case: Case, choice: Sequence[int]) -> Shortage | None:
    """What a choice that was made without looking at memory takes too much; None if it fits."""
    used = case.problem.used_bytes(choice)
    broken = [number for number, row in enumerate(case.problem.rows) if used[number] > row.limit_bytes]
    if not broken:
        return None
    row = case.problem.rows[max(broken, key=lambda number: used[number])]
    return _shortage(case, row, choice)


def _shortage(case: Case, row: MemoryRow, choice: Sequence[int]) -> Shortage:
    return Shortage(row.name.rpartition(" ")[0], row.limit_bytes, bytes_by_class(case, row, choice))

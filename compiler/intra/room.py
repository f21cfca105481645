"""What a mesh needs at its fullest moment, by class: the least of all choices, or of the one that was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compiler.decisions.memory import bytes_by_class
from compiler.intra.bytes import least_bytes
from passes.analysis.shardings.cases import Case
from passes.solvers.shardings.problem import MemoryRow


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
    """The smallest that the fullest moment can be, over all choices: a problem of its own, with bytes for seconds."""
    found = [_shortage(case, row, least_bytes(case, (row,))) for row in case.problem.rows]
    return max(found, key=lambda item: item.total_bytes / item.limit_bytes)


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

"""Arrays of costs by content: equal arrays are one number, so what was computed once for a layer is there for all others.

Costs become whole numbers of ticks (a power of two of a second, fine enough that 2 ** 51 of them hold the whole problem). Sums
of ticks are exact in float64 in any order, so equal layers stay equal bit by bit, and shrinking never rounds.
"""

import hashlib
import math
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from passes.solvers.shardings.problem import Costs

T = TypeVar("T")
Indices = NDArray[np.intp]
_BITS = 51  # sums of any subset of the problem's finite costs, and differences of two such, fit in float64's 53 bits


class Tables:
    """Interned arrays: ``tables[number]`` is the array, ``intern(array)`` its number; ``once`` remembers results by key."""

    def __init__(self, ticks_per_second: float = 1.0) -> None:
        self.ticks_per_second = ticks_per_second
        self._arrays: list[Costs] = []
        self._by_content: dict[tuple[tuple[int, ...], bytes], int] = {}
        self._by_object: dict[int, tuple[Costs, int]] = {}  # holds the array: its id stays taken
        self._memo: dict[Hashable, object] = {}

    def __getitem__(self, table: int) -> Costs:
        return self._arrays[table]

    def __len__(self) -> int:
        return len(self._arrays)

    def intern(self, array: Costs) -> int:
        """The number of an array's content."""
        array = np.ascontiguousarray(array)
        key = (array.shape, hashlib.blake2b(array.data, digest_size=16).digest())
        table = self._by_content.setdefault(key, len(self._arrays))
        if table == len(self._arrays):
            array.setflags(write=False)
            self._arrays.append(array)
        return table

    def read(self, seconds: Costs) -> int:
        """The number of an array of seconds, in ticks."""
        known = self._by_object.get(id(seconds))
        if known is None:
            ticks = np.rint(np.asarray(seconds, dtype=np.float64) * self.ticks_per_second) + 0.0  # no minus zero
            known = self._by_object[id(seconds)] = (seconds, self.intern(ticks))
        return known[1]

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` returned the first time it was asked under this key."""
        if key not in self._memo:
            self._memo[key] = make()
        return cast(T, self._memo[key])

    def transpose(self, table: int) -> int:
        """The table seen from its other end."""

        def make() -> int:
            other = self.intern(self[table].T)
            self._memo.setdefault(("T", other), table)
            return other

        return self.once(("T", table), make)

    def add(self, first: int, second: int) -> int:
        """The sum of two tables."""
        low, high = min(first, second), max(first, second)
        return self.once(("+", low, high), lambda: self.intern(self[low] + self[high]))

    def take(self, table: int, keep: Indices, axis: int) -> int:
        """The table with some rows (axis 0) or columns (axis 1) only."""
        return self.once(("take", table, keep.tobytes(), axis), lambda: self.intern(np.take(self[table], keep, axis)))

    def row(self, table: int, index: int) -> int:
        """One row, as a vector over the other end."""
        return self.once(("row", table, index), lambda: self.intern(self[table][index]))


def ticks_per_second(arrays: Iterable[tuple[Costs, int]]) -> float:
    """The power of two by which every cost is multiplied; each array comes with how often it occurs."""
    total = 0.0
    for array, count in arrays:
        finite = np.abs(array[np.isfinite(array)])
        total += count * float(finite.max(initial=0.0))
    return 1.0 if total == 0 else math.ldexp(1.0, _BITS - math.frexp(total)[1])

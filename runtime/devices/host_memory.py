"""Arrays for what is received, in memory that is used again: a new page costs more than the copy that fills it.

Each array begins at a multiple of 64 bytes, so a CPU device takes it as it is (``World.put_owned``). Its memory comes back when the
array itself is gone: the device's buffer keeps the array, views of the buffer keep the buffer, and so nothing that is still read
is written. So its owner keeps no view of an array that was handed on: a view of a view forgets what is between.
"""

from __future__ import annotations

import math
import weakref
from collections import defaultdict
from typing import Any

import numpy as np

from runtime.devices.jaxlib_api import NumpyArray

ALIGNMENT = 64  # bytes: what XLA asks of a buffer that it does not make itself
MOST_KEPT = 4  # free pieces of memory of one size


class HostMemory:
    """``array(shape, dtype)`` gives arrays with undefined contents."""

    def __init__(self) -> None:
        self._free: defaultdict[int, list[NumpyArray]] = defaultdict(list)

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NumpyArray:
        """An aligned array, its memory reused from one that is gone if there is one of the size."""
        num_bytes = math.prod(shape) * dtype.itemsize
        free = self._free[num_bytes]
        memory = free.pop() if free else np.empty(num_bytes + ALIGNMENT, np.uint8)
        begin = -memory.ctypes.data % ALIGNMENT
        array = memory[begin : begin + num_bytes].view(dtype).reshape(shape)
        weakref.finalize(array, self._take_back, memory).atexit = False
        return array

    def _take_back(self, memory: NumpyArray) -> None:
        free = self._free[memory.size - ALIGNMENT]
        if len(free) < MOST_KEPT:
            free.append(memory)

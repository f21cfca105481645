"""What the runtime asks of whatever carries its messages between ranks; each transport is one more file beside this one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Received(ABC):
    """A message under way to this rank; ``wait`` gives the array."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether ``wait`` would return at once."""

    @abstractmethod
    def wait(self) -> Array:
        """The array, once it has arrived."""


class Transport(ABC):
    """Messages among ``size`` ranks, of which this is number ``rank``; a rank that waits leaves its core to others.

    - Messages with one tag between two ranks arrive in the order sent.
    - A send never waits for its receiver: that may be what this rank's next collective waits for.
    - Collective methods are called by every rank, in one order.
    """

    rank: int
    size: int

    @abstractmethod
    def send(self, array: Array, to: int, tag: int) -> None:
        """Start sending; the array must not change afterwards, and lives until it has gone."""

    def receive(self, shape: tuple[int, ...], dtype: np.dtype[Any], source: int, tag: int) -> Received:
        """Start receiving an array of ``shape`` and ``dtype``."""
        return self.receive_into(np.empty(shape, dtype), source, tag)

    @abstractmethod
    def receive_into(self, array: Array, source: int, tag: int) -> Received:
        """Start receiving into an array, C-contiguous; nobody touches it before ``wait`` has given it."""

    @abstractmethod
    def flush(self) -> None:
        """Wait until everything sent has gone."""

    @abstractmethod
    def broadcast(self, data: bytes | None, root: int = 0) -> bytes:
        """Rank ``root``'s bytes, on every rank. Collective."""

    @abstractmethod
    def gather_codes(self, code: int) -> list[int]:
        """Every rank's ``code``, on every rank. Collective, and a barrier."""

    @abstractmethod
    def start_codes(self, code: int) -> Callable[[], list[int]]:
        """Say that this rank has come here, with a ``code``; the function returned waits for all others'. Collective."""

    def gather_texts(self, text: str) -> list[str]:
        """Every rank's ``text``, on every rank; only those that are not "" are sent. Collective."""
        sizes = self.gather_codes(len(text.encode()))
        mine = text.encode()
        return [
            self.broadcast(mine if rank == self.rank else None, rank).decode() if size else ""
            for rank, size in enumerate(sizes)
        ]

    @abstractmethod
    def split(self, color: int, place: int) -> Transport:
        """The ranks of one ``color`` among themselves, in the order of their ``place``. Collective."""

    @abstractmethod
    def all_have_met(self) -> None:
        """Every rank has met all others once: remove what a job that is killed from now on would leave behind."""

    @abstractmethod
    def abort(self, code: int) -> None:
        """End the whole job, every rank of it, with exit code ``code``."""

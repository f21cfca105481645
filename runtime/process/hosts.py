"""Is a host still there? The first ranks of a job's hosts ask each other: the first asks all others, the second asks the first.

One question is under way to each at a time, so a host that is gone costs nothing. The messages are MPI's, on a communicator
of their own.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence

import numpy as np

from runtime.transport.base import Received, Transport

QUESTION, ANSWER = 0, 1
WORD = np.zeros(1, np.uint8)


class Hosts:
    """Asks and answers. Made by all first ranks together; then used by one thread."""

    def __init__(self, leaders: Transport, ranks: Sequence[int]) -> None:
        """``ranks``: those of this host."""
        name = f"host {socket.gethostname()} (rank{'s' * (len(ranks) > 1)} {', '.join(map(str, ranks))})"
        names = [leaders.broadcast(name.encode(), root).decode() for root in range(leaders.size)]
        me, others = leaders.rank, list(range(1, leaders.size))
        self._leaders = leaders
        self._names = names
        self._asks: dict[int, Received | None] = dict.fromkeys(others if me == 0 else [0] if me == 1 else [])
        self._asked_by: dict[int, Received | None] = dict.fromkeys(others[:1] if me == 0 else [0])
        self._heard_s = dict.fromkeys(self._asks, time.monotonic())
        self._looked_s = time.monotonic()
        self._mutex, self._closed = threading.Lock(), False

    def look(self, tick_s: float) -> dict[str, float]:
        """Answer, hear answers, ask again -> for how long each host has said nothing. Once every ``tick_s``."""
        with self._mutex:
            if self._closed:
                return {}
            for other, question in self._asked_by.items():
                if question is not None and question.ready():
                    self._leaders.send(WORD, other, ANSWER)
                    self._asked_by[other] = None
                if self._asked_by[other] is None:
                    self._asked_by[other] = self._leaders.receive((1,), WORD.dtype, other, QUESTION)
            now_s = time.monotonic()
            late_s = max(0.0, now_s - self._looked_s - 2 * tick_s)  # this process was stopped: it heard nobody
            self._looked_s = now_s
            for other, answer in self._asks.items():
                self._heard_s[other] += late_s
                if answer is None or answer.ready():
                    self._heard_s[other] = now_s
                    self._asks[other] = self._leaders.receive((1,), WORD.dtype, other, ANSWER)
                    self._leaders.send(WORD, other, QUESTION)
            return {self._names[other]: now_s - heard_s for other, heard_s in self._heard_s.items()}

    def close(self) -> None:
        """No message after this: MPI may end."""
        with self._mutex:
            self._closed = True

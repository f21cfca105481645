"""How a job ends early: one readable message from one rank, every process gone, the exit code right.

Three cases. A mistake that a rank finds where all ranks meet: ``together``. An exception in one rank while the others
work: ``end_job``. A process that a signal killed: ``watch`` (a rank) and ``listening`` (a watcher).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import NoReturn, Protocol

from dialects.errors import MeshwrightError
from dialects.plain import plain
from runtime.process.supervise import Watch
from runtime.process.watch import EXCEPTION_S, HEARD_S, may_speak


class Stop(Exception):
    """All ranks leave with ``code``; the one whose error it was has ``message``, the others ""."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


class Meeting(Protocol):
    """What ``together`` needs of a communicator: every rank's number, on every rank, without spinning."""

    def gather_codes(self, code: int) -> list[int]:
        """The ``code`` of each rank, in rank order. Collective."""
        ...


@contextmanager
def together(meeting: Meeting, rank: int) -> Generator[None]:
    """Do the body on every rank; after a readable error on any, raise Stop on all: the lowest such rank speaks."""
    error: MeshwrightError | None = None
    try:
        yield
    except MeshwrightError as caught:
        error = caught
    codes = meeting.gather_codes(error.exit_code if error else 0)
    first = next((i for i, code in enumerate(codes) if code), None)
    if first is None:
        return
    raise Stop(codes[first], str(error) if first == rank else "") from error


def end_job(watch: Watch, message: str, abort: Callable[[int], None]) -> NoReturn:
    """Print ``message`` unless another rank of the host has spoken, and end the job with 1 by ``abort``, MPI's.

    Waits before it speaks: a failed collective is mostly the echo of a rank that died, which has the better words.
    """
    if watch.key:
        time.sleep(EXCEPTION_S)
    speak(watch, message)
    if watch.size > 1:
        abort(1)
    leave(1)


def speak(watch: Watch, message: str) -> None:
    """Print one error for the whole host, unless another of its ranks has."""
    if watch.key and not may_speak(watch.key):
        time.sleep(EXCEPTION_S)
        return
    with suppress(OSError, ValueError):  # nobody reads any more
        print(f"error: {plain(message)}", file=sys.stderr, flush=True)
    if watch.key:
        time.sleep(HEARD_S)


def leave(code: int) -> NoReturn:
    """End this process, whatever its other threads do."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)

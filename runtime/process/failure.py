"""How a job ends early: one readable message from one rank, every process gone, the exit code right.

Three cases. A mistake that a rank finds where all ranks meet: ``together``. An exception in one rank while the others
work: ``end_job``. A process that a signal killed: ``watch`` (a rank) and ``listen`` (a watcher).
"""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import NoReturn, Protocol

from dialects.errors import MeshwrightError
from runtime.process.supervise import Watch
from runtime.process.watch import EXCEPTION_S, HEARD_S


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
    _exit(1)


def speak(watch: Watch, message: str) -> None:
    """Print one error for the whole host: the abstract socket name is the lock, and dies with its process."""
    if watch.key:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0{watch.key}-said")
        except OSError:
            time.sleep(EXCEPTION_S)
            return
        claim.detach()  # stays bound until this process ends
    with suppress(OSError, ValueError):  # nobody reads any more
        print(f"error: {message}", file=sys.stderr, flush=True)
    if watch.key:
        time.sleep(HEARD_S)


def listen(watch: Watch, names: list[str]) -> None:
    """On the first rank of a host: start the thread that notices a killed watcher. ``names[r]`` describes rank r.

    mpirun kills all other watchers some milliseconds later; which one was first is the order of epoll's ready list.
    """
    if watch.listener is not None:
        threading.Thread(target=_listen, args=(watch, watch.listener, names), daemon=True).start()


def _listen(watch: Watch, listener: socket.socket, names: list[str]) -> None:
    events = select.epoll()
    events.register(listener, select.EPOLLIN)
    links: dict[int, socket.socket] = {}
    heard: dict[int, bytes] = {}
    parent = os.getppid()
    while True:
        if os.getppid() != parent:  # this rank's own watcher died before it had connected
            speak(watch, f"{names[watch.rank]}: its process was killed; the job has ended")
            _exit(1)
        for fd, _ in events.poll(1.0):
            if fd == listener.fileno():
                link, _ = listener.accept()
                links[link.fileno()], heard[link.fileno()] = link, b""
                events.register(link, select.EPOLLIN)
                continue
            data = _read(links[fd])
            heard[fd] += data
            if data:
                continue
            events.unregister(fd)
            links.pop(fd).close()
            words = heard[fd].split()
            if b"bye" not in words:
                who = names[int(words[0])] if words else "a rank"
                speak(watch, f"{who}: its process was killed; the job has ended")
                _exit(1)


def _read(link: socket.socket) -> bytes:
    try:
        return link.recv(64)
    except OSError:
        return b""


def _exit(code: int) -> NoReturn:
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)

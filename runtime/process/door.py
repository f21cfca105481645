"""The door of a host's first rank: whose watcher may come in, and what it may say. Others are sent away, and the job goes on.

Any process of the machine can see the socket's name and connect. So: the kernel says who connects (``trusted``: this user or
root), the first message must hold the job's key, and a message is one packet of a known kind and size. Whoever breaks a rule, or
says nothing for ``HELLO_S``, loses the connection and nothing else happens. No waiting on anybody: one epoll serves all.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from runtime.process.watch import MESSAGE_BYTES, trusted

HELLO_S = 10.0
MAX_SILENT = 64  # connections that have not said hello; one more, and the oldest goes
A_TURN = 64  # connections accepted before the others are heard
RUSH_S = 0.05  # who connects without end gets no more than A_TURN in this time, and not the rank's core


@dataclass
class _Guest:
    """A connection; ``rank`` is None until it has said hello."""

    link: socket.socket
    since_s: float
    rank: int | None = None
    bye: bool = False


class Door:
    """Listens at the abstract socket ``name`` for the watchers of ``size`` ranks. Not thread-safe: one thread calls ``gone``."""

    def __init__(self, name: str, key: str, size: int, may_enter: Callable[[socket.socket], bool] = trusted) -> None:
        """Raises OSError if the name is taken; it is random, and nobody knows it before."""
        self._key, self._size, self._may_enter = key.encode(), size, may_enter
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.bind(f"\0{name}")  # abstract: no file to leave behind
        self._socket.listen(1024)
        self._socket.setblocking(False)
        self._events = select.epoll()
        self._events.register(self._socket, select.EPOLLIN)
        self._guests: dict[int, _Guest] = {}
        self.heard_s: dict[int, float] = {}  # rank -> when its watcher spoke last, of those that are here

    def gone(self, timeout_s: float) -> list[int]:
        """Wait for news at most so long -> the ranks whose watchers went without a farewell, in the order seen."""
        found: list[int] = []
        for fd, _ in self._events.poll(timeout_s):
            if fd == self._socket.fileno():
                self._let_in()
            elif fd in self._guests:
                found += self._hear(fd)
        now_s = time.monotonic()
        silent = [fd for fd, guest in self._guests.items() if guest.rank is None]
        for place, fd in enumerate(silent):
            if now_s - self._guests[fd].since_s > HELLO_S or place < len(silent) - MAX_SILENT:
                self._send_away(fd)
        return found

    def close(self) -> None:
        """Everybody goes."""
        for fd in list(self._guests):
            self._send_away(fd)
        self._events.close()
        self._socket.close()

    def _let_in(self) -> None:
        for _ in range(A_TURN):
            try:
                link, _ = self._socket.accept()
            except OSError:  # nobody more, gone again, or no descriptor left
                break
            if not self._may_enter(link):
                link.close()
                continue
            link.setblocking(False)
            self._guests[link.fileno()] = _Guest(link, time.monotonic())
            self._events.register(link, select.EPOLLIN)
        else:
            time.sleep(RUSH_S)

    def _hear(self, fd: int) -> list[int]:
        """Read one packet -> the rank whose watcher went without a farewell, if that is the news."""
        guest = self._guests[fd]
        data = b""
        with suppress(BlockingIOError, ConnectionError):
            data = guest.link.recv(MESSAGE_BYTES + 1)
        if not data:  # the end; an empty packet reads the same, and no watcher sends one
            self._send_away(fd)
            return [guest.rank] if guest.rank is not None and not guest.bye else []
        if guest.rank is None:
            guest.rank = self._greeting(data)
            if guest.rank is None:
                self._send_away(fd)
                return []
        elif data == b"bye":
            guest.bye = True
        elif data != b"beat":
            return []  # from one that has the key: of another version perhaps, and no reason to end anything
        self.heard_s[guest.rank] = time.monotonic()
        return []

    def _greeting(self, data: bytes) -> int | None:
        """The rank that says hello, if the words are right: "hello KEY RANK"."""
        words = data.split(b" ") if len(data) <= MESSAGE_BYTES else []
        if len(words) != 3 or words[0] != b"hello" or words[1] != self._key:
            return None
        if not (words[2].isdigit() and len(words[2]) <= 9 and int(words[2]) < self._size):
            return None
        rank = int(words[2])
        return None if any(guest.rank == rank for guest in self._guests.values()) else rank

    def _send_away(self, fd: int) -> None:
        guest = self._guests.pop(fd)
        if guest.rank is not None:
            self.heard_s.pop(guest.rank, None)
        self._events.unregister(fd)
        guest.link.close()

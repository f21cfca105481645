"""On the first rank of each host: notices watchers and hosts that are gone. All ranks get the job's key, for their watchers."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import zlib
from collections.abc import Generator
from contextlib import contextmanager, suppress

from dialects.plain import plain
from runtime.process.door import Door
from runtime.process.failure import leave, speak
from runtime.process.hosts import Hosts
from runtime.process.launcher import end_soon
from runtime.process.stall import named_s, tick_s
from runtime.process.supervise import Watch
from runtime.transport.base import Transport


@contextmanager
def listening(watch: Watch, transport: Transport, names: list[str], stall_timeout_s: int = 0) -> Generator[None]:
    """Make the job's key, open the door of each host, send the watchers there; for the time of the body. Collective.

    ``names[r]`` describes rank r. ``stall_timeout_s``: a rank that does not move for so long ends the job; 0: it is only named.
    mpirun kills all other watchers some milliseconds after one; which one was first is the order of epoll's ready list.
    """
    made = f"{os.urandom(8).hex()} {os.urandom(16).hex()}".encode() if transport.rank == 0 else None
    number, key = transport.broadcast(made).decode().split()
    if not watch.key:
        yield
        return
    first = watch.local_rank == 0
    hosts: Hosts | None = None
    if watch.local_size < watch.size:
        daemons = transport.gather_codes(zlib.crc32(f"{socket.gethostname()} {watch.key}".encode()))
        leaders = transport.split(0 if first else 1, transport.rank)
        here = [rank for rank, daemon in enumerate(daemons) if daemon == daemons[transport.rank]]
        hosts = Hosts(leaders, here) if first else None
    name = f"{watch.key}-{number}"
    if first:
        listener = _Listener(watch, Door(name, key, watch.size), hosts, names, stall_timeout_s)
        threading.Thread(target=listener.run, daemon=True).start()
    watch.write_letter(f"{name} {key} {stall_timeout_s}")
    try:
        yield
    finally:
        if hosts is not None:
            hosts.close()


class _Listener:
    def __init__(self, watch: Watch, door: Door, hosts: Hosts | None, names: list[str], stall_timeout_s: int) -> None:
        self._watch, self._door, self._hosts, self._names = watch, door, hosts, names
        self._stall_timeout_s, self._tick_s = stall_timeout_s, tick_s()
        # a rank's own watcher has better words, and speaks first
        self._grace_s = 1 + 3 * self._tick_s
        self._named: dict[str, float] = {}  # who -> when

    def run(self) -> None:
        """Until this process ends."""
        parent = os.getppid()
        looked_s = time.monotonic()
        while True:
            gone = self._door.gone(self._tick_s)
            if os.getppid() != parent:  # this rank's own watcher died before it had connected
                gone = gone or [self._watch.rank]
            if gone:
                self._end(f"{self._names[gone[0]]}: its process was killed; the job has ended")
            now_s = time.monotonic()
            if now_s - looked_s > 5 * self._tick_s:  # this process was stopped: it heard nobody
                self._door.heard_s = dict.fromkeys(self._door.heard_s, now_s)
            looked_s = now_s
            silent = {f"{self._names[rank]}: its watcher": now_s - at for rank, at in self._door.heard_s.items()}
            hosts = self._hosts.look(self._tick_s) if self._hosts is not None else {}
            for who, silent_s in (silent | hosts).items():
                self._judge(who, silent_s, host=who in hosts)

    def _judge(self, who: str, silent_s: float, *, host: bool) -> None:
        """Name who is silent, once; or end the job."""
        if 0 < self._stall_timeout_s <= silent_s - self._grace_s:
            if host:
                end_soon()  # before the word: mpirun may kill this process once it is asked to end the job
            self._end(f"{who} has said nothing for {silent_s:.0f} s; --stall-timeout has ended the job")
        if who not in self._named and silent_s - self._grace_s >= named_s():
            self._named[who] = time.monotonic() - silent_s
            _warn(f"{who} has said nothing for {silent_s:.0f} s: stopped, or out of reach")
        elif who in self._named and silent_s < self._grace_s:
            _warn(f"{who} speaks again after {time.monotonic() - self._named.pop(who):.0f} s")

    def _end(self, message: str) -> None:
        speak(self._watch, message)
        leave(1)


def _warn(sentence: str) -> None:
    with suppress(OSError, ValueError):  # nobody reads any more
        print(f"warning: {plain(sentence)}", file=sys.stderr, flush=True)

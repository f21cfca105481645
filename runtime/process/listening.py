"""On the first rank of each host: notices watchers that were killed. All ranks get the job's key, and hand it to their watchers."""

from __future__ import annotations

import os
import threading

from runtime.process.door import Door
from runtime.process.failure import leave, speak
from runtime.process.supervise import Watch
from runtime.transport.base import Transport


def listen(watch: Watch, transport: Transport, names: list[str]) -> None:
    """Make the job's key, open the door of each host, and send the watchers there. ``names[r]`` describes rank r. Collective.

    mpirun kills all other watchers some milliseconds after one; which one was first is the order of epoll's ready list.
    """
    made = f"{os.urandom(8).hex()} {os.urandom(16).hex()}".encode() if transport.rank == 0 else None
    number, key = transport.broadcast(made).decode().split()
    if not watch.key:
        return
    name = f"{watch.key}-{number}"
    if watch.local_rank == 0:
        door = Door(name, key, watch.size)
        threading.Thread(target=_listen, args=(watch, door, names), daemon=True).start()
    watch.write_letter(f"{name} {key}")


def _listen(watch: Watch, door: Door, names: list[str]) -> None:
    parent = os.getppid()
    while True:
        gone = door.gone(1.0)
        if os.getppid() != parent:  # this rank's own watcher died before it had connected
            gone = gone or [watch.rank]
        if gone:
            speak(watch, f"{names[gone[0]]}: its process was killed; the job has ended")
            leave(1)

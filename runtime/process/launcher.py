"""Ends an mpirun that would wait for a host that is gone until TCP gives up, a quarter of an hour. A script of ``end_soon``.

``python -I -S launcher.py PID START``: gives mpirun (process PID, started at START ticks) ``WAIT_S`` to end by itself, as it does
where its daemons answer. Standard library only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

NAMES = ("mpirun", "mpiexec", "mpiexec.hydra")
WAIT_S, INSIST_S, LOOK_S = 8.0, 5.0, 0.2
START_FIELD = 19  # of /proc/PID/stat after the name: when the process started (proc(5), field 22)


def end_soon() -> None:
    """On mpirun's own host: let a process of its own end it, if it has not ended soon. Elsewhere, and without /proc: nothing."""
    found = _launcher()
    if found is not None:
        words = [sys.executable, "-I", "-S", __file__, *map(str, found)]
        null = subprocess.DEVNULL
        subprocess.Popen(words, stdin=null, stdout=null, stderr=null, start_new_session=True)


def _launcher() -> tuple[int, int] | None:
    """The mpirun that is an ancestor of this process and of the same user, and when it started."""
    pid = os.getppid()
    while pid > 1 and (stat := _stat(pid)) is not None:
        name, parent, start = stat
        if name in NAMES and Path(f"/proc/{pid}").stat().st_uid == os.getuid():
            return pid, start
        pid = parent
    return None


def _stat(pid: int) -> tuple[str, int, int] | None:
    try:
        head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return None
    fields = tail.split()
    return head.partition("(")[2], int(fields[1]), int(fields[START_FIELD])


def _ended(pid: int, start: int, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        stat = _stat(pid)
        if stat is None or stat[2] != start:
            return True
        time.sleep(LOOK_S)
    return False


def main() -> None:
    """Wait, then ask, then insist."""
    pid, start = int(sys.argv[1]), int(sys.argv[2])
    for number, within_s in ((signal.SIGTERM, WAIT_S), (signal.SIGKILL, INSIST_S)):
        if _ended(pid, start, within_s):
            return
        os.kill(pid, number)


if __name__ == "__main__":
    main()

"""A rank is two processes: a small watcher that mpirun started, and its child that does the work.

mpirun ends a job whose process dies by a signal, with a screen that does not name the rank. So the process that mpirun
knows only waits: the child dies -> the watcher reads its last status from shared memory, prints one sentence and exits
with 1, which mpirun passes on silently. The watcher itself is watched by the first rank of the host (``listen``).
Linux only; elsewhere, and without mpirun, a rank is one plain process.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

STATUS_BYTES = 1024
PR_SET_PDEATHSIG = 1
LAST_WORDS_S = signal.SIGTRAP  # 5: ``outlive_briefly`` makes the signal's number the seconds
M_ARENA_MAX = -8


@dataclass(frozen=True)
class Watch:
    """What a rank knows of its launcher. ``key`` names the job on this host, "" without a watcher."""

    rank: int
    size: int
    local_rank: int
    local_size: int
    key: str = ""
    status: mmap.mmap | None = None  # STATUS_BYTES, shared with the watcher
    listener: socket.socket | None = None

    def say(self, text: str) -> None:
        """Leave word of what this rank is doing, for the sentence about its death. About a microsecond."""
        if self.status is not None:
            line = text.encode()[: STATUS_BYTES - 1]
            self.status[: len(line) + 1] = line + b"\0"

    def doing(self) -> str:
        """The last word left."""
        return self.status[:].partition(b"\0")[0].decode(errors="replace") if self.status is not None else ""


def split() -> Watch:
    """Under a launcher with more than one process: fork, the parent becomes the watcher, the child returns.

    Without a launcher, or alone, the process returns as it is.
    """
    rank = _number("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
    size = _number("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", default=1)
    local_rank = _number("MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK")
    local_size = _number("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", default=size)
    if size == 1 or not sys.platform.startswith("linux"):
        return Watch(rank, size, local_rank, local_size, status=mmap.mmap(-1, STATUS_BYTES))
    key = _job_key()
    listener = _bind(key) if local_rank == 0 else None
    status_fd, log_fd = os.memfd_create("status", 0), os.memfd_create("log", 0)  # 0: inherited through exec
    os.ftruncate(status_fd, STATUS_BYTES)
    parent, child = os.getpid(), os.fork()
    if child:
        if listener is not None:
            listener.close()
        _become_watcher(key, rank, child, status_fd, log_fd)
    libc = ctypes.CDLL(None)
    libc.mallopt(M_ARENA_MAX, 2)  # 64 ranks with an arena for each of some 20 threads waste gigabytes
    if listener is None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        os.setsid()  # mpirun's kill does not reach it: it has a sentence to say
        outlive_briefly()
    if os.getppid() != parent:
        os._exit(1)
    _keep_native_noise(log_fd)
    return Watch(rank, size, local_rank, local_size, key, mmap.mmap(status_fd, STATUS_BYTES), listener)


def outlive_briefly() -> None:
    """From now on the kernel ends this process LAST_WORDS_S seconds after its parent died, whatever it then does.

    A thread would not be enough: the one that works may hold Python's lock in a collective whose peers are gone. So the
    signal of the parent's death has C's ``alarm`` itself as its handler, which takes the signal's number as seconds.
    """
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    libc.signal(LAST_WORDS_S, ctypes.cast(libc.alarm, ctypes.c_void_p))
    libc.prctl(PR_SET_PDEATHSIG, LAST_WORDS_S)


def _number(*names: str, default: int = 0) -> int:
    return next((int(os.environ[name]) for name in names if os.environ.get(name, "").isdigit()), default)


def _job_key() -> str:
    """A name for this job on this host: all ranks have one parent here, the launcher's daemon."""
    parent = os.getppid()
    start = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]
    return f"meshwright-{os.getuid()}-{parent}-{start}"


def _bind(key: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"\0{key}")  # abstract: no file to leave behind
    listener.listen(1024)
    return listener


def _become_watcher(key: str, rank: int, child: int, status_fd: int, log_fd: int) -> None:
    """Replace this process by watch.py: 9 MB instead of a copy of the rank, and no rank in its process title."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_RANK")}
    script = str(Path(__file__).with_name("watch.py"))
    command = [sys.executable, "-I", "-S", script, key, str(rank), str(child), str(status_fd), str(log_fd)]
    os.execve(sys.executable, command, environment)


def _keep_native_noise(log_fd: int) -> None:
    """Python keeps the real stdout and stderr; what C++ prints (gloo on stdout, XLA's stack traces) goes to ``log_fd``.

    The watcher reads its last line if the rank dies by a signal.
    """
    sys.stdout.flush()
    sys.stdout = os.fdopen(os.dup(1), "w", buffering=1)
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    os.dup2(log_fd, 1)
    os.dup2(log_fd, 2)
    os.close(log_fd)

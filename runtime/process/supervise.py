"""A rank is two processes: a small watcher that mpirun started, and its child that does the work.

mpirun ends a job whose process dies by a signal, with a screen that does not name the rank. So the process that mpirun
knows only waits: the child dies -> the watcher reads its last status from shared memory, prints one sentence and exits
with 1, which mpirun passes on silently. The watcher itself is watched by the first rank of the host (``listening``).
Linux only; elsewhere, and without mpirun, a rank is one plain process.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.process.stall import BEAT_AT, BEAT_BYTES, beat
from runtime.process.watch import LETTER_AT, STATUS_BYTES, WORDS_BYTES

PR_SET_PDEATHSIG = 1
LAST_WORDS_S = signal.SIGTRAP  # 5: ``outlive_briefly`` makes the signal's number the seconds
M_ARENA_MAX = -8
KEPT = ("PMI_FD", "PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "LANG", "LC_ALL")  # of the environment, by the watcher


@dataclass(frozen=True)
class Watch:
    """What a rank knows of its launcher. ``key`` names the job on this host, "" without a watcher."""

    rank: int
    size: int
    local_rank: int
    local_size: int
    key: str = ""
    status: mmap.mmap | None = None  # STATUS_BYTES, shared with the watcher

    def say(self, text: str) -> None:
        """Leave word of what this rank is doing, for the sentence about its death. About a microsecond."""
        if self.status is not None:
            line = text.encode()[: WORDS_BYTES - 1]
            self.status[: len(line) + 1] = line + b"\0"

    def doing(self) -> str:
        """The last word left."""
        return self.status[:WORDS_BYTES].partition(b"\0")[0].decode(errors="replace") if self.status else ""

    def write_letter(self, text: str) -> None:
        """Tell the watcher where to report, and with which key: nobody else can read it."""
        if self.status is not None:
            line = text.encode() + b"\0"
            self.status[LETTER_AT : LETTER_AT + len(line)] = line


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
    _pass_nothing_on()
    status_fd, log_fd = os.memfd_create("status"), os.memfd_create("log")
    os.ftruncate(status_fd, STATUS_BYTES)
    parent, child = os.getpid(), os.fork()
    if child:
        _become_watcher(key, rank, child, status_fd, log_fd)
    libc = ctypes.CDLL(None)
    libc.mallopt(M_ARENA_MAX, 2)  # 64 ranks with an arena for each of some 20 threads waste gigabytes
    if local_rank != 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        os.setpgid(0, 0)  # mpirun's kill does not reach it: it has a sentence to say
        outlive_briefly()
    if os.getppid() != parent:
        os._exit(1)
    _keep_native_noise(log_fd)
    status = mmap.mmap(status_fd, STATUS_BYTES)
    os.close(status_fd)
    beat(memoryview(status)[BEAT_AT : BEAT_AT + BEAT_BYTES])
    return Watch(rank, size, local_rank, local_size, key, status)


def outlive_briefly() -> None:
    """From now on the kernel ends this process LAST_WORDS_S seconds after its parent died, whatever it then does.

    A thread would not be enough: the one that works may hold Python's lock in a collective whose peers are gone. So the
    signal of the parent's death has C's ``alarm`` itself as its handler, which takes the signal's number as seconds.
    A stopped process would take no signal; but it is in the session of its parent and in a group of its own, and the kernel
    lets such a group go on (SIGHUP, SIGCONT) when the parent dies.
    """
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    libc.signal(LAST_WORDS_S, ctypes.cast(libc.alarm, ctypes.c_void_p))
    libc.prctl(PR_SET_PDEATHSIG, LAST_WORDS_S)


def _number(*names: str, default: int = 0) -> int:
    """The first of these variables that holds a number; launchers write plain digits, and what else there is is not theirs."""
    found = (os.environ.get(name, "") for name in names)
    return next((int(text) for text in found if re.fullmatch("[0-9]{1,9}", text)), default)


def _job_key() -> str:
    """A name for this job on this host: all ranks have one parent here, the launcher's daemon."""
    parent = os.getppid()
    start = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]
    return f"meshwright-{os.getuid()}-{parent}-{start}"


def _pass_nothing_on() -> None:
    """What the launcher left open (hydra: its listening socket, every rank's pipes) stays with this process alone."""
    for fd in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if fd > 2:
            with suppress(OSError):  # the folder's own
                os.set_inheritable(fd, False)


def _become_watcher(key: str, rank: int, child: int, status_fd: int, log_fd: int) -> None:
    """Replace this process by watch.py: 9 MB instead of a copy of the rank, and no rank in its process title.

    It gets what it needs: three descriptors and the launcher's, and of the environment what starts Python or is ours.
    """
    environment = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("MESHWRIGHT_")}
    for fd in (status_fd, log_fd, int(environment.get("PMI_FD", -1))):
        with suppress(OSError):
            os.set_inheritable(fd, True)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
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

"""MPI for many ranks on few cores: every call is non-blocking, every wait polls with a growing sleep.

MPI's own blocking calls spin: 63 ranks that wait for one would take its cores. Sends never block; a thread completes
them while this rank computes, because the receiver may be what this rank's next collective waits for. All MPI calls
hold one lock, so MPI_THREAD_SERIALIZED is enough.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dialects.errors import fail
from runtime.transport.base import Array, Received, Transport

MIN_SLEEP_S = 20e-6
MAX_SLEEP_S = 5e-3  # 64 ranks waiting: 64 / 5 ms wake-ups of some 20 us are a quarter of a core


# Where MPI libraries read which network to use (UCX, libfabric, Open MPI): a job on one host needs none but the loopback.
LOOPBACK = {
    "UCX_NET_DEVICES": "lo", "FI_TCP_IFACE": "lo", "FI_SOCKETS_IFACE": "lo",
    "OMPI_MCA_btl_tcp_if_include": "lo", "OMPI_MCA_oob_tcp_if_include": "lo",
}  # fmt: skip


def load_mpi(one_host: bool = False) -> Any:
    """``mpi4py.MPI``, initialised, on the loopback only if ``one_host``. Raises UserError in one sentence if there is none."""
    for name, value in LOOPBACK.items() if one_host else ():
        os.environ.setdefault(name, value)
    try:
        import mpi4py
    except ImportError:
        fail("the runtime needs mpi4py and an MPI", remedy="pip install mpi4py mpich")
    mpi4py.rc.thread_level = "serialized"
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        fail(f"mpi4py found no MPI library ({str(error).splitlines()[0]})", remedy="pip install mpich")
    return MPI


class _Received(Received):
    """An MPI request and the buffer it fills."""

    def __init__(self, transport: MpiTransport, buffer: Array, request: Any) -> None:
        self._transport, self._buffer, self._request = transport, buffer, request

    def ready(self) -> bool:
        """Whether ``wait`` would return at once."""
        return self._transport.test(self._request)

    def wait(self) -> Array:
        """The array, once it has arrived."""
        self._transport.wait(self._request)
        return self._buffer


class MpiTransport(Transport):
    """Messages among the ranks of ``comm``."""

    def __init__(self, mpi: Any, comm: Any, oversubscribed: float = 1.0, lock: threading.Lock | None = None) -> None:
        """``oversubscribed``: ranks per core of this host; the more, the longer the sleeps between polls."""
        self._mpi, self._comm = mpi, comm
        self._lock = lock or threading.Lock()
        self._oversubscribed = oversubscribed
        self._max_sleep_s = min(MAX_SLEEP_S, 2e-4 * max(1.0, oversubscribed))
        self._tags: int = comm.Get_attr(mpi.TAG_UB) or 32767
        self._pending: list[tuple[Any, Array, Array]] = []  # requests, with what they send and whose memory that is
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self.rank, self.size = int(comm.rank), int(comm.size)

    def send(self, array: Array, to: int, tag: int) -> None:
        """Start sending; the array must not change afterwards, and lives until it has gone."""
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        with self._lock:
            request = self._comm.Isend([data, self._mpi.BYTE], dest=to, tag=tag % self._tags)
            if request.Test():
                return
            self._pending.append((request, data, array))
        if self._thread is None:
            self._thread = threading.Thread(target=self._progress, daemon=True)
            self._thread.start()
        self._wake.set()

    def receive_into(self, array: Array, source: int, tag: int) -> _Received:
        """Start receiving into an array, C-contiguous; nobody touches it before ``wait`` has given it."""
        data = array.reshape(-1).view(np.uint8)
        with self._lock:
            request = self._comm.Irecv([data, self._mpi.BYTE], source=source, tag=tag % self._tags)
        return _Received(self, array, request)

    def flush(self) -> None:
        """Wait until everything sent has gone."""
        self._poll(lambda: not self._pending)

    def broadcast(self, data: bytes | None, root: int = 0) -> bytes:
        """Rank ``root``'s bytes, on every rank. Collective."""
        size = np.array([len(data) if data is not None else 0], dtype=np.int64)
        self._collective(lambda: self._comm.Ibcast(size, root=root))
        buffer = np.frombuffer(data, np.uint8).copy() if data is not None else np.empty(int(size[0]), np.uint8)
        self._collective(lambda: self._comm.Ibcast([buffer, self._mpi.BYTE], root=root))
        return buffer.tobytes()

    def gather_codes(self, code: int) -> list[int]:
        """Every rank's ``code``, on every rank. Collective, and a barrier."""
        return self.start_codes(code)()

    def start_codes(self, code: int) -> Callable[[], list[int]]:
        """Say that this rank has come here, with a ``code``; the function returned waits for all others'. Collective."""
        mine, all_codes = np.array([code], np.int64), np.empty(self.size, np.int64)
        with self._lock:
            request = self._comm.Iallgather(mine, all_codes)

        def wait() -> list[int]:
            self.wait(request)
            return [int(value) for value in all_codes]

        return wait

    def split(self, color: int, place: int) -> MpiTransport:
        """The ranks of one ``color`` among themselves, in the order of ``place``. Collective; shares this transport's lock."""
        self.gather_codes(0)  # MPI's split spins until all have come
        with self._lock:
            comm = self._comm.Split(color, place)
        return MpiTransport(self._mpi, comm, self._oversubscribed, self._lock)

    def all_have_met(self) -> None:
        """Remove the names of MPICH's shared memory, not the memory.

        MPICH removes them when a job ends well; one that is killed would leave 4 MB and more in /dev/shm each time.
        """
        maps = Path("/proc/self/maps")
        for line in maps.read_text().splitlines() if maps.exists() else ():
            name = line.split()[-1]
            if name.startswith("/dev/shm/mpich_shm_"):
                Path(name).unlink(missing_ok=True)

    def abort(self, code: int) -> None:
        """End the whole job, every rank of it, with exit code ``code``."""
        self._mpi.COMM_WORLD.Abort(code)

    def test(self, request: Any) -> bool:
        """Whether the request is complete."""
        with self._lock:
            return bool(request.Test())

    def wait(self, request: Any) -> None:
        """Return when the request is complete."""
        self._poll(lambda: self.test(request))

    def _collective(self, start: Callable[[], Any]) -> None:
        with self._lock:
            request = start()
        self.wait(request)

    def _poll(self, done: Callable[[], bool]) -> None:
        sleep_s = MIN_SLEEP_S
        while not done():
            time.sleep(sleep_s)
            sleep_s = min(sleep_s * 1.5, self._max_sleep_s)

    def _progress(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            sleep_s = MIN_SLEEP_S
            while self._pending:
                with self._lock:
                    self._pending = [item for item in self._pending if not item[0].Test()]
                time.sleep(sleep_s)
                sleep_s = min(sleep_s * 1.5, self._max_sleep_s)


def ranks_per_core(local_size: int) -> float:
    """How many ranks share a core of this host."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return local_size / cores

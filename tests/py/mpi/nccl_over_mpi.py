"""The launcher on CPUs with NCCL's double in the place of MPI: XLA lends its buffers by DLPack, the double carries them, XLA adopts them.

``mpirun -np N python nccl_over_mpi.py FOLDER PLAN [options of runtime.launch]``; ranks meet in the empty FOLDER. What a run prints
about values on their way is of the real ``runtime/step/direct.py`` and ``links.py``: only ``CupyNccl`` is not there.
"""

from __future__ import annotations

import ctypes
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))

import runtime.job
from runtime.choose_platform import Chosen
from runtime.devices.platform import Cpu
from runtime.launch import main
from runtime.transport.base import Transport
from runtime.transport.dlpack import memory_of
from runtime.transport.links import Part
from runtime.transport.nccl import WORDS, Channel, Nccl

FOLDER = Path(sys.argv.pop(1))
MESSAGES = {"sent": 0, "received": 0}


class HostChannel(Channel):
    """Messages of one communicator: MPI's, of one tag. ``ranks[p]`` is the job's rank at place p."""

    def __init__(self, transport: Transport, tag: int, ranks: list[int]) -> None:
        self.transport, self.tag, self.ranks = transport, tag, ranks

    def greet(self, targets: Sequence[int], sources: Sequence[int]) -> None:
        for peer in targets:
            self.transport.send(np.zeros(1, "u1"), self.ranks[peer], self.tag)
        for peer in sources:
            self.transport.receive((1,), np.dtype("u1"), self.ranks[peer], self.tag).wait()

    def send(self, lend: Callable[[int | None], Any], parts: Sequence[Part]) -> None:
        capsule = lend(None)
        memory = memory_of(capsule)
        array = np.frombuffer(ctypes.string_at(memory.address, memory.num_bytes), WORDS[memory.itemsize])
        for part in parts:
            self.transport.send(array.reshape(memory.shape)[part.slices], self.ranks[part.peer], self.tag)
            MESSAGES["sent"] += 1

    def receive(self, shape: tuple[int, ...], itemsize: int, parts: Sequence[Part], reader: int | None) -> Any:
        assert reader is None
        whole = np.empty(shape, WORDS[itemsize])
        for part in parts:
            come = self.transport.receive(part.shape, whole.dtype, self.ranks[part.peer], self.tag)
            whole[part.slices] = come.wait()
            MESSAGES["received"] += 1
        return whole.__dlpack__()

    def close(self) -> None:
        self.transport.flush()


class HostNccl(Nccl):
    """Communicators whose ranks meet in a folder: who comes leaves a file, and waits for the others'."""

    def __init__(self, transport: Transport) -> None:
        self.transport, self.count = transport, 0

    def unique_id(self) -> bytes:
        self.count += 1
        return f"{self.transport.rank}-{self.count}".encode()

    def connect(self, unique_id: bytes, size: int, place: int) -> HostChannel:
        folder = FOLDER / unique_id.decode()
        folder.mkdir(exist_ok=True)
        (folder / f"{place}.part").write_text(str(self.transport.rank))
        (folder / f"{place}.part").rename(folder / str(place))
        while not all((folder / str(each)).exists() for each in range(size)):
            time.sleep(1e-3)
        ranks = [int((folder / str(each)).read_text()) for each in range(size)]
        return HostChannel(self.transport, (1 << 20) + zlib.crc32(unique_id) % (1 << 20), ranks)


class OnHost(Cpu):
    """CPUs between which values travel as between GPUs."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def direct(self) -> HostNccl:  # type: ignore[override]
        return HostNccl(self.transport)


runtime.job.choose_platform = lambda _asked, _local_rank, transport: Chosen(OnHost(transport), "NCCL's double")
try:
    main()
finally:
    print(f"messages {MESSAGES['sent']} {MESSAGES['received']}", file=sys.stderr)

"""Values from GPU to GPU by NCCL, as CuPy gives it. What is issued in which order is ``links.py``; control messages stay on MPI.

``Nccl`` and ``Channel`` are all that the runtime asks; the CuPy classes below do it, and nothing else in the house knows CuPy.
They have not run on a GPU yet: the tests put a double in their place that keeps NCCL's rules on the host.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from dialects.errors import Failure
from runtime.transport.dlpack import memory_of
from runtime.transport.links import Part

Capsule = Any  # DLPack's
SHARED_GPU = "NCCL_MULTI_RANK_GPU_ENABLE"  # a variable that NCCL reads when it is loaded
WORDS = {1: "u1", 2: "u2", 4: "u4", 8: "u8", 16: "c16"}  # bytes of an element -> the type that CuPy moves it as
SHARED_SINCE = 23000  # NCCL 2.30, as ncclGetVersion counts


class NcclError(Failure):
    """NCCL gave up; ``where`` names the rank and the value."""


class Channel(ABC):
    """A communicator and a stream of its own: what is issued runs in order, behind the caller's back. Errors are NcclErrors."""

    @abstractmethod
    def greet(self, targets: Sequence[int], sources: Sequence[int]) -> None:
        """A byte to and from each of these places, and wait for them: whoever is greeted here speaks without waiting later."""

    @abstractmethod
    def send(self, lend: Callable[[int | None], Capsule], parts: Sequence[Part]) -> None:
        """Send parts of an array as one group. ``lend`` gives it, ready for what a stream does next; it is kept until then."""

    @abstractmethod
    def receive(self, shape: tuple[int, ...], itemsize: int, parts: Sequence[Part], reader: int | None) -> Capsule:
        """Receive the parts that fill an array, as one group; what the stream ``reader`` does next sees it filled."""

    @abstractmethod
    def close(self) -> None:
        """Wait until everything has gone, and leave the communicator."""


class Nccl(ABC):
    """NCCL on this rank's device."""

    @abstractmethod
    def unique_id(self) -> bytes:
        """A new communicator's name, for all who shall be in it."""

    @abstractmethod
    def connect(self, unique_id: bytes, size: int, place: int) -> Channel:
        """Enter a communicator of ``size`` ranks as number ``place``. Waits until all have come."""


class CupyNccl(Nccl):
    """The real one, on GPU ``ordinal`` of those that the driver shows."""

    def __init__(self, ordinal: int) -> None:
        self._cupy, self._nccl = import_module("cupy"), import_module("cupy.cuda.nccl")
        self._device = self._cupy.cuda.Device(ordinal)

    def unique_id(self) -> bytes:
        """A new communicator's name."""
        return self._nccl.get_unique_id()

    def connect(self, unique_id: bytes, size: int, place: int) -> Channel:
        """Enter a communicator. Waits until all have come."""
        with self._device:
            try:
                comm = self._nccl.NcclCommunicator(size, unique_id, place)
            except self._nccl.NcclError as error:
                raise NcclError(str(error)) from error
            return _CupyChannel(self._cupy, self._nccl, self._device, comm)


class _CupyChannel(Channel):
    def __init__(self, cupy: Any, nccl: Any, device: Any, comm: Any) -> None:
        self._cupy, self._nccl, self._device, self._comm = cupy, nccl, device, comm
        self._stream = cupy.cuda.Stream(non_blocking=True)
        self._going: deque[tuple[Any, object]] = deque()  # events, and what must stay until they have come

    def greet(self, targets: Sequence[int], sources: Sequence[int]) -> None:
        with self._device, self._stream:
            out, come = self._cupy.zeros(1, "u1"), [self._cupy.empty(1, "u1") for _ in sources]
            sends = [(self._comm.send, out, peer) for peer in targets]
            self._group([*sends, *((self._comm.recv, at, peer) for at, peer in zip(come, sources, strict=True))])
        self._stream.synchronize()

    def send(self, lend: Callable[[int | None], Capsule], parts: Sequence[Part]) -> None:
        with self._device, self._stream:
            capsule = lend(self._stream.ptr)
            memory = memory_of(capsule)
            owned = self._cupy.cuda.UnownedMemory(memory.address, memory.num_bytes, capsule, self._device.id)
            pointer = self._cupy.cuda.MemoryPointer(owned, 0)
            whole = self._cupy.ndarray(memory.shape, WORDS[memory.itemsize], pointer)
            dense = [self._cupy.ascontiguousarray(whole[part.slices]) for part in parts]  # no copy where it is
            self._group([(self._comm.send, array, part.peer) for array, part in zip(dense, parts, strict=True)])
            self._going.append((self._stream.record(), (capsule, dense)))
        while self._going and self._going[0][0].done:
            self._going.popleft()

    def receive(self, shape: tuple[int, ...], itemsize: int, parts: Sequence[Part], reader: int | None) -> Capsule:
        with self._device, self._stream:
            whole = self._cupy.empty(shape, WORDS[itemsize])
            places = [whole[part.slices] for part in parts]
            dense = [at if at.flags.c_contiguous else self._cupy.empty(at.shape, at.dtype) for at in places]
            self._group([(self._comm.recv, array, part.peer) for array, part in zip(dense, parts, strict=True)])
            for at, array in zip(places, dense, strict=True):
                if array is not at:
                    at[...] = array
            return whole.__dlpack__(stream=reader)  # lets ``reader`` wait for this stream

    def close(self) -> None:
        self._stream.synchronize()
        self._going.clear()
        self._comm.destroy()

    def _group(self, calls: Sequence[tuple[Callable[..., None], Any, int]]) -> None:
        """Issue sends and receives so that none waits for another of them."""
        try:
            self._nccl.groupStart()
            for call, array, peer in calls:
                call(array.data.ptr, array.nbytes, self._nccl.NCCL_UINT8, peer, self._stream.ptr)
            self._nccl.groupEnd()
        except self._nccl.NcclError as error:
            raise NcclError(str(error)) from error


def nccl_version() -> int:
    """Of the library that CuPy loads, as 23203 for 2.32.3. Raises NcclError if it loads none."""
    try:
        return int(import_module("cupy.cuda.nccl").get_version())
    except (ImportError, AttributeError) as error:
        raise NcclError(
            f"CuPy finds no NCCL ({str(error).splitlines()[0]})", remedy="pip install nvidia-nccl-cu13"
        ) from error


def shown_version(version: int) -> str:
    """23203 -> 2.32.3."""
    return f"{version // 10000}.{version // 100 % 100}.{version % 100}"

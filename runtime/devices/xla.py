"""A world of devices: programs are compiled for it, arrays lie on it. jaxlib's side of it is ``jaxlib_api.py``.

Every rank is one device; the ranks of a mesh form one world, with its own coordination service and, for the collectives, what its
platform has: gloo on CPUs, XLA's own NCCL on GPUs.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dialects.errors import Failure
from runtime.devices import jaxlib_api, jaxlib_gpu_api
from runtime.devices.dtypes import is_packed
from runtime.devices.executables import Executables
from runtime.devices.gloo import Groups, groups_of, meeting
from runtime.devices.jaxlib_api import Buffer, Client, Distributed, Executable, Handler, NumpyArray, Service
from runtime.devices.jaxlib_gpu_api import Capsule
from runtime.devices.platform import Cpu, Platform
from runtime.transport.dlpack import name_type

CPU = Cpu()


def set_environment(threads: int) -> None:
    """Before jaxlib is loaded: quiet logs, collectives that wait, and thread pools of ``threads`` (XLA sizes several by NPROC)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["NPROC"] = str(max(1, threads))
    os.environ["XLA_FLAGS"] = (
        f"{jaxlib_api.XLA_FLAGS} {os.environ.get('XLA_FLAGS', '')}".strip()
    )  # the user's are last, and win
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@dataclass(frozen=True)
class Compiled:
    """XLA's optimised HLO of a program, and its buffer assignment in bytes per device."""

    hlo: str
    argument_bytes: int
    output_bytes: int
    alias_bytes: int
    temp_bytes: int


class World:
    """The devices of one mesh, seen from one of them. ``World.alone()`` is one device and no service."""

    def __init__(
        self,
        num_devices: int,
        client: Client,
        platform: Platform = CPU,
        service: Service = None,
        distributed: Distributed = None,
    ) -> None:
        self._client, self._platform, self._service, self._distributed = client, platform, service, distributed
        self._devices, self._local = jaxlib_api.devices_of(client)
        if len(self._devices) != num_devices:
            raise Failure(f"XLA shows {len(self._devices)} devices, want {num_devices}")
        self._sharding: Any = jaxlib_api.make_sharding(self._local)
        self._on_cpu = jaxlib_api.platform_of(client) == "cpu"
        self.adopting_stream = jaxlib_gpu_api.adopting_stream(self._local)
        self._groups: set[Groups] = set()  # of the collectives that were compiled here
        self._executables = Executables.of_user() if platform.name == CPU.name else Executables(None)

    @classmethod
    def alone(cls, platform: Platform = CPU) -> World:
        """One device, in this process only."""
        return cls.here(1, platform)

    @classmethod
    def here(cls, num_devices: int, platform: Platform = CPU) -> World:
        """A mesh's devices in this process, all of them: what is compiled for them is what a job's mesh compiles."""
        return cls(num_devices, platform.make_client(num_devices), platform)

    @classmethod
    def joined(
        cls, device: int, num_devices: int, share: Callable[[str | None], str], host: str, platform: Platform = CPU
    ) -> World:
        """Join the world of ``num_devices`` as device ``device``. Collective over them.

        ``share`` broadcasts device 0's text (its argument there, None elsewhere); ``host`` is this rank's address for
        the others, "127.0.0.1" if all are on one host.
        """
        if num_devices == 1:
            return cls.alone(platform)
        address, service = _serve(num_devices, host) if device == 0 else (None, None)
        distributed = jaxlib_api.connect(share(address), device)
        client = platform.make_joined_client(distributed, device, num_devices, host)
        return cls(num_devices, client, platform, service, distributed)

    def compile(self, text: bytes) -> bytes:
        """StableHLO (text or bytecode, with ``sdy.sharding``) -> a serialized executable for every device."""
        if self._distributed is not None:
            self._groups |= self._groups_in(text)
        return self._executables.made(self._content(text), lambda: self._compiled(text))

    def meet(self, share: Callable[[bytes | None], bytes], wait: Callable[[], object]) -> None:
        """Connect the groups of all collectives that device 0 has compiled. Collective: ``share`` as in ``joined``.

        Gloo connects a group when it first speaks, and gives up on who is not there in 30 s; after ``wait`` all are here.
        """
        if self._distributed is None:
            return
        greeting: bytes | None = None
        if self._local.id == self._devices[0].id:
            greeting = self.compile(meeting(len(self._devices), self._groups)) if self._groups else b""
        greeting = share(greeting)
        if not greeting:
            return
        executable = self.load(greeting)
        argument, handler = self.put(np.zeros(1, np.float32)), self.handler((1,), np.dtype(np.float32))
        wait()
        self.run(executable, [argument], [handler])

    def look(self, text: bytes) -> Compiled:
        """What XLA makes of StableHLO on this world: to be read by people and tests, nothing runs."""
        found = self._compile(text)
        return Compiled(jaxlib_api.optimised_hlo(found), *jaxlib_api.buffer_bytes(found))

    def load(self, executable: bytes) -> Executable:
        """What ``compile`` gave on any device of the world -> runnable here. Not collective."""
        self._platform.provide_kernels(executable)
        return jaxlib_api.deserialize(self._client, executable, self._devices, self._platform.overrides)

    def put(self, array: NumpyArray) -> Buffer:
        """A copy of the array on this rank's device. Every dtype of ``runtime.devices.dtypes``, 0-d and empty included."""
        return jaxlib_api.put(array, self._sharding, self._local)

    def put_owned(self, array: NumpyArray) -> Buffer:
        """``put`` that may keep the array instead of copying it: nobody writes it again. See ``runtime.devices.host_memory``."""
        if not self._on_cpu or array.size == 0 or is_packed(array.dtype):
            return self.put(array)
        return jaxlib_api.put_owned(array, self._sharding, self._local)

    def get(self, buffer: Buffer) -> NumpyArray:
        """The array on the host, read-only, once it is computed; a view that keeps the buffer where that is possible.

        Donating a viewed buffer is safe: XLA copies it then.
        """
        return jaxlib_api.get(buffer)

    def copy_of(self, buffer: Buffer) -> Buffer:
        """A copy on this rank's device that XLA owns. Does not wait on the host."""
        return jaxlib_gpu_api.copy_of(buffer, self._local, self._sharding)

    def lend(self, buffer: Buffer, stream: int | None) -> Capsule:
        """The buffer's memory, ready for what ``stream`` does next, while the capsule lives; it must not be donated meanwhile."""
        return jaxlib_gpu_api.lend(buffer, stream)

    def adopt(self, capsule: Capsule, dtype: str) -> Buffer:
        """Memory of this rank's device as a buffer of MLIR's ``dtype``, filled when ``adopting_stream`` comes to it."""
        name_type(capsule, dtype)
        return jaxlib_gpu_api.adopt(capsule, self._local, self.adopting_stream)

    def handler(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Handler:
        """What ``run`` needs to know of one result: ``shape`` and ``dtype`` of this device's shard."""
        return jaxlib_api.make_handler(shape, dtype, self._sharding)

    def run(self, executable: Executable, arguments: Sequence[Buffer], results: Sequence[Handler]) -> list[Buffer]:
        """Execute on this device (the others of the world do the same) -> this device's shards of the results."""
        return jaxlib_api.run(executable, arguments, results)

    def close(self) -> None:
        """Leave the world. Collective over it; afterwards, when all have left, ``stop_service``."""
        if self._distributed is not None:
            jaxlib_api.leave(self._distributed)

    def stop_service(self) -> None:
        """On device 0, after every device has closed."""
        if self._service is not None:
            jaxlib_api.leave(self._service)

    def _compiled(self, text: bytes) -> bytes:
        self._platform.provide_kernels(text)
        return jaxlib_api.serialize(self._compile(text))

    def _content(self, text: bytes) -> list[bytes]:
        """All that an executable depends on besides the processor."""
        words = [jaxlib_api.installed(), os.environ.get("XLA_FLAGS", ""), os.environ.get("NPROC", "")]
        own = [Path(__file__).with_name(name) for name in ("xla.py", "platform.py", "jaxlib_api.py", "gloo.py")]
        return [
            *(word.encode() for word in words),
            *(path.read_bytes() for path in own),  # how it is compiled
            b"%d devices, joined: %d" % (len(self._devices), self._distributed is not None),
            text,
        ]

    def _groups_in(self, text: bytes) -> set[Groups]:
        from jaxlib.mlir import ir

        from dialects.context import make_context

        with make_context():
            return groups_of(ir.Module.parse(text), len(self._devices))

    def _compile(self, text: bytes) -> Executable:
        from jaxlib.mlir import ir

        from dialects.context import make_context

        with make_context():
            module = ir.Module.parse(text)
            self._platform.prepare(module, joined=self._distributed is not None)
            overrides = self._platform.overrides_for(text)
            return jaxlib_api.compile_module(self._client, module, self._devices, overrides)


def _serve(num_devices: int, host: str) -> tuple[str, Service]:
    """A coordination service on a free port: the port is only known to be free, so try again if it was taken."""
    for attempt in range(10):
        with socket.socket() as probe:
            probe.bind((host, 0))
            address = f"{host}:{probe.getsockname()[1]}"
        try:
            return address, jaxlib_api.start_service(address, num_devices)
        except RuntimeError as error:
            if attempt == 9:
                raise Failure(f"no coordination service at {address}: {error}") from error
    raise AssertionError

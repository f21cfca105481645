"""All of jaxlib's private surface, in one file: a world of devices, executables, arrays.

Written for jaxlib 0.10.x (tried: 0.10.2); the private names that it uses are the ones read in this file. No ``import
jax``: it costs each of 64 ranks half a second and 60 MB. Every rank is one device; the ranks of a mesh form one world,
with its own coordination service and gloo for the collectives.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialects.errors import Failure

SUPPORTED = ("0.10.",)
# XLA's passes that forget optimization barriers before it puts ops in order: without them a barrier holds on a CPU too.
DROP_BARRIERS = ("optimization-barrier-expander", "cse_barrier_expander")
FOREVER_S = 10**7  # heartbeats: a dead rank is our business (supervise), not the coordination service's
INIT_S, SHUTDOWN_S = 600, 60

NumpyArray = NDArray[Any]
Buffer = Any  # jaxlib's ArrayImpl on this rank's device
Executable = Any  # jaxlib's LoadedExecutable
Handler = Any  # jaxlib's ResultHandler


def set_environment(threads: int) -> None:
    """Before jaxlib is loaded: quiet logs, and thread pools of ``threads`` (XLA sizes several by NPROC)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["NPROC"] = str(max(1, threads))
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def check_version() -> None:
    """Raise Failure if this jaxlib's private surface is not one that this file was written for."""
    from jaxlib.version import __version__

    if not str(__version__).startswith(SUPPORTED):
        raise Failure(f"got jaxlib {__version__}, want {SUPPORTED[0]}x", remedy="pip install 'jaxlib>=0.10,<0.11'")


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

    def __init__(self, num_devices: int, client: Any, service: Any = None, distributed: Any = None) -> None:
        hlo: Any = import_module("jaxlib._hlo")
        self._jax = _private()
        modules: dict[str, Any] = sys.modules
        modules.setdefault("jax", None)  # jaxlib looks for jax when it gives an array to numpy, and does well without
        self._client, self._service, self._distributed = client, service, distributed
        self._devices: list[Any] = sorted(client.devices(), key=lambda device: device.id)
        if len(self._devices) != num_devices:
            raise Failure(f"XLA shows {len(self._devices)} devices, want {num_devices}")
        local = client.local_devices()[0]
        self._local = local

        class OneDevice(self._jax.SingleDeviceSharding):  # the little that jaxlib asks of a Python sharding
            memory_kind = None

            def _to_xla_hlo_sharding(self, num_dims: int) -> Any:  # noqa: ARG002
                return hlo.HloSharding.replicate()

        self._sharding: Any = OneDevice(local)

    @classmethod
    def alone(cls) -> World:
        """One device, in this process only."""
        return cls(1, _make_client(num_devices=1, asynchronous=False))

    @classmethod
    def here(cls, num_devices: int) -> World:
        """A mesh's devices in this process, all of them: what is compiled for them is what a job's mesh compiles."""
        return cls(num_devices, _make_client(num_devices=num_devices, asynchronous=False))

    @classmethod
    def joined(cls, device: int, num_devices: int, share: Callable[[str | None], str], host: str) -> World:
        """Join the world of ``num_devices`` as device ``device``. Collective over them.

        ``share`` broadcasts device 0's text (its argument there, None elsewhere); ``host`` is this rank's address for
        the others, "127.0.0.1" if all are on one host.
        """
        if num_devices == 1:
            return cls.alone()
        jaxlib = _private()
        address, service = _serve(jaxlib, num_devices, host) if device == 0 else (None, None)
        distributed = jaxlib.get_distributed_runtime_client(
            share(address),
            device,
            init_timeout=INIT_S,
            shutdown_timeout=SHUTDOWN_S,
            heartbeat_timeout=FOREVER_S,
            shutdown_on_destruction=False,
            use_compression=True,
        )
        distributed.connect()
        client = _make_client(
            asynchronous=False,  # in order: gloo has no order of its own between two executions under way
            distributed_client=distributed,
            node_id=device,
            num_nodes=num_devices,
            collectives=jaxlib.make_gloo_tcp_collectives(distributed, hostname=host),
            num_devices=1,
        )
        return cls(num_devices, client, service, distributed)

    def compile(self, text: bytes) -> bytes:
        """StableHLO (text or bytecode, with ``sdy.sharding``) -> a serialized executable for every device."""
        from jaxlib.mlir import ir

        from dialects.context import make_context

        _provide_lapack(text)
        with make_context():
            module = ir.Module.parse(text)
            loaded = self._client.compile_and_load(module, self._device_list(), self._options())
        return loaded.serialize()

    def look(self, text: bytes) -> Compiled:
        """What XLA makes of StableHLO on this world: to be read by people and tests, nothing runs."""
        from jaxlib.mlir import ir

        from dialects.context import make_context

        with make_context():
            loaded = self._client.compile_and_load(ir.Module.parse(text), self._device_list(), self._options())
        found = loaded.get_compiled_memory_stats()
        sizes = (getattr(found, f"{name}_size_in_bytes") for name in ("argument", "output", "alias", "temp"))
        return Compiled(loaded.hlo_modules()[0].to_string(), *sizes)

    def load(self, executable: bytes) -> Executable:
        """What ``compile`` gave on any device of the world -> runnable here. Not collective."""
        _provide_lapack(executable)
        return self._client.deserialize_executable(executable, self._device_list(), self._options())

    def put(self, array: NumpyArray) -> Buffer:
        """A copy of the array on this rank's device. Every dtype of ``runtime.devices.dtypes``, 0-d and empty included."""
        shape = _shaped(array.shape, array.dtype)
        during_call = self._jax.HostBufferSemantics.IMMUTABLE_ONLY_DURING_CALL
        return self._jax.batched_device_put(
            shape, self._sharding, [array], [self._local], True, False, during_call, enable_x64=True
        )

    def get(self, buffer: Buffer) -> NumpyArray:
        """The array on the host, read-only, once it is computed; a view that keeps the buffer where that is possible.

        Donating a viewed buffer is safe: XLA copies it then.
        """
        # np.asarray gives dtype object for bfloat16
        return buffer._single_device_array_to_np_array_did_copy()[0]  # noqa: SLF001

    def handler(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Handler:
        """What ``run`` needs to know of one result: ``shape`` and ``dtype`` of this device's shard."""
        return self._jax.array_result_handler(_shaped(shape, dtype), self._sharding, True, True)

    def run(self, executable: Executable, arguments: Sequence[Buffer], results: Sequence[Handler]) -> list[Buffer]:
        """Execute on this device (the others of the world do the same) -> this device's shards of the results."""
        # disassemble_into_single_device_arrays would do without handlers, but imports jax where there is one: 0.4 s
        return executable.execute_sharded(arguments).consume_with_handlers(results)

    def close(self) -> None:
        """Leave the world. Collective over it; afterwards, when all have left, ``stop_service``."""
        if self._distributed is not None:
            self._distributed.shutdown()

    def stop_service(self) -> None:
        """On device 0, after every device has closed."""
        if self._service is not None:
            self._service.shutdown()

    def _device_list(self) -> Any:
        return self._jax.DeviceList(tuple(self._devices))

    def _options(self) -> Any:
        options = self._jax.CompileOptions()
        options.num_replicas, options.num_partitions = 1, len(self._devices)
        build = options.executable_build_options
        build.use_spmd_partitioning = True
        build.use_shardy_partitioner = True
        ids = np.array([[device.id for device in self._devices]], dtype=np.int32)
        options.device_assignment = self._jax.DeviceAssignment.create(ids)
        if self._client.platform == "cpu":
            options.env_option_overrides = [("xla_disable_hlo_passes", ",".join(DROP_BARRIERS))]
        return options


def _provide_lapack(program: bytes) -> None:
    """Register jaxlib's LAPACK kernels if ``program`` calls any (jax lowers cholesky, qr and eigh so); needs scipy."""
    if b"lapack_" in program:
        _register_lapack()


@cache  # XLA keeps what is registered, and refuses to be told twice
def _register_lapack() -> None:
    lapack = import_module("jaxlib.cpu._lapack")
    lapack.initialize()
    for name, kernel in lapack.registrations().items():
        version = int(name.endswith("_ffi"))
        import_module("jaxlib.xla_client").register_custom_call_target(name, kernel, "cpu", version)


def _shaped(shape: tuple[int, ...], dtype: np.dtype[Any]) -> SimpleNamespace:
    """All that jaxlib reads of jax's abstract values."""
    return SimpleNamespace(shape=shape, dtype=dtype, ndim=len(shape), weak_type=False)


def _make_client(**options: Any) -> Any:
    return import_module("jaxlib.xla_client").make_cpu_client(**options)


def _private() -> Any:
    return import_module("jaxlib._jax")


def _serve(jaxlib: Any, num_devices: int, host: str) -> tuple[str, Any]:
    """A coordination service on a free port: the port is only known to be free, so try again if it was taken."""
    for attempt in range(10):
        with socket.socket() as probe:
            probe.bind((host, 0))
            address = f"{host}:{probe.getsockname()[1]}"
        try:
            service = jaxlib.get_distributed_runtime_service(
                address,
                num_devices,
                heartbeat_timeout=FOREVER_S,
                cluster_register_timeout=INIT_S,
                shutdown_timeout=SHUTDOWN_S,
            )
            return address, service
        except RuntimeError as error:
            if attempt == 9:
                raise Failure(f"no coordination service at {address}: {error}") from error
    raise AssertionError

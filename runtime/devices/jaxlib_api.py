"""Every name of jaxlib's that the runtime uses, nearly all private, and all that differs by version; ``xla.py`` is what is ours.

What only GPUs need is in ``jaxlib_gpu_api.py``.

No ``import jax``: it costs each of 64 ranks half a second and 60 MB. jaxlib itself is loaded when the first of these
functions is called, after ``set_environment``. For a new minor release: raise ``BEFORE`` and the ranges in pyproject.toml,
run the tests of ``tests/py/mpi`` on it (``make test-versions``), and say here what it changed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialects.errors import Failure

OLDEST, BEFORE = (0, 10, 2), (0, 13, 0)  # supported: OLDEST <= jaxlib < BEFORE, as the ranges in pyproject.toml say
FOREVER_S = 10**7  # heartbeats: a dead rank is our business (supervise), not the coordination service's
INIT_S, SHUTDOWN_S = 600, 600
# read when jaxlib is loaded, from XLA_FLAGS; in 0.10.2 to 0.12.0 the compile option of this name changes nothing
XLA_FLAGS = f"--xla_cpu_collective_timeout_seconds={FOREVER_S}"

NumpyArray = NDArray[Any]
Buffer = Any  # ArrayImpl on this rank's device
Client = Any
Device = Any
Distributed = Any  # DistributedRuntimeClient
Executable = Any  # LoadedExecutable
Handler = Any  # ResultHandler
Service = Any  # DistributedRuntimeService
Overrides = Sequence[tuple[str, str | bool]]  # names of XLA's debug options, and their values


def installed() -> str:
    """jaxlib's version."""
    return str(import_module("jaxlib.version").__version__)


def check_version(version: str | None = None) -> None:
    """Raise Failure unless ``version``, the installed jaxlib's if None, is one that this file was written for."""
    found = version or installed()
    if not OLDEST <= numbers(found) < BEFORE:
        oldest, before = ".".join(map(str, OLDEST)), f"{BEFORE[0]}.{BEFORE[1]}"
        newest = f"{BEFORE[0]}.{BEFORE[1] - 1}.x"
        remedy = f"pip install 'jaxlib>={oldest},<{before}'"
        raise Failure(f"got jaxlib {found}, want {oldest} to {newest}", remedy=remedy)


def start_service(address: str, num_devices: int) -> Service:
    """The coordination service of a world, at ``address`` on this host. Raises RuntimeError if the port is taken."""
    return _private().get_distributed_runtime_service(
        address,
        num_devices,
        heartbeat_timeout=FOREVER_S,
        cluster_register_timeout=INIT_S,
        shutdown_timeout=SHUTDOWN_S,
    )


def connect(address: str, device: int) -> Distributed:
    """Meet the others at ``address``, as device ``device``. Collective over the world."""
    distributed = _private().get_distributed_runtime_client(
        address,
        device,
        init_timeout=INIT_S,
        shutdown_timeout=SHUTDOWN_S,
        heartbeat_timeout=FOREVER_S,
        shutdown_on_destruction=False,
        use_compression=True,
    )
    distributed.connect()
    return distributed


def make_client(num_devices: int) -> Client:
    """A client with all its devices in this process."""
    return _make_client(num_devices=num_devices)


def make_joined_client(distributed: Distributed, device: int, num_devices: int, host: str) -> Client:
    """A client with one device here, number ``device`` of a world whose collectives gloo does. Collective over the world."""
    return _make_client(
        distributed_client=distributed,
        node_id=device,
        num_nodes=num_devices,
        collectives=_private().make_gloo_tcp_collectives(distributed, hostname=host),
        num_devices=1,
        get_local_topology_timeout_minutes=INIT_S // 60,
        get_global_topology_timeout_minutes=INIT_S // 60,
    )


def leave(end: Distributed | Service) -> None:
    """End this process's part in a world: the connection (collective over the world), or the service after all of them."""
    end.shutdown()


def platform_of(client: Client) -> str:
    """ "cpu", "cuda" and so on."""
    return client.platform


def devices_of(client: Client) -> tuple[list[Device], Device]:
    """All devices of the client's world, in the order of its processes, and the first that is here."""
    return sorted(client.devices(), key=lambda device: (device.process_index, device.id)), client.local_devices()[0]


def make_sharding(device: Device) -> Any:
    """An array that lies whole on ``device``."""
    hlo: Any = import_module("jaxlib._hlo")

    class OneDevice(_private().SingleDeviceSharding):  # the little that jaxlib asks of a Python sharding
        memory_kind = None

        def _to_xla_hlo_sharding(self, num_dims: int) -> Any:  # noqa: ARG002
            return hlo.HloSharding.replicate()

    return OneDevice(device)


def compile_module(client: Client, module: Any, devices: Sequence[Device], overrides: Overrides) -> Executable:
    """MLIR -> one SPMD program over ``devices``, partitioned by Shardy, with these of XLA's debug options."""
    return client.compile_and_load(module, device_list(devices), _options(devices, overrides))


def serialize(executable: Executable) -> bytes:
    """For ``deserialize`` in any process of the world."""
    return executable.serialize()


def deserialize(client: Client, binary: bytes, devices: Sequence[Device], overrides: Overrides) -> Executable:
    """What ``compile_module`` gave, with the same devices and options."""
    return client.deserialize_executable(binary, device_list(devices), _options(devices, overrides))


def optimised_hlo(executable: Executable) -> str:
    """The program as XLA left it."""
    return executable.hlo_modules()[0].to_string()


def buffer_bytes(executable: Executable) -> tuple[int, int, int, int]:
    """Bytes a device of the arguments, the outputs, those outputs that lie in arguments, and all else."""
    found = executable.get_compiled_memory_stats()
    return (
        found.argument_size_in_bytes,
        found.output_size_in_bytes,
        found.alias_size_in_bytes,
        found.temp_size_in_bytes,
    )


def put(array: NumpyArray, sharding: Any, device: Device) -> Buffer:
    """A copy of the array on ``device``."""
    during_call = _private().HostBufferSemantics.IMMUTABLE_ONLY_DURING_CALL
    return _private().batched_device_put(
        _shaped(array.shape, array.dtype), sharding, [array], [device], True, False, during_call, enable_x64=True
    )


def put_owned(array: NumpyArray, sharding: Any, device: Device) -> Buffer:
    """The array itself as a buffer of a CPU ``device``, if it begins at a multiple of 64 bytes; else a copy.

    The buffer keeps the array, which nobody may write again. A run that is donated it copies it first (tried on 0.10.2 and 0.12.0).
    """
    zero_copy = _private().HostBufferSemantics.ZERO_COPY
    return _private().batched_device_put(
        _shaped(array.shape, array.dtype), sharding, [array], [device], True, False, zero_copy, enable_x64=True
    )


def get(buffer: Buffer) -> NumpyArray:
    """The array on the host, read-only; a view that keeps the buffer where that is possible."""
    found = np.asarray(buffer)  # a tenth of the time of the other, which knows types that numpy does not
    return buffer._single_device_array_to_np_array_did_copy()[0] if found.dtype.hasobject else found  # noqa: SLF001


def make_handler(shape: tuple[int, ...], dtype: np.dtype[Any], sharding: Any) -> Handler:
    """What ``run`` needs to know of one result: ``shape`` and ``dtype`` of this device's shard."""
    # jaxlib 0.11.2 removed the fourth argument, _skip_checks: before, the checks (True skips them) wanted jax's own types.
    skip_checks = (True,) if numbers(installed()) < (0, 11, 2) else ()
    return _private().array_result_handler(_shaped(shape, dtype), sharding, True, *skip_checks)


def run(executable: Executable, arguments: Sequence[Buffer], results: Sequence[Handler]) -> list[Buffer]:
    """Execute on this device (the others of the world do the same) -> this device's shards of the results."""
    # disassemble_into_single_device_arrays would do without handlers, but imports jax where there is one: 0.4 s
    return executable.execute_sharded(arguments).consume_with_handlers(results)


@cache  # XLA keeps what is registered, and refuses to be told twice
def register_lapack() -> None:
    """jaxlib's LAPACK kernels, for programs that call them (jax lowers cholesky, qr and eigh so); needs scipy."""
    lapack = import_module("jaxlib.cpu._lapack")
    lapack.initialize()
    for name, kernel in lapack.registrations().items():
        version = int(name.endswith("_ffi"))
        import_module("jaxlib.xla_client").register_custom_call_target(name, kernel, "cpu", version)


@cache
def numbers(version: str) -> tuple[int, ...]:
    """0.12.0.1 -> (0, 12, 0): a fourth number is a new build of the same release."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def without_jax() -> None:
    """Before the first client: jaxlib looks for jax when it gives an array to numpy, and does well without."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault("jax", None)


def _make_client(**options: Any) -> Client:
    without_jax()
    # in order: gloo has no order of its own between two executions under way
    return import_module("jaxlib.xla_client").make_cpu_client(asynchronous=False, **options)


def device_list(devices: Sequence[Device]) -> Any:
    """``devices`` as jaxlib takes several."""
    return _private().DeviceList(tuple(devices))


def _options(devices: Sequence[Device], overrides: Overrides) -> Any:
    options = _private().CompileOptions()
    options.num_replicas, options.num_partitions = 1, len(devices)
    build = options.executable_build_options
    build.use_spmd_partitioning = True
    build.use_shardy_partitioner = True
    ids = np.array([[device.id for device in devices]], dtype=np.int32)
    options.device_assignment = _private().DeviceAssignment.create(ids)
    options.env_option_overrides = list(overrides)
    return options


def _shaped(shape: tuple[int, ...], dtype: np.dtype[Any]) -> SimpleNamespace:
    """All that jaxlib reads of jax's abstract values."""
    return SimpleNamespace(shape=shape, dtype=dtype, ndim=len(shape), weak_type=False)


def _private() -> Any:
    return import_module("jaxlib._jax")

"""What only GPUs need of jaxlib's surface, all of it private; ``jaxlib_api.py`` is the rest. Plugins, arrays lent by DLPack."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from runtime.devices.jaxlib_api import Buffer, Client, Device, Distributed, device_list, without_jax

Capsule = Any  # of a DLManagedTensor
Options = Mapping[str, str | int | float | bool | list[int]]


def make_plugin_client(name: str, library: str, options: Options, distributed: Distributed = None) -> Client:
    """A client of the PJRT plugin ``name``, whose shared object is ``library``. Collective over the world of ``distributed``.

    Raises what jaxlib raises, a RuntimeError: "No visible GPU devices", for one.
    """
    without_jax()
    xla_client: Any = import_module("jaxlib.xla_client")
    if not xla_client.pjrt_plugin_loaded(name):
        xla_client.load_pjrt_plugin_dynamically(name, library)
    if not xla_client.pjrt_plugin_initialized(name):
        xla_client.initialize_pjrt_plugin(name)
    return xla_client.make_c_api_client(name, dict(options), distributed)


def users_options() -> dict[str, Any]:
    """A GPU client's options as jax's users set them: XLA_CLIENT_MEM_FRACTION, XLA_PYTHON_CLIENT_PREALLOCATE, …_ALLOCATOR."""
    without_jax()
    return dict(import_module("jaxlib.xla_client").generate_pjrt_gpu_plugin_options())


def lend(buffer: Buffer, stream: int | None) -> Capsule:
    """The buffer's memory as DLPack, kept while the capsule lives; what ``stream`` does next sees it computed. No wait on the host.

    Without a stream (on a CPU) it waits until the buffer is computed. A buffer that is lent must not be donated: XLA refuses it.
    """
    return import_module("jaxlib._jax").buffer_to_dlpack_managed_tensor(buffer, stream=stream)


def adopt(capsule: Capsule, device: Device, stream: int | None) -> Buffer:
    """What lies in a capsule's memory, as a buffer that keeps the capsule; XLA reads it after what ``stream`` does until now."""
    return import_module("jaxlib._jax").dlpack_managed_tensor_to_buffer(capsule, device, stream)


def adopting_stream(device: Device) -> int | None:
    """The stream that XLA listens to when it adopts memory on ``device``; None where there are no streams, on CPUs."""
    return device.get_stream_for_external_ready_events() if device.platform != "cpu" else None


def copy_of(buffer: Buffer, device: Device, sharding: Any) -> Buffer:
    """A copy that XLA owns, on the same device; does not wait on the host."""
    private: Any = import_module("jaxlib._jax")
    always = private.ArrayCopySemantics.ALWAYS_COPY
    return private.batched_copy_array_to_devices_with_sharding([buffer], [device_list([device])], [sharding], [always])[
        0
    ]

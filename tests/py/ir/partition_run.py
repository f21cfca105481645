"""Runs a partitioned module on several CPU devices in this process, without jax, and puts the whole results together."""

import functools
import sys
from collections.abc import Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
from jaxlib.mlir import ir

from dialects.ops import body_ops, entry_block, main_func, shape_of
from dialects.sdy_attrs import SHARDING, read_sharding
from dialects.sharding import MeshShape, Sharding
from dialects.signature import attr_dicts
from runtime.devices.dtypes import numpy_dtype

Array = np.ndarray[Any, np.dtype[Any]]


class Devices:
    """``num_devices`` devices of one CPU client: one XLA program over all of them."""

    def __init__(self, num_devices: int) -> None:
        sys.modules.setdefault("jax", None)  # type: ignore[arg-type]  # jaxlib looks for jax, and does well without
        self.jaxlib: Any = import_module("jaxlib._jax")
        self.client: Any = import_module("jaxlib.xla_client").make_cpu_client(num_devices=num_devices)
        self.devices = sorted(self.client.devices(), key=lambda device: device.id)
        self.list = self.jaxlib.DeviceList(tuple(self.devices))
        hlo: Any = import_module("jaxlib._hlo")
        replicated = hlo.HloSharding.replicate()

        class OneDevice(self.jaxlib.SingleDeviceSharding):  # the little that jaxlib asks of a Python sharding
            memory_kind = None

            def _to_xla_hlo_sharding(self, num_dims: int) -> Any:
                return replicated

        self.singles = [OneDevice(device) for device in self.devices]
        self.sharding = self.jaxlib.GSPMDSharding(self.list, replicated)

    def compile(self, module: ir.Module) -> Any:
        options = self.jaxlib.CompileOptions()
        options.num_replicas, options.num_partitions = 1, len(self.devices)
        options.executable_build_options.use_spmd_partitioning = True
        options.executable_build_options.use_shardy_partitioner = True
        ids = np.arange(len(self.devices), dtype=np.int32).reshape(1, -1)
        options.device_assignment = self.jaxlib.DeviceAssignment.create(ids)
        return self.client.compile_and_load(module, self.list, options)

    def run(self, executable: Any, arguments: Sequence[Sequence[Array]]) -> list[list[Array]]:
        """One part a device, of each argument and of each result."""
        results = executable.execute_sharded([self._put(parts) for parts in arguments])
        return [
            [np.array(part._single_device_array_to_np_array_did_copy()[0]) for part in parts]
            for parts in results.disassemble_into_single_device_arrays()
        ]

    def _put(self, parts: Sequence[Array]) -> Any:
        shape = SimpleNamespace(shape=parts[0].shape, dtype=parts[0].dtype, ndim=parts[0].ndim, weak_type=False)
        during_call = self.jaxlib.HostBufferSemantics.IMMUTABLE_ONLY_DURING_CALL
        arrays = [
            self.jaxlib.batched_device_put(
                shape,
                single,
                [np.ascontiguousarray(part).reshape(part.shape)],
                [device],
                True,
                False,
                during_call,
                enable_x64=True,
            )
            for part, single, device in zip(parts, self.singles, self.devices, strict=True)
        ]
        return self.jaxlib.ArrayImpl(shape, self.sharding, arrays, True, True)


@functools.cache
def devices(count: int) -> Devices:
    return Devices(count)


def run_partitioned(
    module: ir.Module,
    mesh: MeshShape,
    arguments: Sequence[Array],
    unreduced_args: Sequence[tuple[str, ...]],
    seed: int,
    compiled: Any = None,
) -> tuple[list[Array], Any]:
    """The whole results of a partitioned @main on whole arguments, sums over stacks done; and the executable.

    ``unreduced_args``: for each argument the axes that it is unreduced over; it is then given as random parts of the sum.
    ``compiled``: the executable of an earlier call.
    """
    main = main_func(module)
    world = devices(mesh.num_devices)
    ins, outs = (_shardings(main, which) for which in ("arg_attrs", "res_attrs"))
    random = np.random.default_rng(seed)
    stacks = [
        _parts(array, mesh.size(axes), random) if axes else array
        for array, axes in zip(arguments, unreduced_args, strict=True)
    ]
    given = [
        [array[part_of(array.shape, sharding, mesh, d)] for d in range(mesh.num_devices)]
        for array, sharding in zip(stacks, ins, strict=True)
    ]
    executable = compiled or world.compile(module)
    taken = world.run(executable, given)
    types = [ir.RankedTensorType(value.type) for value in body_ops(entry_block(main))[-1].operands]
    return [
        _whole(parts, tuple(kind.shape), str(kind.element_type), sharding, mesh)
        for parts, kind, sharding in zip(taken, types, outs, strict=True)
    ], executable


def _shardings(main: ir.OpView, which: str) -> list[Sharding]:
    return [read_sharding(entry[SHARDING]) for entry in attr_dicts(main, which)]


def part_of(shape: tuple[int, ...], sharding: Sharding, mesh: MeshShape, device: int) -> tuple[slice, ...]:
    """Where in the whole array the device's part is."""
    place: dict[str, int] = {}
    for name, size in reversed(mesh.axes):
        device, place[name] = divmod(device, size)
    slices: list[slice] = []
    for size, axes in zip(shape, sharding.dims, strict=True):
        index, local = 0, size // mesh.size(axes)
        for axis in axes:
            index = index * mesh.size((axis,)) + place[axis]
        slices.append(slice(index * local, (index + 1) * local))
    return tuple(slices)


def _whole(parts: list[Array], shape: tuple[int, ...], element: str, sharding: Sharding, mesh: MeshShape) -> Array:
    array = np.zeros(shape, numpy_dtype(element))
    seen = np.zeros(shape, np.bool_)
    for device, part in enumerate(parts):
        at = part_of(shape, sharding, mesh, device)
        assert part.shape == array[at].shape, f"device {device} has {part.shape}, want {array[at].shape}"
        if seen[at].any():  # XLA's collectives give all devices the same bits
            assert np.array_equal(_bits(array[at]), _bits(part)), f"device {device} has another value than its twin"
        array[at], seen[at] = part, True
    assert seen.all()
    return array


def _bits(array: Array) -> Array:
    return np.ascontiguousarray(array).view(np.uint8) if array.ndim else np.frombuffer(array.tobytes(), np.uint8)


def _parts(array: Array, count: int, random: np.random.Generator) -> Array:
    """A stack whose sum is exactly ``array``, in whatever order it is added up: multiples of it, -1 to 2 in all partial sums."""
    multiples = [2, -1] if count == 2 else [1, 1, -1]
    stack = np.zeros((count, *array.shape), array.dtype)
    for place, multiple in zip(random.permutation(count), multiples, strict=False):
        stack[place] = array * np.array(multiple).astype(array.dtype)
    return stack


def added(stack: Array, wide: str = "float64") -> Array:
    """The sum over the leading dim, in the type of the stack."""
    if stack.dtype.kind in "iu":
        return stack.sum(axis=0, dtype=stack.dtype)
    exact = np.complex128 if stack.dtype.kind == "c" else np.dtype(wide)
    return stack.astype(exact).sum(axis=0).astype(stack.dtype)


__all__ = ["Devices", "added", "devices", "run_partitioned", "shape_of"]

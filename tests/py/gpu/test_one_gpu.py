"""One GPU, one process: arrays, programs, f32 in full, and memory lent to CuPy and adopted from it."""

from __future__ import annotations

import sys

import pytest
from conftest import ran

START = """
import sys
import numpy as np
from runtime.devices.dtypes import _NUMPY
from runtime.devices.xla import World
from runtime.devices.cuda import Cuda
from runtime.transport.dlpack import CODES, memory_of
from runtime.transport.nccl import WORDS
world = World.alone(Cuda(sys.argv[1], 0, 2))
random = np.random.default_rng(0)
"""
ARRAYS = """
for name, dtype in _NUMPY.items():
    for shape in ((), (3, 5), (0, 4), (64, 64)):
        array = np.ones(shape).astype(dtype)
        got = world.get(world.put(array))
        assert (got.dtype, got.shape) == (dtype, shape), (name, shape)
        assert got.astype(np.complex128).tobytes() == array.astype(np.complex128).tobytes(), name
print(len(_NUMPY), "types")
"""
PRECISION = """
text = b'''func.func public @main(%a: tensor<512x512xf32>, %b: tensor<512x512xf32>) -> tensor<512x512xf32> {
  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
  return %0 : tensor<512x512xf32>
}'''
a, b = (random.standard_normal((512, 512)).astype(np.float32) for _ in range(2))
executable = world.load(world.compile(text))
result, = world.run(executable, [world.put(a), world.put(b)], [world.handler((512, 512), np.dtype(np.float32))])
want = a.astype(np.float64) @ b.astype(np.float64)
error = np.abs(world.get(result) - want).max() / np.abs(want).max()
assert error < 5e-6, error  # TF32 gives some 3e-4
print(f"worst relative error {error:.1e}")
"""
LENDING = """
import cupy
stream = cupy.cuda.Stream(non_blocking=True)
text = b'''func.func public @main(%a: tensor<1048576xf32> {tf.aliasing_output = 0 : i32}) -> tensor<1048576xf32> {
  %0 = stablehlo.add %a, %a : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}'''
executable, handler = world.load(world.compile(text)), world.handler((1 << 20,), np.dtype(np.float32))
for name in CODES:
    array = (np.arange(24).reshape(2, 3, 4) % 2).astype(_NUMPY[name])
    capsule = world.lend(world.put(array), stream.ptr)
    memory = memory_of(capsule)
    with stream:
        owned = cupy.cuda.UnownedMemory(memory.address, memory.num_bytes, capsule, 0)
        seen = cupy.ndarray(memory.shape, WORDS[memory.itemsize], cupy.cuda.MemoryPointer(owned, 0))
        own = seen.copy()
        given = own.__dlpack__(stream=world.adopting_stream)
    assert world.get(world.adopt(given, name)).tobytes() == array.tobytes(), name
for turn in range(200):  # what came is read, dropped and its memory used again, with nobody waiting
    with stream:
        come = cupy.full(1 << 20, turn, "f4")
        given = come.__dlpack__(stream=world.adopting_stream)
        del come
    twice, = world.run(executable, [world.copy_of(world.adopt(given, "f32"))], [handler])
    del given
    if turn % 20 == 0:
        assert (world.get(twice) == 2 * turn).all(), turn
print(len(CODES), "types, 200 messages")
"""


@pytest.mark.parametrize("check", ["ARRAYS", "PRECISION", "LENDING"])
def test_one_process(check: str, gpus: list[str], plugin: str, record_property: pytest.RecordProperty) -> None:
    record_property(check.lower(), ran([sys.executable, "-c", START + globals()[check], plugin]).strip())

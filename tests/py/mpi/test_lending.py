"""XLA's buffers lent and adopted by DLPack, on a CPU, in a process of its own (a World keeps jax out of its process)."""

import subprocess
import sys

from conftest import ROOT

EVERY_TYPE = """
import ctypes
import numpy as np
from runtime.devices.dtypes import _NUMPY
from runtime.devices.xla import World
from runtime.transport.dlpack import CODES, memory_of
from runtime.transport.nccl import WORDS
world = World.alone()
for name in CODES:
    dtype = _NUMPY[name]
    array = (np.arange(24).reshape(2, 3, 4) % 2).astype(dtype)
    capsule = world.lend(world.put(array), None)
    memory = memory_of(capsule)
    assert (memory.shape, memory.itemsize, memory.num_bytes) == ((2, 3, 4), dtype.itemsize, array.nbytes), (name, memory)
    sent = np.frombuffer(ctypes.string_at(memory.address, memory.num_bytes), WORDS[memory.itemsize]).reshape(2, 3, 4)
    assert sent.tobytes() == array.tobytes(), name
    buffer = world.adopt(sent.copy().__dlpack__(), name)
    got = world.get(buffer)
    assert (got.dtype, got.shape, got.tobytes()) == (dtype, (2, 3, 4), array.tobytes()), name
    assert world.get(world.copy_of(buffer)).tobytes() == array.tobytes(), name
refused = []
for name in _NUMPY.keys() - CODES.keys():
    try:
        world.lend(world.put(np.ones((2, 3)).astype(_NUMPY[name])), None)
    except Exception:
        refused.append(name)
print(len(CODES), *sorted(refused))
"""

A_COPY_IS_XLAS_OWN = """
import numpy as np
from runtime.devices.xla import World
world = World.alone()
text = b'''func.func public @main(%a: tensor<64xf32> {tf.aliasing_output = 0 : i32}) -> tensor<64xf32> {
  %0 = stablehlo.add %a, %a : tensor<64xf32>
  return %0 : tensor<64xf32>
}'''
executable, handler = world.load(world.compile(text)), world.handler((64,), np.dtype(np.float32))
received = np.ones(64, np.float32)
lent = world.copy_of(world.adopt(received.__dlpack__(), "f32"))
kept = world.lend(world.put(received), None)
for buffer in (world.copy_of(lent), lent):
    result, = world.run(executable, [buffer], [handler])
    assert (world.get(result) == 2).all() and (received == 1).all()
print("safe")
"""

STRIDES = """
import numpy as np
from dialects.errors import Failure
from runtime.transport.dlpack import memory_of
assert memory_of(np.zeros((3, 4)).__dlpack__()).shape == (3, 4)
assert memory_of(np.zeros((3, 1, 4)).transpose(1, 0, 2).__dlpack__()).shape == (1, 3, 4)
try:
    memory_of(np.zeros((3, 4)).T.__dlpack__())
except Failure as error:
    print(error)
"""


def printed(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_type_is_lent_and_adopted_as_it_is() -> None:
    count, *refused = printed(EVERY_TYPE).split()
    assert int(count) > 20
    assert set(refused) >= {"i2", "i4", "ui2", "ui4"}


def test_a_fragment_overwrites_copies_only() -> None:
    assert printed(A_COPY_IS_XLAS_OWN) == "safe"


def test_memory_that_is_not_row_major_is_refused() -> None:
    assert printed(STRIDES) == "an array of shape [4, 3] lies in memory with strides [1, 4], want row-major"

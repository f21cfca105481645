"""One device alone, in a process of its own (a World keeps jax out of its process): arrays, executables, donation."""

import subprocess
import sys

from conftest import ROOT

ARRAYS = """
import numpy as np
from runtime.devices.dtypes import _NUMPY
from runtime.devices.xla import World
world = World.alone()
for name, dtype in _NUMPY.items():
    for shape in ((), (3, 5), (0, 4), (64, 64)):
        array = np.ones(shape).astype(dtype)
        got = world.get(world.put(array))
        assert (got.dtype, got.shape) == (dtype, shape), (name, shape, got.dtype, got.shape)
        assert got.astype(np.complex128).tobytes() == array.astype(np.complex128).tobytes(), name
print(len(_NUMPY))
"""

DONATION = """
import numpy as np
from runtime.devices.xla import World
world = World.alone()
text = b'''func.func public @main(%a: tensor<64xf32> {tf.aliasing_output = 0 : i32}) -> tensor<64xf32> {
  %0 = stablehlo.add %a, %a : tensor<64xf32>
  return %0 : tensor<64xf32>
}'''
executable = world.load(world.compile(text))
buffer = world.put(np.ones(64, np.float32))
view = world.get(buffer)
result, = world.run(executable, [buffer], [world.handler((64,), np.dtype(np.float32))])
assert (view == 1).all() and (world.get(result) == 2).all()
print("safe")
"""

BARRIERS = """
import numpy as np
from runtime.devices.xla import World
world = World.alone()
held = '%{0}, %{0}b = stablehlo.optimization_barrier %{1}, %{1} : tensor<4xf32>, tensor<4xf32>'
loop = '''%n:2 = stablehlo.while(%i = %zero, %v = %a) : tensor<i32>, tensor<4xf32> cond {
    %c = stablehlo.compare LT, %i, %three : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  } do {
    %next = stablehlo.add %i, %one : tensor<i32>
    BODY
    %w = stablehlo.add %h, %h : tensor<4xf32>
    stablehlo.return %next, %w : tensor<i32>, tensor<4xf32>
  }'''
branch = '''%h = "stablehlo.case"(%i) ({
      HELD
      stablehlo.return %x : tensor<4xf32>
    }, {
      stablehlo.return %v : tensor<4xf32>
    }) : (tensor<i32>) -> tensor<4xf32>'''
for body in (held.format('h', 'v'), branch.replace('HELD', held.format('x', 'v'))):
    text = f\"\"\"func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {{
      %zero = stablehlo.constant dense<0> : tensor<i32>
      %one = stablehlo.constant dense<1> : tensor<i32>
      %three = stablehlo.constant dense<3> : tensor<i32>
      {loop.replace('BODY', body)}
      return %n#1 : tensor<4xf32>
    }}\"\"\".encode()
    executable = world.load(world.compile(text))
    result, = world.run(executable, [world.put(np.ones(4, np.float32))], [world.handler((4,), np.dtype(np.float32))])
    assert (world.get(result) == 8).all()
print("held")
"""

LAPACK = """
import numpy as np
from runtime.devices.xla import World
world = World.alone()
text = b'''func.func public @main(%a: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0:2 = stablehlo.custom_call @lapack_spotrf_ffi(%a) {
    backend_config = {uplo = 76 : ui8},
    operand_layouts = [dense<[0, 1]> : tensor<2xindex>],
    output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0,
                                                              operand_tuple_indices = []>],
    result_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<> : tensor<0xindex>],
    api_version = 4 : i32
  } : (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<i32>)
  return %0#0 : tensor<2x2xf32>
}'''
executable = world.load(world.compile(text))
array = np.array([[4, 2], [2, 5]], np.float32)
result, = world.run(executable, [world.put(array)], [world.handler((2, 2), array.dtype)])
np.testing.assert_allclose(np.tril(world.get(result)), np.linalg.cholesky(array), rtol=1e-6)
print("right")
"""


def printed(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_dtype_and_shape_goes_in_and_comes_back() -> None:
    assert int(printed(ARRAYS)) > 20


def test_donating_a_viewed_buffer_leaves_the_view() -> None:
    assert printed(DONATION) == "safe"


def test_lapack_kernels_are_there() -> None:
    assert printed(LAPACK) == "right"


def test_barriers_hold_in_small_loops() -> None:
    assert printed(BARRIERS) == "held"

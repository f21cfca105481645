"""What users say wrongly on the command line about roles: each mistake has its own sentence."""

import pytest
from jaxlib.mlir import ir

from compiler.frontends.load import load_bytes
from dialects.context import make_context
from dialects.errors import UserError
from passes.normalize.assign_roles import AssignRoles

MODULE = b"""
func.func @main(%a: tensor<f32>, %x: tensor<8xf32>, %y: tensor<6xf32>, %b: tensor<f32>)
    -> (tensor<f32>, tensor<8xf32>, tensor<f32>) {
  return %a, %x, %b : tensor<f32>, tensor<8xf32>, tensor<f32>
}
"""

MISTAKES = {
    "batch-args=9": "--batch-args: got index 9, want 0 to 3",
    "batch-args=0": "--batch-args: argument 0 tensor<f32> is a scalar and has no batch dimension",
    "batch-args=1,2": "--batch-args: dim 0 differs: argument 1 tensor<8xf32> has 8, argument 2 tensor<6xf32> has 6; name only",
    "batch-args=1:1": "--batch-args: got dim 1 of argument 1 tensor<8xf32>, want 0 to 0",
    "batch-args=1:0:3": "--batch-args: dim 0 of argument 1 tensor<8xf32> has no 3 blocks of one size",
    "batch-args=1,x": "--batch-args: got 'x', want ARGUMENT[:DIM[:BLOCKS]], indices",
    "batch-args=1 state-args=1:1": "--batch-args: argument 1 tensor<8xf32> is state (said by --state-args)",
    "loss=7": "--loss: got index 7, want 0 to 2",
    "loss=1": "--loss: result 1 is tensor<8xf32>, want a scalar of floating point",
    "loss=0 state-args=0:0": "--loss: result 0 is new state by --state-args",
    "state-args=0": "--state-args: got '0', want ARGUMENT:RESULT, two numbers",
    "state-args=9:0": "--state-args: got argument 9, want 0 to 3",
    "state-args=0:9": "--state-args: got result 9, want 0 to 2",
    "state-args=0:1": "--state-args: argument 0 is tensor<f32> and result 1 is tensor<8xf32>, want the same type",
    "state-args=0:0,0:2": "--state-args: argument 0 is named twice",
    "state-args=0:0,3:0": "--state-args: result 0 is named twice",
}


@pytest.mark.parametrize("options", MISTAKES)
def test_mistake_is_named(options: str) -> None:
    with make_context() as context, ir.Location.unknown():
        module = load_bytes(MODULE, context, "test.mlir").module
        with pytest.raises(UserError) as caught:
            AssignRoles.from_options(options).run(module)
    assert str(caught.value).startswith(MISTAKES[options])


def test_spec_round_trips() -> None:
    spec = AssignRoles(batch_args=("5", "6:1"), loss=3, state_args=("0:0", "1:1"))
    assert spec.spec() == "assign-roles{batch-args=5,6:1 loss=3 state-args=0:0,1:1}"
    assert AssignRoles.from_options("batch-args=5,6:1 loss=3 state-args=0:0,1:1") == spec

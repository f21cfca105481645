"""Ops that no plan can run: each is refused in one sentence that says why, by the loader or by the planner."""

from pathlib import Path

import pytest

from compiler.driver import make_plan
from compiler.options import PlanOptions
from dialects.errors import UserError

INFEED = """%t = stablehlo.create_token : !stablehlo.token
  %0:2 = "stablehlo.infeed"(%t) <{infeed_config = ""}> : (!stablehlo.token) -> (tensor<8x4xf32>, !stablehlo.token)
  return %0#0 : tensor<8x4xf32>"""
OUTFEED = """%t = stablehlo.create_token : !stablehlo.token
  %0 = "stablehlo.outfeed"(%x, %t) <{outfeed_config = ""}> : (tensor<8x4xf32>, !stablehlo.token) -> !stablehlo.token
  return %x : tensor<8x4xf32>"""
SEND = """%t = stablehlo.create_token : !stablehlo.token
  %0 = "stablehlo.send"(%x, %t) <{channel_handle = #stablehlo.channel_handle<handle = 1, type = 2>, is_host_transfer = true}>
    : (tensor<8x4xf32>, !stablehlo.token) -> !stablehlo.token
  return %x : tensor<8x4xf32>"""
RECV = """%t = stablehlo.create_token : !stablehlo.token
  %0:2 = "stablehlo.recv"(%t) <{channel_handle = #stablehlo.channel_handle<handle = 1, type = 3>, is_host_transfer = true}>
    : (!stablehlo.token) -> (tensor<8x4xf32>, !stablehlo.token)
  return %0#0 : tensor<8x4xf32>"""
CALLBACK = """%0 = stablehlo.custom_call @xla_python_cpu_callback(%x) {has_side_effect = true} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>"""
QUANTIZE = """%q = stablehlo.uniform_quantize %x : (tensor<8x4xf32>) -> tensor<8x4x!quant.uniform<i8:f32, 0.1>>
  %0 = stablehlo.uniform_dequantize %q : (tensor<8x4x!quant.uniform<i8:f32, 0.1>>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>"""
DYNAMIC = """%n = stablehlo.constant dense<[4, 8]> : tensor<2xi32>
  %r = stablehlo.dynamic_reshape %x, %n : (tensor<8x4xf32>, tensor<2xi32>) -> tensor<?x?xf32>
  return %x : tensor<8x4xf32>"""

DYNAMIC_CONV = """%w = stablehlo.constant dense<1.0> : tensor<1x4x4xf32>
  %p = stablehlo.constant dense<0> : tensor<1x2xi32>
  %y = stablehlo.reshape %x : (tensor<8x4xf32>) -> tensor<8x1x4xf32>
  %c = "stablehlo.dynamic_conv"(%y, %w, %p) <{dimension_numbers = #stablehlo.conv<[b, 0, f]x[0, i, o]->[b, 0, f]>,
    batch_group_count = 1 : i64, feature_group_count = 1 : i64}>
    : (tensor<8x1x4xf32>, tensor<1x4x4xf32>, tensor<1x2xi32>) -> tensor<8x1x4xf32>
  %0 = stablehlo.reshape %c : (tensor<8x1x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>"""
ASYNC = """%f = "stablehlo.async_start"(%x) ({
  ^bb0(%a: tensor<8x4xf32>):
    %g = "stablehlo.all_gather"(%a) <{all_gather_dim = 0 : i64, replica_groups = dense<0> : tensor<1x1xi64>}>
      : (tensor<8x4xf32>) -> tensor<8x4xf32>
    stablehlo.return %g : tensor<8x4xf32>
  }) : (tensor<8x4xf32>) -> !stablehlo.future<tensor<8x4xf32>>
  %0 = "stablehlo.async_done"(%f) : (!stablehlo.future<tensor<8x4xf32>>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>"""

TOKEN = """%t = stablehlo.create_token : !stablehlo.token
  return %x : tensor<8x4xf32>"""
TUPLE = """%t = stablehlo.tuple %x, %x : tuple<tensor<8x4xf32>, tensor<8x4xf32>>
  return %x : tensor<8x4xf32>"""

# op -> its use, and the word of the message that says what is wrong
CASES = {
    "infeed": (INFEED, "the program talks to its host while it runs; export it without that op"),
    "outfeed": (OUTFEED, "the program talks to its host while it runs; export it without that op"),
    "send": (SEND, "the program talks to its host while it runs; export it without that op"),
    "recv": (RECV, "the program talks to its host while it runs; export it without that op"),
    "token": (TOKEN, "the program has ordered effects (a token); remove io_callback"),
    "tuple": (TUPLE, "export with flat arguments and results instead of tuples"),
    "callback": (CALLBACK, "callback"),
    "quantize": (QUANTIZE, "quant"),
    "dynamic_reshape": (DYNAMIC, "dynamic"),
    "dynamic_conv": (DYNAMIC_CONV, "XLA cannot run this op"),
    "async_start": (ASYNC, "future"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    body, word = CASES[name]
    module = tmp_path / "m.mlir"
    module.write_text(f"func.func public @main(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {{\n  {body}\n}}\n")
    with pytest.raises(UserError) as caught:
        make_plan(str(module), str(tmp_path / "plan"), PlanOptions(hosts=2, devices_per_host=1))
    message = str(caught.value)
    assert word in message
    assert "\n" not in message
    assert not (tmp_path / "plan").exists()

"""What TensorFlow and XLA leave of MHLO in what they export: copies, twins of StableHLO's ops, attributes; what has no twin."""

import io
import re

import numpy as np
import pytest
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from compiler.frontends.load import load_bytes
from compiler.frontends.mhlo import admit_mhlo
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import all_ops, main_func
from dialects.signature import aliases
from passes.analysis.roles.names import signature_of
from passes.normalize.normalize import Normalize

T = "tensor<4xf32>"
STEP = f"""module @step attributes {{mhlo.is_dynamic = false, mhlo.input_output_alias = [ALIASES]}} {{
  func.func @main(%x: {T}, %w: {T}) -> ({T}, {T}) {{
    %0 = mhlo.add %x, %w {{mhlo.frontend_attributes = {{grad_x = "false"}}}} : {T}
    %1 = mhlo.copy %0 : {T}
    %2 = call @twice(%1) : ({T}) -> {T}
    %3 = mhlo.copy %2 : {T}
    return %3, %1 : {T}, {T}
  }}
  func.func private @twice(%a: {T}) -> {T} {{
    %k = mhlo.constant dense<2.0> : tensor<f32>
    %b = "mhlo.broadcast_in_dim"(%k) {{broadcast_dimensions = dense<> : tensor<0xi64>}} : (tensor<f32>) -> {T}
    %c = "mhlo.compare"(%a, %b) {{comparison_direction = #mhlo<comparison_direction GT>}} : ({T}, {T}) -> tensor<4xi1>
    %d = mhlo.multiply %a, %b : {T}
    %e = "mhlo.select"(%c, %d, %a) : (tensor<4xi1>, {T}, {T}) -> {T}
    return %e : {T}
  }}
}}"""
ENTRY = '{{alias = {{kind = "may_alias", parameter_index = array<i64>, parameter_number = {} : i64}}, output_index = array<i64{}>}}'


def alias(argument: int, result: int | None) -> str:
    return ENTRY.format(argument, "" if result is None else f": {result}")


def step(*said: str) -> bytes:
    return STEP.replace("ALIASES", ", ".join(said)).encode()


def as_bytecode(text: bytes) -> bytes:
    with make_context() as context:
        admit_mhlo(text, context)
        buffer = io.BytesIO()
        ir.Module.parse(text).operation.write_bytecode(buffer)
        return buffer.getvalue()


@pytest.mark.parametrize("form", ["text", "bytecode"])
def test_copies_and_twins(form: str) -> None:
    blob = step() if form == "text" else as_bytecode(step())
    with make_context() as context, ir.Location.unknown():
        module = load_bytes(blob, context, "m").module
        assert "mhlo" not in str(module)
        Normalize().run(module)
        given = [ir.DenseElementsAttr.get(np.array(row, np.float32)) for row in ([1, 2, 3, -4], [0, 1, 2, 3])]
        first, second = (list(map(float, np.asarray(item))) for item in stablehlo.eval_module(module, given))
        assert (first, second) == ([1, 6, 10, -1], [1, 3, 5, -1])


@pytest.mark.parametrize(
    ("said", "want"),
    [
        ([alias(1, 0)], {1: 0}),
        ([alias(0, 1), alias(1, 0)], {0: 1, 1: 0}),
        ([alias(0, 1), alias(1, 1), alias(7, 0), alias(0, 9)], {0: 1}),
        ([], {}),
        ([alias(1, None)], {1: 0}),
        (["{}", "7 : i32", '"no"'], {}),
    ],
)
def test_what_may_be_overwritten_is_state(said: list[str], want: dict[int, int]) -> None:
    with make_context() as context:
        module = load_bytes(step(*said), context, "m").module
        assert aliases(main_func(module)) == want


def test_the_name_of_all_arguments_is_none() -> None:
    text = step().decode().replace(f"%x: {T}, %w: {T})", f'%x: {T} loc("XLA_Args"), %w: {T} loc("w"))')
    with make_context() as context:
        assert signature_of(load_bytes(text.encode(), context, "m").module).argument_names == ("", "w")


def test_marks_on_arguments_come_first() -> None:
    text = step(alias(1, 0)).decode().replace(f"%x: {T}, %w", f"%x: {T} {{tf.aliasing_output = 1 : i32}}, %w")
    with make_context() as context:
        assert aliases(main_func(load_bytes(text.encode(), context, "m").module)) == {0: 1}


@pytest.mark.parametrize("name", ["erf", "cosh", "acos"])
def test_custom_calls_of_mhlo_are_its_ops(name: str) -> None:
    call = f"stablehlo.custom_call @mhlo.{name}(%x) {{mhlo.attributes = {{}}, mhlo.version = 1 : i64}} : ({T}) -> {T}"
    for body in (f"%y = {call}", f'%y = "mhlo.{name}"(%x) : ({T}) -> {T}'):
        text = f"func.func @main(%x: {T}) -> {T} {{\n{body}\nreturn %y : {T}\n}}"
        with make_context() as context:
            module = load_bytes(text.encode(), context, "m").module
            assert f"chlo.{name}" in [op.name for op in all_ops(module.operation)]
            Normalize().run(module)
            assert "custom_call" not in str(module)


def test_no_twin() -> None:
    fusion = f"""func.func @main(%x: {T}) -> {T} {{
      %a = mhlo.add %x, %x : {T}
      %y = "mhlo.fusion"(%a) ({{
        ^bb0(%b: {T}):
          %c = mhlo.add %b, %b : {T}
          "mhlo.return"(%c) : ({T}) -> ()
      }}) {{fusion_kind = #mhlo<fusion_kind kLoop>}} : ({T}) -> {T}
      return %y : {T}
    }}"""
    said = "m: mhlo.fusion -> tensor<4xf32> at m:3: StableHLO has no twin of mhlo.fusion; export the program before XLA"
    with make_context() as context, pytest.raises(UserError, match=re.escape(said)):
        load_bytes(fusion.encode(), context, "m")


def test_a_jaxlib_without_mhlo_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.frontends.mhlo._native", lambda: None)
    with (
        make_context() as context,
        pytest.raises(UserError, match=r"[Dd]ialect `?mhlo.* not found.*convert the program first"),
    ):
        load_bytes(step(), context, "m")

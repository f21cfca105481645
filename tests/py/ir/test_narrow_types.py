"""Element types of less than a byte, or without a zero: which are read, which ops of theirs are refused, what they cost."""

from pathlib import Path

import pytest
from jaxlib.mlir import ir
from simulate import plan

from compiler.frontends.elements import KNOWN
from compiler.frontends.load import load_bytes
from dialects.context import make_context
from dialects.errors import Failure, UserError
from dialects.ops import entry_block, main_func, message_bytes, num_bytes
from passes.analysis.ops.folds import neutral
from passes.analysis.ops.wire import moved_bytes, sum_bytes, wire_type
from runtime.devices.dtypes import numpy_dtype

FOLDER = Path(__file__).parents[2] / "modules" / "cases" / "narrow"
REFUSED = {
    "f6E2M3FN": (
        "%y = stablehlo.reshape %x : (tensor<4x4xf6E2M3FN>) -> tensor<4x4xf6E2M3FN>",
        "convert such values to f8E4M3FN",
    ),
    "f6E3M2FN": (
        "%y = stablehlo.reshape %x : (tensor<4x4xf6E3M2FN>) -> tensor<4x4xf6E3M2FN>",
        "the element type f6E3M2FN",
    ),
    "i2": (
        "%y = stablehlo.concatenate %x, %x, dim = 0 : (tensor<4x4xi2>, tensor<4x4xi2>) -> tensor<8x4xi2>",
        "no concatenate of i2",
    ),
    "ui2": (
        """%y = "stablehlo.sort"(%x) <{dimension = 0 : i64}> ({
          ^bb0(%a: tensor<ui2>, %b: tensor<ui2>):
            %c = stablehlo.compare LT, %a, %b : (tensor<ui2>, tensor<ui2>) -> tensor<i1>
            stablehlo.return %c : tensor<i1>
        }) : (tensor<4x4xui2>) -> tensor<4x4xui2>""",
        "no sort of ui2",
    ),
    "i4": (
        "%y = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] : (tensor<4x4xi4>, tensor<4x4xi4>) -> tensor<4x4xi32>",
        "no dot_general of i4; convert the operands to i8",
    ),
}


@pytest.mark.parametrize("element", REFUSED)
def test_refused_by_name(element: str) -> None:
    body, said = REFUSED[element]
    text = f"func.func @main(%x: tensor<4x4x{element}>) -> tensor<4x4x{element}> {{\n{body}\nreturn %x : tensor<4x4x{element}>\n}}"
    with make_context() as context, pytest.raises(UserError) as caught:
        load_bytes(text.encode(), context, "case.mlir")
    assert element in str(caught.value)
    assert said in str(caught.value)


def test_what_is_read_is_what_the_runtime_holds() -> None:
    with pytest.raises(Failure) as caught:
        numpy_dtype("f6E2M3FN")
    assert set((caught.value.remedy or "").removeprefix("it knows ").split(", ")) == KNOWN


def test_no_zero_no_sum() -> None:
    with make_context():
        element = ir.Float8E8M0FNUType.get()
        with pytest.raises(UserError, match="no sum of parts in f8E8M0FNU, which has no zero; convert it to f32"):
            neutral("sum", element)
        assert (neutral("min", element), neutral("max", element)) == ("0xFE", "0x00")


@pytest.mark.parametrize(
    ("element", "packed", "message", "moved", "summed"),
    [
        ("i4", 8, 15, 0.5, "i32"),
        ("ui2", 4, 15, 1, "i32"),
        ("f4E2M1FN", 8, 15, 0.5, "f32"),
        ("f8E8M0FNU", 15, 15, 1, "f32"),
    ],
)
def test_bytes(element: str, packed: int, message: int, moved: float, summed: str) -> None:
    """On a device packed, between meshes a byte each, between devices of a mesh as XLA's collectives take them."""
    text = (
        f"func.func @main(%x: tensor<3x5x{element}>) -> tensor<3x5x{element}> {{ return %x : tensor<3x5x{element}> }}"
    )
    with make_context():
        module = ir.Module.parse(text)
        value = entry_block(main_func(module)).arguments[0]
        kind = ir.RankedTensorType(value.type).element_type
        assert -(-num_bytes(value) // 1) == packed
        assert message_bytes(value) == message
        assert (moved_bytes(kind), sum_bytes(kind)) == (moved, 4)
        assert str(wire_type(kind, "all_reduce")) == summed


def test_a_whole_addend_without_a_zero_is_refused() -> None:
    """In the first microbatch it would be added, in the others a zero."""
    text = (FOLDER / "sum_without_zero.mlir").read_text()
    with make_context(), ir.Location.unknown(), pytest.raises(UserError, match="has no zero"):
        plan(text, (1,), 2, 1)

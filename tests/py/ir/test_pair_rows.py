"""``pair-rows`` on every way to write the rows' numbers: the results stay, and rows that are paired go through microbatches.

The oracle here is the program as it was written: ``normalize`` runs ``pair-rows``, so that of the other tests owes something to it.
"""

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from jaxlib.mlir import ir
from simulate import Array, Runner, assert_same, plan, simulate

from compiler.frontends.load import load_bytes
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import main_func
from passes.normalize.normalize import Normalize

IOTA = "%n = stablehlo.iota dim = 0 : tensor<8xi32>"
ZERO = "%zero = stablehlo.constant dense<0> : tensor<8xi32>"
BACK = "%n = stablehlo.constant dense<[7, 6, 5, 4, 3, 2, 1, 0]> : tensor<8xi32>"


@dataclass(frozen=True)
class Rows:
    """How ``%i : tensor<8xi32>`` is made, and whether it is known to be 0, 1, …, 7."""

    name: str
    paired: bool
    lines: tuple[str, ...]


def wrapped(test: str, first: str = IOTA) -> tuple[str, ...]:
    return (
        first,
        ZERO,
        "%eight = stablehlo.constant dense<8> : tensor<8xi32>",
        f"%test = stablehlo.compare {test}, SIGNED : (tensor<8xi32>, tensor<8xi32>) -> tensor<8xi1>",
        "%sum = stablehlo.add %n, %eight : tensor<8xi32>",
        "%i = stablehlo.select %test, %sum, %n : tensor<8xi1>, tensor<8xi32>",
    )


def clamped(low: int, high: int) -> tuple[str, ...]:
    return (
        IOTA,
        f"%low = stablehlo.constant dense<{low}> : tensor<i32>",
        f"%high = stablehlo.constant dense<{high}> : tensor<i32>",
        "%i = stablehlo.clamp %low, %n, %high : (tensor<i32>, tensor<8xi32>, tensor<i32>) -> tensor<8xi32>",
    )


def through(kind: str, back: str) -> tuple[str, ...]:
    """An iota of one integer type that becomes i32."""
    return (
        f"%n = stablehlo.iota dim = 0 : tensor<8x{kind}>",
        f"%i = stablehlo.{back} %n : (tensor<8x{kind}>) -> tensor<8xi32>",
    )


CASES = (
    Rows("iota", True, ("%i = stablehlo.iota dim = 0 : tensor<8xi32>",)),
    Rows("made non-negative", True, wrapped("LT, %n, %zero")),
    Rows("constant", True, ("%i = stablehlo.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>",)),
    Rows("clamped to the rows", True, clamped(0, 7)),
    Rows("of another width", True, through("i64", "convert")),
    Rows(
        "a column of a square",
        True,
        (
            "%n = stablehlo.iota dim = 1 : tensor<1x8xi32>",
            "%turned = stablehlo.transpose %n, dims = [1, 0] : (tensor<1x8xi32>) -> tensor<8x1xi32>",
            "%i = stablehlo.reshape %turned : (tensor<8x1xi32>) -> tensor<8xi32>",
        ),
    ),
    Rows("backwards", False, (BACK.replace("%n", "%i"),)),
    Rows("backwards, made non-negative", False, wrapped("LT, %n, %zero", BACK)),
    Rows("another where it is not zero", False, wrapped("GT, %n, %zero")),
    Rows("another where it is small", False, wrapped("LT, %n, %eight")),
    Rows("clamped below the last row", False, clamped(0, 6)),
    Rows("clamped above the first row", False, clamped(1, 7)),
    Rows("all the first row", False, ("%i = stablehlo.constant dense<0> : tensor<8xi32>",)),
    Rows(
        "shifted by one",
        False,
        (IOTA, "%one = stablehlo.constant dense<1> : tensor<8xi32>", "%i = stablehlo.add %n, %one : tensor<8xi32>"),
    ),
    Rows(
        "pairs",
        False,
        (
            "%n = stablehlo.iota dim = 0 : tensor<4x2xi32>",
            "%i = stablehlo.reshape %n : (tensor<4x2xi32>) -> tensor<8xi32>",
        ),
    ),
)


def program(rows: Rows, size: int = 8) -> str:
    """logp[i, y] and its gradient, for a table of ``size`` rows of which the batch are the first eight."""
    lines = "\n".join(rows.lines)
    pad = f"%full = stablehlo.pad %t, %f, low = [0, 0], high = [{size - 8}, 0], interior = [0, 0] : (tensor<8x10xf32>, tensor<f32>) -> tensor<{size}x10xf32>"
    table = f"tensor<{size}x10xf32>"
    return f"""
func.func @main(%x: tensor<8x10xf32>, %y: tensor<8xi32>) -> (tensor<8xf32>, {table}) {{
  %f = stablehlo.constant dense<0.0> : tensor<f32>
  %t = stablehlo.tanh %x : tensor<8x10xf32>
  {pad}
  {lines}
  %rows = stablehlo.reshape %i : (tensor<8xi32>) -> tensor<8x1xi32>
  %labels = stablehlo.reshape %y : (tensor<8xi32>) -> tensor<8x1xi32>
  %at = stablehlo.concatenate %rows, %labels, dim = 1 : (tensor<8x1xi32>, tensor<8x1xi32>) -> tensor<8x2xi32>
  %0 = "stablehlo.gather"(%full, %at) <{{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1],
      index_vector_dim = 1>, slice_sizes = array<i64: 1, 1>}}> : ({table}, tensor<8x2xi32>) -> tensor<8xf32>
  %zeros = stablehlo.constant dense<0.0> : {table}
  %1 = "stablehlo.scatter"(%zeros, %at, %0) <{{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0, 1],
      scatter_dims_to_operand_dims = [0, 1], index_vector_dim = 1>, unique_indices = false}}> ({{
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %both = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %both : tensor<f32>
  }}) : ({table}, tensor<8x2xi32>, tensor<8xf32>) -> {table}
  return %0, %1 : tensor<8xf32>, {table}
}}"""


def arguments() -> list[Array]:
    """Labels of which some lie outside: gather takes the nearest then, scatter leaves them out."""
    random = np.random.default_rng(0)
    labels = np.array([0, 9, 3, -2, 12, 5, 9, 1], np.int32)
    return [random.normal(size=(8, 10)).astype(np.float32), labels]


def loaded(text: str) -> ir.Module:
    context: Any = ir.Context.current
    return load_bytes(text.encode(), context, "case.mlir").module


def check(text: str, microbatches: int) -> None:
    given = arguments()
    written = loaded(text)
    want = Runner(main_func(written)).run(given)
    got = simulate(plan(text, (0, 1), microbatches, 1), given, microbatches)
    for i, (mine, its) in enumerate(zip(got, want, strict=True)):
        assert_same(mine, its, f"result {i}")


def is_paired(text: str) -> bool:
    module = loaded(text)
    Normalize().run(module)
    normal = str(module)
    both = "operand_batching_dims = [0]" in normal, "input_batching_dims = [0]" in normal
    assert both[0] == both[1]
    return both[0]


@pytest.mark.parametrize("rows", CASES, ids=lambda rows: rows.name)
def test_results_stay(rows: Rows) -> None:
    with make_context(), ir.Location.unknown():
        text = program(rows)
        assert is_paired(text) == rows.paired
        check(text, 1)
        if rows.paired:
            check(text, 4)
            return
        with contextlib.suppress(UserError):  # refused; else computed from the whole batch
            check(text, 4)


def test_rows_of_a_larger_table_are_no_pairs() -> None:
    with make_context(), ir.Location.unknown():
        text = program(CASES[0], size=9)
        assert not is_paired(text)
        check(text, 1)


def test_a_counter_that_wraps_does_not_count() -> None:
    """Iota of 300 rows in eight bits."""
    with make_context(), ir.Location.unknown():
        kinds = {"i8": False, "ui8": False, "i16": True}
        for kind, pairs in kinds.items():
            rows = f"%i = stablehlo.iota dim = 0 : tensor<300x1x{kind}>"
            at = f"stablehlo.concatenate %i, %y, dim = 1 : (tensor<300x1x{kind}>, tensor<300x1x{kind}>) -> tensor<300x2x{kind}>"
            text = f"""
func.func @main(%x: tensor<300x10xf32>, %y: tensor<300x1x{kind}>) -> tensor<300xf32> {{
  {rows}
  %at = {at}
  %0 = "stablehlo.gather"(%x, %at) <{{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1],
      index_vector_dim = 1>, slice_sizes = array<i64: 1, 1>}}> : (tensor<300x10xf32>, tensor<300x2x{kind}>) -> tensor<300xf32>
  return %0 : tensor<300xf32>
}}"""
            module = loaded(text)
            Normalize().run(module)
            assert ("operand_batching_dims" in str(module)) == pairs, kind

"""How often a loop runs, for every direction of its condition; nothing is said of loops that are not counted."""

import pytest
from jaxlib.mlir import ir

from dialects.context import make_context
from dialects.ops import body_ops, entry_block, main_func
from passes.analysis.ops.trip_count import trip_count


def trips(direction: str, start: int, limit: int, step: int, add: str = "add %i, %step") -> int | None:
    text = f"""func.func @main(%x: tensor<f32>) -> tensor<f32> {{
      %start = stablehlo.constant dense<{start}> : tensor<i32>
      %r:2 = stablehlo.while(%i = %start, %v = %x) : tensor<i32>, tensor<f32> cond {{
        %limit = stablehlo.constant dense<{limit}> : tensor<i32>
        %c = stablehlo.compare {direction}, %i, %limit : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %c : tensor<i1>
      }} do {{
        %step = stablehlo.constant dense<{step}> : tensor<i32>
        %n = stablehlo.{add} : tensor<i32>
        stablehlo.return %n, %v : tensor<i32>, tensor<f32>
      }}
      return %r#1 : tensor<f32>
    }}"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        return trip_count(body_ops(entry_block(main_func(module)))[1])


def counted(direction: str, start: int, limit: int, step: int) -> int | None:
    """By running it; None where it does not end within a hundred turns."""
    goes_on = {"LT": int.__lt__, "LE": int.__le__, "NE": int.__ne__}[direction]
    for turns in range(100):
        if not goes_on(start + turns * step, limit):
            return turns
    return None


@pytest.mark.parametrize("direction", ["LT", "LE", "NE"])
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize(("start", "limit"), [(0, 7), (0, 6), (2, 8), (3, 3), (5, 2), (0, 1)])
def test_counts_as_it_runs(direction: str, start: int, limit: int, step: int) -> None:
    assert trips(direction, start, limit, step) == counted(direction, start, limit, step)


@pytest.mark.parametrize("direction", ["GT", "GE", "EQ"])
def test_other_directions_are_not_counted(direction: str) -> None:
    assert trips(direction, 0, 7, 1) is None


@pytest.mark.parametrize(("step", "add"), [(0, "add %i, %step"), (-1, "add %i, %step"), (1, "subtract %i, %step")])
def test_what_does_not_count_up_is_not_counted(step: int, add: str) -> None:
    assert trips("LT", 0, 7, step, add) is None


def test_the_step_may_stand_first() -> None:
    assert trips("LT", 0, 7, 2, "add %step, %i") == 4
    assert trips("LT", 0, 7, 2, "add %step, %step") is None

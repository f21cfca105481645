"""``--batch-statistics per-microbatch``: the changed program gives what the unchanged one gives of each group of rows by itself."""

from pathlib import Path

import numpy as np
import pytest
from jaxlib.mlir import ir
from simulate import Runner, assert_same, check, make_arguments, whole

from compiler.driver import make_plan
from compiler.frontends.load import load_bytes
from compiler.options import PlanOptions
from compiler.statistics import group_rows
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import main_func
from passes.microbatch.group_statistics import GroupStatistics
from passes.normalize.assign_roles import AssignRoles
from passes.normalize.normalize import Normalize

ROWS, GROUPS = 12, 3
MODULES = Path(__file__).parents[2] / "modules"


def normed(rows: int, inside: str, dims: str, places: str, count: int) -> str:
    """Rows less their mean, over their deviation; with them, the greatest of a feature, and the mean, which is no row's."""
    shape = f"{rows}x{inside}3"
    contracting = inside.count("x") + 1
    return f"""
func.func @main(%w: tensor<3x3xf32>, %x: tensor<{shape}xf32>) -> (tensor<{shape}xf32>, tensor<3xf32>) {{
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %least = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %count = stablehlo.constant dense<{float(count * rows)}> : tensor<3xf32>
  %small = stablehlo.constant dense<0.01> : tensor<3xf32>
  %h = stablehlo.dot_general %x, %w, contracting_dims = [{contracting}] x [0] : (tensor<{shape}xf32>, tensor<3x3xf32>) -> tensor<{shape}xf32>
  %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [{dims}] : (tensor<{shape}xf32>, tensor<f32>) -> tensor<3xf32>
  %mean = stablehlo.divide %sum, %count : tensor<3xf32>
  %all = stablehlo.broadcast_in_dim %mean, dims = [{places}] : (tensor<3xf32>) -> tensor<{shape}xf32>
  %c = stablehlo.subtract %h, %all : tensor<{shape}xf32>
  %q = stablehlo.multiply %c, %c : tensor<{shape}xf32>
  %squares = stablehlo.reduce(%q init: %zero) applies stablehlo.add across dimensions = [{dims}] : (tensor<{shape}xf32>, tensor<f32>) -> tensor<3xf32>
  %var = stablehlo.divide %squares, %count : tensor<3xf32>
  %more = stablehlo.add %var, %small : tensor<3xf32>
  %scale = stablehlo.rsqrt %more : tensor<3xf32>
  %wide = stablehlo.broadcast_in_dim %scale, dims = [{places}] : (tensor<3xf32>) -> tensor<{shape}xf32>
  %n = stablehlo.multiply %c, %wide : tensor<{shape}xf32>
  %top = stablehlo.reduce(%n init: %least) applies stablehlo.maximum across dimensions = [{dims}] : (tensor<{shape}xf32>, tensor<f32>) -> tensor<3xf32>
  %tops = stablehlo.broadcast_in_dim %top, dims = [{places}] : (tensor<3xf32>) -> tensor<{shape}xf32>
  %y = stablehlo.subtract %n, %tops : tensor<{shape}xf32>
  return %y, %mean : tensor<{shape}xf32>, tensor<3xf32>
}}"""


KINDS = {"rows": ("", "0", "1", 1), "images": ("2x5x", "0, 1, 2", "3", 10)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_group_by_itself(kind: str) -> None:
    text = normed(ROWS, *KINDS[kind])
    with make_context() as context, ir.Location.unknown():
        weights, rows = make_arguments(text, 0)
        module = load_bytes(text.encode(), context, "case.mlir").module
        for step in (Normalize(), AssignRoles(batch_args=("1",)), GroupStatistics(microbatches=GROUPS), Normalize()):
            step.run(module)
            assert module.operation.verify()
        got = Runner(main_func(module)).run([weights, rows])
        alone = normed(ROWS // GROUPS, *KINDS[kind])
        each = [whole(alone, [weights, part]) for part in np.split(rows, GROUPS)]
        assert_same(got[0], np.concatenate([part for part, _ in each]), "rows")
        assert_same(got[1], np.mean([mean for _, mean in each], 0), "mean")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_split_into_microbatches(kind: str) -> None:
    with pytest.raises(UserError, match="only after all microbatches"):
        check(normed(ROWS, *KINDS[kind]), (1,), GROUPS)
    with make_context() as context, ir.Location.unknown():
        module = load_bytes(normed(ROWS, *KINDS[kind]).encode(), context, "case.mlir").module
        asked = PlanOptions(microbatches=GROUPS, batch_args=("1",), batch_statistics="per-microbatch")
        assert group_rows(module, asked)
        text = str(module)
    check(text, (1,), GROUPS)


def test_the_plan_says_so(tmp_path: Path) -> None:
    module = str(MODULES / "zoo" / "batch_norm.mlirbc")
    options = PlanOptions(hosts=2, devices_per_host=1, microbatches=4, batch_statistics="per-microbatch")
    made = make_plan(module, str(tmp_path / "plan"), options)
    (remark,) = [remark for remark in made.remarks if "statistics" in remark]
    assert remark.startswith(
        "each of the 4 microbatches has its own statistics, in the run and in what --verify compares with: "
    )
    assert "at programs/state.py:91" in remark


def test_mistakes(tmp_path: Path) -> None:
    module = str(MODULES / "zoo" / "batch_norm.mlirbc")
    options = PlanOptions(hosts=2, devices_per_host=1, batch_statistics="per-microbatch")
    with pytest.raises(UserError, match="got per-microbatch without a number of microbatches"):
        make_plan(module, str(tmp_path / "plan"), options)


def test_auto_says_that_there_is_an_option(tmp_path: Path) -> None:
    module = str(MODULES / "zoo" / "batch_norm.mlirbc")
    made = make_plan(module, str(tmp_path / "plan"), PlanOptions(hosts=2, devices_per_host=1))
    assert made.microbatches == 1
    assert any("--batch-statistics per-microbatch with --microbatches N" in remark for remark in made.remarks)

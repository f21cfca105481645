"""The whole planner on exported modules: what ``auto`` picks, what it remarks, what it refuses."""

from pathlib import Path

import pytest

from compiler.cli.inspected import inspected
from compiler.driver import make_plan
from compiler.options import PlanOptions
from compiler.plan.files import load_plan
from compiler.plan.records import Plan, Send
from dialects.errors import UserError

MODULES = Path(__file__).parents[2] / "modules"


def plan(tmp_path: Path, name: str, **options: str | float) -> Plan:
    made = make_plan(str(MODULES / f"{name}.mlirbc"), str(tmp_path / "plan"), PlanOptions(**options))  # type: ignore[arg-type]
    assert load_plan(str(tmp_path / "plan")) == made
    return made


def test_gpt_sends_what_a_hand_written_pipeline_sends(tmp_path: Path) -> None:
    """The residual stream and its gradient per microbatch; per step the tied embedding, its gradient and a few scalars."""
    made = plan(tmp_path, "gpt", hosts=2, devices_per_host=4)
    assert (made.num_stages, made.microbatches, len(made.meshes)) == (2, 4, 2)
    values = {value.id: value for value in made.values}
    sent = [i for instructions in made.instructions for i in instructions if isinstance(i, Send)]
    activations = [values[i.value].shape for i in sent if i.microbatch is not None]
    once = sorted(values[i.value].shape for i in sent if i.microbatch is None)
    assert activations == [(4, 64, 128)] * 8
    assert [shape for shape in once if shape] == [(128, 128), (128, 128)]
    assert made.remarks == ()


def test_deterministic(tmp_path: Path) -> None:
    first = plan(tmp_path / "a", "gpt_small", hosts=2, devices_per_host=2)
    assert plan(tmp_path / "b", "gpt_small", hosts=2, devices_per_host=2) == first


def test_coupled_batch_falls_back_with_a_remark(tmp_path: Path) -> None:
    made = plan(tmp_path, "zoo/batch_norm", hosts=2, devices_per_host=1)
    assert made.microbatches == 1
    assert "complete only after all microbatches" in made.remarks[0]
    with pytest.raises(UserError, match="4 microbatches would not give the result of the whole batch"):
        plan(tmp_path, "zoo/batch_norm", hosts=2, devices_per_host=1, microbatches=4)


def test_a_loop_that_cannot_be_cut_is_remarked(tmp_path: Path) -> None:
    made = plan(tmp_path, "haiku_lstm", hosts=2, devices_per_host=1)
    assert "cannot be cut: it stays on one stage" in made.remarks[0]


def test_odd_rows_use_the_devices_that_divide_them(tmp_path: Path) -> None:
    made = plan(tmp_path, "zoo/odd_batch", hosts=1, devices_per_host=4)
    assert [(axis.name, axis.size) for axis in made.meshes[0].axes] == [("x", 2), ("y", 2)]


def test_memory_limit(tmp_path: Path) -> None:
    with pytest.raises(
        UserError,
        match=r"no choice of shardings fits: .* a device has 1 MiB: .*; tried 8 microbatches \(.*; use more stages",
    ):
        plan(tmp_path, "gpt", hosts=2, devices_per_host=1, memory_per_device=2.0**20)
    assert list(tmp_path.iterdir()) == []


def test_more_stages_than_devices_share_meshes(tmp_path: Path) -> None:
    made = plan(tmp_path, "gpt_small", hosts=1, devices_per_host=2, stages=4)
    assert (made.num_stages, len(made.meshes)) == (4, 2)
    assert {fragment.stage: fragment.mesh for fragment in made.fragments} == {0: 0, 1: 0, 2: 1, 3: 1}


def test_gpipe_holds_all_microbatches_and_1f1b_few(tmp_path: Path) -> None:
    memory = {
        name: plan(tmp_path / name, "gpt", hosts=2, devices_per_host=1, microbatches=16, schedule=name).prediction
        for name in ("gpipe", "1f1b")
    }
    assert memory["gpipe"].mesh_peak_bytes[0] > 1.5 * memory["1f1b"].mesh_peak_bytes[0]


MIXED = """
func.func public @main(%w0: tensor<64x64xf32>, %w1: tensor<64x64xf32>, %w2: tensor<64x64xf32>, %x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %t = stablehlo.tanh %x : tensor<8x64xf32>
  %r = stablehlo.reverse %t, dims = [0] : tensor<8x64xf32> loc("model.py":7:1)
  %0 = stablehlo.dot_general %r, %w0, contracting_dims = [1] x [0] : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
  %1 = stablehlo.dot_general %0, %w1, contracting_dims = [1] x [0] : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
  %2 = stablehlo.dot_general %1, %w2, contracting_dims = [1] x [0] : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
  return %2 : tensor<8x64xf32>
}"""


def test_what_follows_an_op_that_mixes_the_rows_is_cut_too(tmp_path: Path) -> None:
    (tmp_path / "mixed.mlir").write_text(MIXED)
    options = PlanOptions(hosts=2, devices_per_host=2, microbatches=1, batch_args=("3",))
    made = make_plan(str(tmp_path / "mixed.mlir"), str(tmp_path / "plan"), options)
    work = {fragment.stage: fragment.flops for fragment in made.fragments if fragment.phase == "forward"}
    assert min(work.values()) > max(work.values()) / 3
    assert not [remark for remark in made.remarks if " of the work: " in remark]


ONE_PRODUCT = """
func.func public @main(%w: tensor<1024x1024xf32>, %x: tensor<8x1024xf32>) -> tensor<8x1024xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x1024xf32>, tensor<1024x1024xf32>) -> tensor<8x1024xf32> loc("model.py":7:1)
  %1 = stablehlo.tanh %0 : tensor<8x1024xf32>
  return %1 : tensor<8x1024xf32>
}"""


def test_a_stage_with_hardly_any_work_is_remarked_with_the_op_that_forced_it(tmp_path: Path) -> None:
    (tmp_path / "one.mlir").write_text(ONE_PRODUCT)
    options = PlanOptions(hosts=2, devices_per_host=2, microbatches=2, stages=2, batch_args=("1",))
    made = make_plan(str(tmp_path / "one.mlir"), str(tmp_path / "plan"), options)
    (remark,) = [remark for remark in made.remarks if " of the work: " in remark]
    assert "no cut is more even, because stablehlo.dot_general -> tensor<4x1024xf32> at model.py:7 holds" in remark


SUMMED = """
func.func public @main(%w0: tensor<64x64xf32>, %w1: tensor<64x64xf32>, %x: tensor<8x64xf32>) -> tensor<64xf32> {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %t = stablehlo.dot_general %x, %w0, contracting_dims = [1] x [0] : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
  %r = stablehlo.reduce(%t init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x64xf32>, tensor<f32>) -> tensor<64xf32>
  %u = stablehlo.tanh %r : tensor<64xf32> loc("model.py":7:1)
  %a = stablehlo.broadcast_in_dim %u, dims = [1] : (tensor<64xf32>) -> tensor<64x64xf32>
  %b = stablehlo.dot_general %a, %w1, contracting_dims = [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %c = stablehlo.reduce(%b init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x64xf32>, tensor<f32>) -> tensor<64xf32>
  return %c : tensor<64xf32>
}"""


@pytest.mark.parametrize("microbatches", [None, 2])
def test_microbatches_that_carry_little_of_the_model_are_said_to(tmp_path: Path, microbatches: int | None) -> None:
    (tmp_path / "summed.mlir").write_text(SUMMED)
    options = PlanOptions(hosts=2, devices_per_host=1, microbatches=microbatches, batch_args=("2",))
    made = make_plan(str(tmp_path / "summed.mlir"), str(tmp_path / "plan"), options)
    assert made.microbatches == (microbatches or 1)
    (remark,) = [remark for remark in made.remarks if "of the forward part" in remark]
    assert "stablehlo.tanh -> tensor<64xf32> at model.py:7" in remark
    assert remark.startswith(
        "1 microbatch, because" if microbatches is None else "89% of the forward part runs once a step"
    )


TIME_MAJOR = Path(__file__).parents[2] / "modules" / "zoo" / "rnn_time_major.mlirbc"


def test_a_batch_behind_the_time_is_found_and_said(tmp_path: Path) -> None:
    made = make_plan(str(TIME_MAJOR), str(tmp_path / "plan"), PlanOptions(hosts=2, devices_per_host=1))
    assert [(a.batch_dim, a.batch_outer) for a in made.arguments if a.role == "batch"] == [(1, 1), (1, 1)]
    assert (made.microbatches, made.batch_size) == (8, 8)
    assert "the batch runs along dim 1 of argument 'batch[0]', dim 1 of argument 'batch[1]'" in made.remarks
    shown = inspected(str(TIME_MAJOR), PlanOptions())
    assert [row.how for row in shown.arguments if row.role == "batch"] == ["microbatches cut it along dim 1"] * 2
    assert shown.document()["batch_size"] == made.batch_size


def test_rows_in_blocks_are_shown_by_inspect() -> None:
    shown = inspected(str(TIME_MAJOR.with_name("time_major_flattened.mlirbc")), PlanOptions())
    rows = [row for row in shown.arguments if row.role == "batch"]
    assert (rows[0].shape, rows[0].how) == ((40, 6), "microbatches cut it along dim 0, in 5 blocks")
    assert shown.document()["batch_size"] == 8


def test_rows_that_the_user_places_stay(tmp_path: Path) -> None:
    said = PlanOptions(hosts=2, devices_per_host=1, batch_args=("4:1", "5:1"), microbatches=2)
    made = make_plan(str(TIME_MAJOR), str(tmp_path / "plan"), said)
    assert made.microbatches == 2
    assert not any("the batch runs along" in remark for remark in made.remarks)
    assert not any("cut it along" in row.how for row in inspected(str(TIME_MAJOR), said).arguments)
    with pytest.raises(UserError, match="works across the rows of the batch, so 7 microbatches"):
        make_plan(
            str(TIME_MAJOR),
            str(tmp_path / "none"),
            PlanOptions(hosts=2, devices_per_host=1, batch_args=("4:0", "5:0"), microbatches=7),
        )
    with pytest.raises(
        UserError, match="works across the rows of the batch, so 7 microbatches"
    ):  # not: 8 rows, which 7 does not divide
        make_plan(str(TIME_MAJOR), str(tmp_path / "none"), PlanOptions(hosts=2, devices_per_host=1, microbatches=7))

"""What users say about shardings: by ``--annotate`` and in the module, kept, and refused with one sentence."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from compiler.cli.plan import plan as plan_command
from compiler.driver import make_plan
from compiler.options import PlanOptions
from dialects.annotation import read_annotation
from dialects.errors import UserError

MODULES = Path(__file__).parents[2] / "modules"


def planned(tmp_path: Path, **options: object) -> str:
    """The text of all fragments."""
    asked = PlanOptions(hosts=1, devices_per_host=4, stages=1, **options)  # type: ignore[arg-type]
    make_plan(str(MODULES / "jax_mlp.mlirbc"), str(tmp_path / "plan"), asked)
    return "".join(path.read_text() for path in (tmp_path / "plan" / "stages").glob("*.mlir"))


@pytest.mark.parametrize("chooser", ["ilp", "gspmd"])
def test_annotated_argument_lies_as_asked(chooser: str, tmp_path: Path) -> None:
    text = planned(
        tmp_path, mesh=(2, 2), intra=chooser, annotate=(("arg0", '[{"x"}, {"y"}]'), ("params[1][0]", '[{}, {"x"}]'))
    )
    assert 'tensor<256x128xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {"y"}]>' in text
    assert 'tensor<128x128xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>' in text


@pytest.mark.parametrize(
    ("annotate", "message"),
    [
        ((("arg99", '[{"x"}, {}]'),), "there is no such argument or result"),
        ((("arg0", '[{"q"}, {}]'),), "the mesh has no axis 'q'"),
        ((("arg4", '[{}, {"x", "y"}]'),), "10 elements of dim 1 cannot be divided in 4 parts"),
        ((("arg0", '[{"x"}, {}]'), ("arg0", '[{}, {"x"}]')), "which contradicts it"),
        ((("arg0", '[{"x"}, {}]'), ("result0", '[{}, {"x"}]')), "which it shares its buffer with"),
    ],
)
def test_mistakes_in_annotations(annotate: tuple[tuple[str, str], ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        planned(tmp_path, mesh=(2, 2), annotate=annotate)


OWN_MESH = """
module {
  sdy.mesh @mesh = <["data"=2, "model"=2]>
  func.func public @main(%w: tensor<32x64xf32> {tf.aliasing_output = 0 : i32, sdy.sharding = #sdy.sharding<@mesh, [{}, {"model"}]>},
      %x: tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data"}, {}]>}) -> (tensor<32x64xf32>, tensor<f32>) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x32xf32>, tensor<32x64xf32>) -> tensor<8x64xf32>
    %loss = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x64xf32>, tensor<f32>) -> tensor<f32>
    %g = stablehlo.dot_general %x, %h, contracting_dims = [0] x [0] : (tensor<8x32xf32>, tensor<8x64xf32>) -> tensor<32x64xf32>
    %new = stablehlo.subtract %w, %g : tensor<32x64xf32>
    return %new, %loss : tensor<32x64xf32>, tensor<f32>
  }
}
"""


def run_plan(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, str], str]:
    """Exit code, fragments by name, and what went wrong."""
    (tmp_path / "own.mlir").write_text(OWN_MESH)
    words = [
        str(tmp_path / "own.mlir"),
        "-o",
        str(tmp_path / "plan"),
        "--hosts",
        "1",
        "--stages",
        "1",
        "--json",
        *arguments,
    ]
    result = CliRunner().invoke(plan_command, words)
    if result.exception is not None:
        return 2 if isinstance(result.exception, UserError) else 1, {}, str(result.exception)
    assert json.loads(result.output)
    folder = tmp_path / "plan" / "stages"
    return result.exit_code, {path.stem: path.read_text() for path in folder.glob("*.mlir")}, ""


def test_the_modules_own_mesh_and_shardings_bind(tmp_path: Path) -> None:
    code, fragments, error = run_plan(tmp_path, "--devices-per-host", "4")
    assert (code, error) == (0, "")
    text = "".join(fragments.values())
    assert 'sdy.mesh @mesh = <["data"=2, "model"=2]>' in text
    assert 'tensor<32x64xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"model"}]>' in text


def test_no_respect_annotations_forgets_them(tmp_path: Path) -> None:
    code, fragments, error = run_plan(tmp_path, "--devices-per-host", "4", "--no-respect-annotations")
    assert (code, error) == (0, "")
    assert '"model"' not in "".join(fragments.values())


def test_annotations_for_another_mesh_are_refused(tmp_path: Path) -> None:
    code, _, error = run_plan(tmp_path, "--devices-per-host", "8")
    assert code == 2
    assert "for the mesh data=2,model=2 of 4 devices, and a mesh here has 8" in error
    code, _, error = run_plan(tmp_path, "--devices-per-host", "4", "--mesh", "4")
    assert (code, error) == (
        2,
        "--mesh: got 4, and the module's annotations are for the mesh data=2,model=2; leave it out, or use --no-respect-annotations",
    )


def test_choosers_without_annotations_refuse_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the chooser 'data' does not look at annotations; use --intra ilp or gspmd"):
        planned(tmp_path, intra="data", annotate=(("arg0", "[{}, {}]"),))


@pytest.mark.parametrize("text", ['[{"x"}, {}]', '[{"x", "y"}, {?}, {"z", ?}]', "[]"])
def test_annotation_text_round_trips(text: str) -> None:
    assert read_annotation(text, "here").text() == text
    assert read_annotation(text.replace(" ", "").replace('"', ""), "here").text() == text


@pytest.mark.parametrize("text", ["", "{}", '[{"x"} {}]', "[{,}", "[{x y}]", "[x]"])
def test_annotation_text_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="want a list of axes for each dim"):
        read_annotation(text, "here")

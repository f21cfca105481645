"""`python -m compiler` and `compiler.opt` as users type them: what is printed where, and the exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from compiler import opt
from compiler.__main__ import main
from compiler.cli.errors import exit_code

STEP = """
func.func @main(%w: tensor<4xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %loss = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %new = stablehlo.subtract %w, %g : tensor<4xf32>
  return %new, %loss : tensor<4xf32>, tensor<f32>
}
"""


@pytest.fixture
def step(tmp_path: Path) -> str:
    path = tmp_path / "step.mlir"
    path.write_text(STEP)
    return str(path)


def compiler(*words: str) -> int:
    return exit_code(main, "python -m compiler", list(words))


def run_opt(*words: str) -> int:
    return exit_code(opt.main, "python -m compiler.opt", list(words))


def test_inspect(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("inspect", step) == 0
    out = capsys.readouterr().out
    for words in ("parameter", "batch", "loss", "donated to result 0", "f32[8,4]", "batch size 8"):
        assert words in out


def test_inspect_json(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("inspect", step, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["batch_size"] == 8
    assert [item["role"] for item in document["arguments"]] == ["parameter", "batch"]
    assert [item["role"] for item in document["results"]] == ["state", "loss"]
    assert document["arguments"][1]["shape"] == [8, 4]
    assert document["arguments"][0]["state_result"] == 0


def test_inspect_shows_what_there_is_when_roles_are_wrong(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("inspect", step, "--loss", "0") == 2
    out, err = capsys.readouterr()
    assert "f32[8,4]" in out
    assert err == "error: --loss: result 0 is tensor<4xf32>, want a scalar of floating point\n"


def test_plan_and_explain(step: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "plan")
    assert compiler("plan", step, "-o", folder, "--hosts", "1", "--devices-per-host", "2") == 0
    assert f"mpirun -np 2 python -m runtime.launch {folder}" in capsys.readouterr().out
    assert compiler("explain", folder) == 0
    assert "stages" in capsys.readouterr().out
    assert compiler("explain", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["batch_size"] == 8
    assert compiler("plan", step, "-o", folder, "--hosts", "1", "--devices-per-host", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["name"]


MISTAKES = {
    "--hosts 0": "--hosts: got '0', want a whole number of at least 1",
    "--devices-per-host x": "--devices-per-host: got 'x', want a whole number of at least 1",
    "--microbatches 0": "--microbatches: got '0', want a whole number of at least 1, or auto",
    "--stages -1": "--stages: got '-1', want a whole number of at least 1, or auto",
    "--schedule zero": "--schedule: got 'zero', want one of gpipe, 1f1b",
    "--batch-args 1,x": "--batch-args: got 'x', want an index: 0, 1, …; `python -m compiler inspect MODULE` lists them",
    "--batch-args 1:x": "--batch-args: got '1:x', want ARGUMENT[:DIM[:BLOCKS]], indices; 5:1 says that the rows lie along dim 1",
    "--batch-args 1,1": "--batch-args: got '1,1', which names an index twice",
    "--loss last": "--loss: got 'last', want an index",
    "--state-args 0": "--state-args: got '0', want ARGUMENT:RESULT, two indices",
    "--memory-per-device 16GiBs": "--memory-per-device: got '16GiBs', want a size in bytes; write it as 16GiB",
    "--memory-per-device 0": "--memory-per-device: got '0', want a size in bytes",
    "--machine warp": "unknown machine 'warp'",
    "--colour red": "No such option '--colour'",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes(words: str, step: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("plan", step, "-o", str(tmp_path / "plan"), *words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert MISTAKES[words] in err
    assert not (tmp_path / "plan").exists()


def test_bug_is_one_message(step: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("x")

    monkeypatch.delenv("MESHWRIGHT_TRACEBACK", raising=False)
    monkeypatch.setattr("compiler.cli.inspected.load_module", broken)
    assert compiler("inspect", step) == 1
    assert capsys.readouterr().err == "error: internal: ZeroDivisionError: x; set MESHWRIGHT_TRACEBACK=1 to see where\n"
    monkeypatch.setenv("MESHWRIGHT_TRACEBACK", "1")
    assert compiler("inspect", step) == 1
    assert "Traceback" in capsys.readouterr().err


def test_help() -> None:
    assert compiler("--help") == 0
    assert compiler("plan", "--help") == 0
    assert run_opt("--help") == 0


def test_reader_that_goes_away(step: str) -> None:
    """`inspect | head -1` ends quietly."""
    root = Path(__file__).parents[3]
    command = f"{sys.executable} -m compiler inspect {step} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_opt_prints_the_module(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_opt("-p", "normalize", step) == 0
    assert capsys.readouterr().out.startswith("module {")


def test_opt_output_file_and_dump(step: str, tmp_path: Path) -> None:
    assert run_opt("-p", "normalize", step, "-o", str(tmp_path / "out.mlir"), "--dump-dir", str(tmp_path / "dump")) == 0
    assert (tmp_path / "out.mlir").read_text().startswith("module {")
    assert (tmp_path / "dump" / "01-normalize.mlir").exists()


def test_opt_cannot_write(step: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_opt(step, "-o", str(tmp_path / "no" / "out.mlir")) == 1
    assert "cannot be written" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert run_opt(step, "--dump-dir", str(tmp_path / "file")) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_opt_timing_and_list(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_opt("-p", "normalize", step, "--timing") == 0
    assert "normalize" in capsys.readouterr().err
    assert run_opt("--list-passes") == 0
    assert "assign-roles" in capsys.readouterr().out


def test_opt_verify_diagnostics_finds_both_kinds_of_mismatch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.mlir"
    path.write_text("// expected-error @+1 {{other}}\nfunc.func @main() { nothing }\n")
    assert run_opt(str(path), "--verify-diagnostics") == 1
    err = capsys.readouterr().err
    assert f"{path}:2: unexpected error: " in err
    assert f'{path}:1: expected error "other" was not produced' in err


def test_opt_keeps_line_numbers_of_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.mlir"
    path.write_text("func.func @a() { return }\n// -----\nfunc.func @b() { nothing }\n")
    assert run_opt(str(path), "--split-input-file") == 2
    assert f"error: {path}:3:" in capsys.readouterr().err

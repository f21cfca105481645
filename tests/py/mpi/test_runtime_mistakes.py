"""Wrong input to the launcher: one sentence, exit code 2 (or 1), nothing half-written, nobody left behind."""

import os
import zipfile
from pathlib import Path

import handmade
import ml_dtypes
import numpy as np
import pytest
from conftest import ROOT, Done, Jobs


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans") / "plan"
    handmade.make(folder, 2, 1, 2)
    return folder


def refused(done: Done, code: int, *words: str) -> None:
    """One error line, nothing else on stderr, the right code."""
    assert done.code == code, (done.out, done.err)
    assert len(done.errors) == 1, done.err
    assert done.err.strip() == done.errors[0]
    for word in words:
        assert word in done.errors[0]


def test_wrong_number_of_ranks(jobs: Jobs, plan: Path) -> None:
    refused(jobs.run(3, plan), 2, "got 3 ranks, want 2", "mpirun -np 2")


def test_no_such_plan(jobs: Jobs, tmp_path: Path) -> None:
    refused(jobs.run(2, tmp_path / "nothing"), 2, "nothing")


def test_a_folder_that_is_no_plan(jobs: Jobs, tmp_path: Path) -> None:
    refused(jobs.run(2, tmp_path), 2, "plan.json")


def test_an_edited_stage(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 1, 2)
    with (tmp_path / "plan" / "stages" / "update0.mlir").open("a") as file:
        file.write("// a change\n")
    refused(jobs.run(2, tmp_path / "plan"), 2, "update0.mlir", "plan again")


def test_unknown_option(jobs: Jobs, plan: Path) -> None:
    refused(jobs.run(2, plan, "--stepps", 3), 2, "--stepps")


def test_zero_steps(jobs: Jobs, plan: Path) -> None:
    refused(jobs.run(2, plan, "--steps", 0), 2, "--steps")


def test_planner_option_with_a_plan(jobs: Jobs, plan: Path) -> None:
    refused(jobs.run(2, plan, "--microbatches", 4), 2, "--microbatches")


def test_planner_option_of_the_wrong_kind(jobs: Jobs) -> None:
    module = ROOT / "tests/modules/jax_mlp.mlirbc"
    refused(jobs.run(2, module, "--stages", "two"), 2, "--stages: got 'two'")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"0": np.zeros((3, 4), np.float32)}, ("argument 0 (w0)", "got shape [3, 4], want [8, 64]")),
        ({"0": np.zeros((8, 64), np.float64)}, ("argument 0 (w0)", "float64", "float32", "astype")),
        ({"0": np.zeros((8, 64), ml_dtypes.bfloat16)}, ("argument 0 (w0)",)),
        ({"1": np.full((64, 64), np.nan, np.float32)}, ("argument 1 (w1)", "NaN")),
        ({"9": np.zeros(3)}, ("key '9'", "0 to 4")),
        ({"weights": np.zeros(3)}, ("key 'weights'",)),
        ({"3": np.zeros((5, 128, 8), np.float32)}, ("argument 3 (x)", "want [128, 8] or [2, 128, 8]")),
        ({"0": np.zeros((2, 8, 64), np.float32)}, ("argument 0 (w0)", "got shape [2, 8, 64]")),
        ({"0": np.array([None, 3])}, ("npz",)),
    ],
)
def test_inputs_that_do_not_fit(
    jobs: Jobs, plan: Path, tmp_path: Path, arrays: dict[str, np.ndarray], words: tuple[str, ...]
) -> None:
    np.savez(tmp_path / "in.npz", **arrays)
    refused(jobs.run(2, plan, "--steps", 2, "--inputs", tmp_path / "in.npz"), 2, *words)


def test_inputs_missing(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    refused(jobs.run(2, plan, "--inputs", tmp_path / "in.npz"), 2, "in.npz", "no such file")


@pytest.mark.parametrize("content", [b"", b"not a zip file", None])
def test_inputs_that_are_no_npz(jobs: Jobs, plan: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "in.npz"
    if content is None:  # truncated
        np.savez(path, **{"0": np.zeros((8, 64), np.float32)})
        content = path.read_bytes()[:-100]
    path.write_bytes(content)
    refused(jobs.run(2, plan, "--inputs", path), 2, "in.npz")


def test_inputs_with_a_damaged_member(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.npz", "w") as archive:
        archive.writestr("0.npy", b"\x93NUMPY\x01\x00 garbage")
    refused(jobs.run(2, plan, "--inputs", tmp_path / "in.npz"), 2, "in.npz")


def test_outputs_into_no_folder(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    refused(jobs.run(2, plan, "--outputs", tmp_path / "no" / "out.npz"), 2, "no such folder")


def test_outputs_on_a_full_disk(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "out.npz").symlink_to("/dev/full")
    refused(jobs.run(2, plan, "--outputs", tmp_path / "out.npz"), 1, "No space left")
    assert [path.name for path in tmp_path.iterdir()] == ["out.npz"]


def test_outputs_that_are_a_folder(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    refused(jobs.run(2, plan, "--outputs", tmp_path), 2, "is a folder")


def test_trace_that_is_a_file(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "trace").write_text("")
    refused(jobs.run(2, plan, "--trace", tmp_path / "trace"), 2, "--trace")


def test_json_error_prints_nothing_on_stdout(jobs: Jobs, plan: Path) -> None:
    done = jobs.run(3, plan, "--json")
    refused(done, 2, "3 ranks")
    assert done.out == ""


def test_help_is_said_once(jobs: Jobs) -> None:
    done = jobs.run(3, "--help")
    assert done.code == 0
    assert done.out.count("Usage:") == 1


def test_without_mpi4py_one_sentence(jobs: Jobs, plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mpi4py.py").write_text("raise ImportError('not here')\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    refused(jobs.run(2, plan), 2, "mpi4py", "pip install")

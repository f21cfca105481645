"""NaN in a run: in a batch it is legitimate, in state a mistake; what goes NaN is named, and no proof that programs are equal."""

import json
from pathlib import Path

import handmade
import numpy as np
import pytest
from conftest import ROOT, Jobs

MASKED = (ROOT / "tests/modules/cases/steps/missing_values.mlir", "--state-args", "0:0", "--batch-args", 1)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans") / "plan"
    handmade.make(folder, 2, 1, 2)
    return folder


def batch(*places: tuple[int, ...], step: int | None = None) -> np.ndarray:
    """The x of the handmade plan, NaN at ``places``; of that one of three steps if ``step`` is given."""
    array = np.ones((128, 8) if step is None else (3, 128, 8), np.float32)
    for place in places:
        (array if step is None else array[step])[place] = np.nan
    return array


def test_missing_values_under_a_mask(jobs: Jobs, tmp_path: Path) -> None:
    x = np.arange(32, dtype=np.float32).reshape(8, 4)
    x[2, 1] = x[5, 0] = np.nan
    np.savez(tmp_path / "in.npz", **{"1": x})
    done = jobs.run(2, *MASKED, "--verify", "--inputs", tmp_path / "in.npz")
    assert done.code == 0, done.err
    assert done.err.splitlines() == [
        "warning: argument 1: NaN at 2 of 32 places, first at [2, 1]",
        "warning: step 1: NaN in result 2",
    ]
    assert "verified 3 updates" in done.out
    assert "result 2, step 1: NaN at 2 of 32 places on both sides, not compared" in done.out


def test_the_first_step_that_goes_nan_is_named_once(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **{"3": batch((70, 3), step=1)})
    done = jobs.run(2, plan, "--steps", 3, "--inputs", tmp_path / "in.npz", "--json")
    assert done.code == 0, done.err
    assert done.err.splitlines() == [
        "warning: argument 3 (x): NaN at 1 of 3072 places, first at [1, 70, 3]",
        "warning: step 2: NaN in the loss, w0, w1",
    ]
    document = json.loads(done.out)
    assert document["nan"] == [{"step": 2, "results": ["the loss", "w0", "w1"]}]
    assert [step["loss"] == "nan" for step in document["steps"]] == [False, True, True]


def test_stop_ends_that_step(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **{"3": batch((70, 3), step=1)})
    words = ("--steps", 3, "--on-nan", "stop", "--outputs", tmp_path / "out.npz", "--trace", tmp_path / "trace")
    done = jobs.run(2, plan, *words, "--inputs", tmp_path / "in.npz")
    assert done.code == 1
    assert done.errors == ["error: step 2: NaN in the loss, w0, w1; --on-nan warn goes on"]
    assert [line.split()[1] for line in done.out.splitlines() if line.startswith("step ")] == ["1", "2"]
    assert not (tmp_path / "out.npz").exists()
    assert len(list((tmp_path / "trace").iterdir())) == 2


def test_a_loss_of_nan_is_not_verified(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **{"3": batch((70, 3))})
    done = jobs.run(2, plan, "--verify", "--inputs", tmp_path / "in.npz", "--json")
    assert done.code == 1
    assert done.errors[0].startswith(
        "error: verification, step 1: the loss (loss) is NaN on both sides; nothing was verified"
    )
    verify = json.loads(done.out)["verify"]
    assert (verify["ok"], verify["worst"]) == (False, None)
    assert {"where": "loss, step 1", "nan": 1, "finite": 0, "places": 1} in verify["not_compared"]


def test_nan_on_one_side_fails(jobs: Jobs, tmp_path: Path) -> None:
    edit = ("stages/update0.mlir", f"dense<{handmade.LR * 100}>", "dense<0x7FC00000>")
    handmade.make(tmp_path / "plan", 2, 1, 2, edit)
    done = jobs.run(2, tmp_path / "plan", "--verify")
    assert done.code == 1
    assert done.errors == [
        "error: verification, update of w0, step 1: NaN or infinity at 512 of 512 places on one side only"
    ]


def test_state_with_nan_needs_a_word(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    w1 = np.ones((64, 64), np.float32)
    w1[3, 5] = np.nan
    np.savez(tmp_path / "in.npz", **{"1": w1})
    done = jobs.run(2, plan, "--inputs", tmp_path / "in.npz")
    assert (done.code, len(done.errors)) == (2, 1)
    assert "argument 1 (w1): got NaN at [3, 5]" in done.errors[0]
    assert "--allow-nan" in done.errors[0]
    done = jobs.run(2, plan, "--inputs", tmp_path / "in.npz", "--allow-nan")
    assert done.code == 0
    assert done.err.splitlines()[0] == "warning: argument 1 (w1): NaN at 1 of 4096 places, first at [3, 5]"

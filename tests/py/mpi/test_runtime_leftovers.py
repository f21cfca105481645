"""Nothing is lost that need not be, and nothing is left behind: a full disk, and jobs whose processes are all killed at once."""

import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import handmade
import numpy as np
import pytest
from conftest import ROOT, Jobs

from runtime.transport import leftovers


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans") / "plan"
    handmade.make(folder, 2, 1, 2)
    return folder


def left_of_mpi() -> set[str]:
    """Names that a new process would find left behind."""
    mine = [path for folder, pattern in leftovers.NAMES.items() for path, _ in leftovers._mine(Path(folder), pattern)]
    held, _ = leftovers._open_files()
    return {str(path) for path in mine} - held


def test_a_full_disk_under_the_trace_loses_only_the_trace(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "trace").mkdir()
    for rank in (0, 1):
        (tmp_path / f"trace/rank-000{rank}.json").symlink_to("/dev/full")
    words = ("--steps", 2, "--verify", "--outputs", tmp_path / "out.npz", "--trace", tmp_path / "trace")
    done = jobs.run(2, plan, *words)
    assert done.code == 1
    assert done.err.splitlines() == [f"error: {tmp_path / 'trace'}: not written: No space left on device"]
    assert "verified 4 updates" in done.out
    with np.load(tmp_path / "out.npz") as kept:
        assert sorted(kept) == ["0", "1", "2", "3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.npz", "trace"]


def test_a_full_disk_under_the_outputs_loses_only_the_outputs(jobs: Jobs, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "out.npz").symlink_to("/dev/full")
    words = ("--verify", "--outputs", tmp_path / "out.npz", "--trace", tmp_path / "trace")
    done = jobs.run(2, plan, *words)
    assert done.code == 1
    assert done.err.splitlines() == [f"error: {tmp_path / 'out.npz'}: not written: No space left on device"]
    assert "verified 4 updates" in done.out
    assert sorted(path.name for path in (tmp_path / "trace").iterdir()) == ["rank-0000.json", "rank-0001.json"]


def test_names_that_are_in_use_stay() -> None:
    held, left = Path("/dev/shm/mpich_shm_0123abcd_0"), Path("/dev/shm/mpich_shm_0123abce_0")
    other = Path("/dev/shm/mpich_shm_of_somebody")
    try:
        for path in (held, left, other):
            path.write_bytes(b"x")
            os.utime(path, (0, 0))
        with held.open("rb"):
            leftovers.clear_leftovers()
            assert (held.exists(), left.exists(), other.exists()) == (True, False, True)
        leftovers.clear_leftovers()
        assert (held.exists(), other.exists()) == (False, True)
    finally:
        for path in (held, left, other):
            path.unlink(missing_ok=True)


@pytest.mark.parametrize("moment_s", [0.5, 0.8, 1.1])
def test_the_next_job_removes_what_a_killed_one_left(jobs: Jobs, plan: Path, moment_s: float) -> None:
    job = jobs.start(2, plan, "--steps", 1_000_000)
    time.sleep(moment_s)
    jobs.end()
    job.communicate(timeout=15)
    assert jobs.left_behind() == {}
    left = left_of_mpi()
    for path in left:
        with suppress(FileNotFoundError):  # another job has just removed it
            os.utime(path, (0, 0))  # where not all processes can be seen, only what is old goes
    assert jobs.run(2, plan).code == 0
    assert left & left_of_mpi() == set()


@pytest.mark.parametrize("moment_s", [1, 2])
def test_a_job_that_plans_writes_no_plan(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment_s: float
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert tempfile.gettempdir() != str(tmp_path)  # of the children only
    job = jobs.start(2, ROOT / "tests/modules/gpt.mlirbc", "--steps", 1_000_000)
    time.sleep(moment_s)
    assert job.poll() is None
    for pid in jobs.processes():
        os.kill(pid, signal.SIGKILL)
    job.communicate(timeout=15)
    assert list(tmp_path.iterdir()) == []


def test_a_running_job_has_no_plan_on_the_disk(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    job = jobs.start(2, ROOT / "tests/modules/jax_mlp.mlirbc", "--steps", 1_000_000)
    assert job.stdout is not None
    assert any(line.startswith("step 1 ") for line in job.stdout)
    assert list(tmp_path.iterdir()) == []
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=15)

"""A rank that fails or dies ends the whole job within seconds, with one sentence that names it, and nobody stays."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import handmade
import pytest
from conftest import ROOT, Jobs


def started(jobs: Jobs, plan: Path, ranks: int, *options: object) -> subprocess.Popen[str]:
    """A long job that has done its third step."""
    job = jobs.start(ranks, plan, "--steps", 1_000_000, *options)
    assert job.stdout is not None
    for line in job.stdout:
        if line.startswith("step 3 "):
            return job
    raise AssertionError(job.communicate()[1])


@pytest.mark.parametrize("victim", [0, 1, 2, 3])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_rank_is_named(jobs: Jobs, tmp_path: Path, victim: int, number: signal.Signals) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    job = started(jobs, tmp_path / "plan", 4)
    began = time.monotonic()
    os.kill(jobs.rank(victim), number)
    _, err = job.communicate(timeout=30)
    assert time.monotonic() - began < 15
    assert job.returncode == 1
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith(f"error: rank {victim} (mesh {victim // 2}, stage {victim // 2}), step ")
    assert number.name in lines[0]
    assert jobs.left_behind() == {}


def test_a_running_job_has_no_shared_memory_to_leave_behind(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 1, 2)
    job = started(jobs, tmp_path / "plan", 2)
    maps = Path(f"/proc/{jobs.rank(1)}/maps").read_text().splitlines()
    names = [line.split()[-1] for line in maps if "/dev/shm/mpich" in line]
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=15)
    assert [name for name in names if name != "(deleted)"] == []


@pytest.mark.parametrize("victim", [0, 3])
def test_a_killed_watcher_is_named(jobs: Jobs, tmp_path: Path, victim: int) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    job = started(jobs, tmp_path / "plan", 4)
    watchers = {
        command[5]: pid for pid, command in jobs.processes().items() if len(command) > 5 and "watch.py" in command[3]
    }
    os.kill(watchers[str(victim)], signal.SIGKILL)
    _, err = job.communicate(timeout=15)
    errors = [line for line in err.splitlines() if line.startswith("error:")]
    assert errors == [
        f"error: rank {victim} (mesh {victim // 2}, stage {victim // 2}): its process was killed; the job has ended"
    ]
    assert jobs.left_behind() == {}


def test_an_interrupted_job_leaves_nobody(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 1, 2)
    job = started(jobs, tmp_path / "plan", 2)
    job.send_signal(signal.SIGINT)
    _, err = job.communicate(timeout=15)
    assert "Traceback" not in err
    assert jobs.left_behind() == {}


def test_a_stage_that_does_not_compile(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 2)
    text = (tmp_path / "plan/stages/backward0.mlir").read_text()
    kind = text.partition("%slope = stablehlo.subtract %ones, %hh : ")[2].split("\n")[0]
    edit = (
        "stages/backward0.mlir",
        f"stablehlo.subtract %ones, %hh : {kind}",
        f'"stablehlo.einsum"(%ones, %hh) <{{einsum_config = "ab,ab->xy"}}> : ({kind}, {kind}) -> {kind}',
    )
    handmade.make(tmp_path / "bad", 2, 2, 2, edit)
    done = jobs.run(4, tmp_path / "bad", limit_s=60)
    assert done.code == 1
    assert len(done.errors) == 1, done.err
    assert "rank 0 (mesh 0, stage 0)" in done.errors[0] or "rank 1 (mesh 0, stage 0)" in done.errors[0]
    assert "backward0" in done.errors[0]
    assert "Transpose dimensions" in done.errors[0]  # XLA's own words
    assert "Traceback" not in done.err


def test_a_program_that_differs_fails_verification(jobs: Jobs, tmp_path: Path) -> None:
    edit = ("stages/update0.mlir", f"dense<{handmade.LR * 100}>", "dense<4.9>")
    handmade.make(tmp_path / "plan", 2, 1, 2, edit)
    done = jobs.run(2, tmp_path / "plan", "--verify", limit_s=60)
    assert done.code == 1
    assert len(done.errors) == 1
    assert "update of w0" in done.errors[0]
    assert "want at most 0.001" in done.errors[0]


@pytest.mark.parametrize(("devices", "stopped"), [(1, 1), (2, 1), (1, 0), (2, 0)])
def test_nobody_outlives_a_launcher_that_vanishes(jobs: Jobs, tmp_path: Path, devices: int, stopped: int) -> None:
    handmade.make(tmp_path / "plan", 2, devices, 4)
    job = started(jobs, tmp_path / "plan", 2 * devices)
    ranks = {jobs.rank(number) for number in range(2 * devices)}
    os.kill(jobs.rank(stopped), signal.SIGSTOP)
    time.sleep(0.5)  # the other waits for it now, and does not notice that nobody reads what it prints
    for pid in sorted(set(jobs.processes()) - ranks, key=lambda pid: pid == job.pid):
        with contextlib.suppress(ProcessLookupError):  # some go with the first of them
            os.kill(pid, signal.SIGKILL)
    job.communicate(timeout=15)
    assert jobs.left_behind() == {}


def test_the_first_rank_cannot_outlive_its_watcher_by_much(tmp_path: Path) -> None:
    stuck = "while True: ctypes.PyDLL(None).sleep(60)"  # with Python's lock held: no thread can do anything
    child = f"import ctypes; from runtime.process.supervise import *; outlive_briefly(); print(1, flush=True)\n{stuck}"
    source = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"1\n"
        parent.kill()
        began = time.monotonic()
        assert parent.stdout.read() == b""  # the child, which holds the pipe, is gone
        assert 4 < time.monotonic() - began < 15

"""Ctrl-C and kill, at each moment: 128 and the signal's number, one line, and nobody and nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import handmade
import pytest
from conftest import ROOT, TAG, Jobs

MODULE = ROOT / "tests/modules/gpt.mlirbc"
SAID = {signal.SIGINT: "error: interrupted", signal.SIGTERM: "error: terminated"}


def interrupted(job: subprocess.Popen[str], number: signal.Signals, after_s: float) -> None:
    time.sleep(after_s)
    assert job.poll() is None
    job.send_signal(number)
    _, err = job.communicate(timeout=20)
    assert (job.returncode, err.strip()) == (128 + number, SAID[number])


@pytest.mark.parametrize("number", list(SAID))
@pytest.mark.parametrize("after_s", [0.3, 0.8, 2])
def test_the_planner(jobs: Jobs, tmp_path: Path, number: signal.Signals, after_s: float) -> None:
    out, temporary = tmp_path / "out", tmp_path / "tmp"
    out.mkdir()
    temporary.mkdir()
    command = [sys.executable, "-m", "compiler", "plan", str(MODULE), "-o", str(out / "plan"), "--hosts", "2"]
    environment = {**os.environ, TAG: jobs.tag, "TMPDIR": str(temporary)}
    job = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    interrupted(job, number, after_s)
    assert [*out.iterdir(), *temporary.iterdir()] == []


@pytest.mark.parametrize("number", list(SAID))
@pytest.mark.parametrize(("ranks", "after_s"), [(4, 0.5), (4, 1.5), (4, 3), (0, 0.5), (0, 2)])
def test_a_job_that_plans(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, ranks: int, after_s: float
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    interrupted(jobs.start(ranks, MODULE, "--steps", 100_000), number, after_s)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", list(SAID))
@pytest.mark.parametrize("stopped", [None, 0, 3])
def test_a_job_at_its_steps(jobs: Jobs, tmp_path: Path, number: signal.Signals, stopped: int | None) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    job = jobs.start(4, tmp_path / "plan", "--steps", 1_000_000)
    assert job.stdout is not None
    while not job.stdout.readline().startswith("step 3 "):
        pass
    if stopped is not None:
        os.kill(jobs.rank(stopped), signal.SIGSTOP)
    interrupted(job, number, 0.1)
    assert jobs.left_behind() == {}

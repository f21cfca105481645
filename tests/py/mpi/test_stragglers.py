"""A rank that stands still is named, ends the job only where that was asked for, and may go on: the numbers are right then."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import handmade
import pytest
from conftest import MPIRUN, ROOT, TAG, Jobs
from test_runtime_failures import started

RIGHT = re.compile(
    r"verified 4 updates and results in each of 20 steps against one device: worst relative error \d\.\de-0[67] "
)


def rank_of_watcher(jobs: Jobs, number: int) -> int:
    """The process id of a rank, as soon as it has a watcher."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for command in jobs.processes().values():
            if len(command) > 6 and command[3].endswith("watch.py") and command[5] == str(number):
                return int(command[6])
        time.sleep(0.005)
    raise AssertionError(f"no rank {number}")


@pytest.mark.parametrize(("victim", "after_s"), [(0, 0), (3, 0), (1, 0.7), (2, 1.4), (0, None), (3, None)])
def test_a_stopped_rank_is_named_and_goes_on(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: int, after_s: float | None
) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    monkeypatch.setenv("MESHWRIGHT_STALL_S", "2")
    job = jobs.start(4, tmp_path / "plan", "--steps", 20, "--verify")
    pid = rank_of_watcher(jobs, victim)
    assert job.stdout is not None
    if after_s is not None:
        time.sleep(after_s)  # starting, joining, compiling: a machine is not always as fast
    else:
        while not job.stdout.readline().startswith("step 3 "):
            pass
    os.kill(pid, signal.SIGSTOP)
    time.sleep(4)
    os.kill(pid, signal.SIGCONT)
    out, err = job.communicate(timeout=60)
    assert job.returncode == 0, err
    assert RIGHT.search(out)
    named, again = err.splitlines()
    assert re.fullmatch(
        rf"warning: rank {victim}[ ,].*: has not moved for 2 s on host \S+, process {pid}: it is stopped; "
        rf"kill -CONT {pid} lets it go on",
        named,
    )
    assert re.fullmatch(rf"warning: rank {victim}[ ,].*: moves again after [3-9] s", again)


@pytest.mark.parametrize("victim", [0, 3])
def test_a_stopped_rank_ends_the_job_where_that_was_asked_for(jobs: Jobs, tmp_path: Path, victim: int) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    job = started(jobs, tmp_path / "plan", 4, "--stall-timeout", 2)
    os.kill(jobs.rank(victim), signal.SIGSTOP)
    began = time.monotonic()
    _, err = job.communicate(timeout=30)
    assert 2 < time.monotonic() - began < 20
    assert job.returncode == 1
    (line,) = err.splitlines()
    assert line.startswith(f"error: rank {victim} (mesh {victim // 2}, stage {victim // 2}), step ")
    assert "has not moved for 2 s on host" in line
    assert line.endswith(": it is stopped; --stall-timeout has ended the job")
    assert jobs.left_behind() == {}


def test_a_busy_job_is_not_ended(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handmade.make(tmp_path / "plan", 2, 1, 2)
    monkeypatch.setenv("MESHWRIGHT_STALL_S", "1")
    done = jobs.run(2, tmp_path / "plan", "--steps", 300, "--stall-timeout", 1)
    assert done.code == 0
    assert done.err == ""


def test_a_host_that_stands_still_is_named(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    command = [str(MPIRUN), "-launcher", "fork", "-hosts", "a,b", "-np", "4", sys.executable, "-m", "runtime.launch"]
    environment = {**os.environ, TAG: jobs.tag, "MESHWRIGHT_STALL_S": "2"}
    with (tmp_path / "err").open("w+") as err:
        job = subprocess.Popen(
            [*command, str(tmp_path / "plan"), "--steps", "1000000"],
            cwd=ROOT, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
        )  # fmt: skip
        assert job.stdout is not None
        while not job.stdout.readline().startswith("step 3 "):
            pass
        watchers = {
            pid: int(words[6]) for pid, words in jobs.processes().items() if words[3:] and "watch.py" in words[3]
        }
        of_rank = {int(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[5]): pid for pid in watchers}
        daemon = Path(f"/proc/{of_rank[1]}/stat").read_text().rpartition(")")[2].split()[1]
        host = [rank for rank, pid in of_rank.items() if f" {daemon} " in Path(f"/proc/{pid}/stat").read_text()]
        stopped = [pid for rank in host for pid in (of_rank[rank], watchers[of_rank[rank]])]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(7)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        time.sleep(2)
        job.send_signal(signal.SIGTERM)
        job.communicate(timeout=15)
        err.seek(0)
        named, again = err.read().splitlines()[:2]
    shown = f"host {os.uname().nodename} (ranks {', '.join(map(str, sorted(host)))})"
    assert 1 in host
    assert re.fullmatch(rf"warning: {re.escape(shown)} has said nothing for [4-7] s: stopped, or out of reach", named)
    assert re.fullmatch(rf"warning: {re.escape(shown)} speaks again after [6-9] s", again)


def test_collectives_wait_for_a_rank_that_stopped_before_the_first(jobs: Jobs) -> None:
    """For longer than the 30 s that gloo has for connecting a group, and for a read of its own reduce_scatter."""
    command = [str(MPIRUN), "-np", "4", sys.executable, "tests/py/mpi/scatters.py", "STOPS"]
    environment = {**os.environ, TAG: jobs.tag, "PYTHONPATH": str(ROOT), "MESHWRIGHT_STALL_S": "20"}
    job = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    pid = rank_of_watcher(jobs, 3)
    until = time.monotonic() + 60
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < until
        time.sleep(0.1)
    time.sleep(33)
    os.kill(pid, signal.SIGCONT)
    out, err = job.communicate(timeout=60)
    assert out == "right 64\n", err
    assert "has not moved for 20 s" in err
    assert {line.partition(":")[0] for line in err.splitlines()} == {"warning"}

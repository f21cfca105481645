"""Runs ``runtime.launch`` under mpirun, bounded in time, and looks for what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MPIRUN = Path(sys.executable).with_name("mpirun")
TAG = "MESHWRIGHT_TEST"


@dataclass(frozen=True)
class Done:
    """How a job ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def errors(self) -> list[str]:
        """The readable errors."""
        return [line for line in self.err.splitlines() if line.startswith("error:")]


class Jobs:
    """Starts jobs that carry a tag in their environment, so that every process of them can be found."""

    def __init__(self) -> None:
        self.tag = uuid.uuid4().hex

    def start(
        self, ranks: int, *arguments: object, stdin: int | None = subprocess.DEVNULL, close_fds: bool = True
    ) -> subprocess.Popen[str]:
        """Start ``mpirun -np ranks python -m runtime.launch arguments``; without mpirun if ``ranks`` is 0."""
        command = [str(MPIRUN), "-np", str(ranks)] if ranks else []
        command += [sys.executable, "-m", "runtime.launch", *(str(argument) for argument in arguments)]
        environment = {**os.environ, TAG: self.tag}
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            close_fds=close_fds,
        )  # fmt: skip

    def run(self, ranks: int, *arguments: object, limit_s: float = 120) -> Done:
        """Run to the end; fail the test if that takes longer than ``limit_s``."""
        began = time.monotonic()
        job = self.start(ranks, *arguments)
        out, err = job.communicate(timeout=limit_s)
        return Done(job.returncode, out, err, time.monotonic() - began)

    def processes(self) -> dict[int, list[str]]:
        """Process id -> command of all that runs under the tag, zombies excepted."""
        found: dict[int, list[str]] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                mine = f"{TAG}={self.tag}".encode() in (folder / "environ").read_bytes()
                alive = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if mine and alive:
                    found[int(folder.name)] = (folder / "cmdline").read_text().split("\0")
            except OSError:
                continue
        return found

    def rank(self, number: int) -> int:
        """The process id of a rank."""
        for pid, command in self.processes().items():
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if "runtime.launch" in command and f"PMI_RANK={number}".encode() in environment:
                return pid
        raise AssertionError(f"no rank {number}")

    def left_behind(self, grace_s: float = 8) -> dict[int, list[str]]:
        """What still runs ``grace_s`` after the end."""
        deadline = time.monotonic() + grace_s
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def end(self) -> None:
        """Kill what is left, by process id."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    """Jobs of one test; none of their processes outlives it."""
    made = Jobs()
    yield made
    left = made.left_behind()
    made.end()
    assert left == {}

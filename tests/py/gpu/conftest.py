"""What the checks of GPUs need: a plugin, a GPU, or several ranks on what there is; they say so where it is not there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dialects.errors import MeshwrightError
from runtime.choose_platform import gpus_here
from runtime.devices.cuda import find_plugin
from runtime.transport.nccl import SHARED_SINCE, nccl_version, shown_version

ROOT = Path(__file__).parents[3]
MPIRUN = Path(sys.executable).with_name("mpirun")


@pytest.fixture
def plugin() -> str:
    try:
        return find_plugin()
    except MeshwrightError as error:
        pytest.skip(error.message)


@pytest.fixture
def gpus(plugin: str) -> list[str]:
    try:
        return gpus_here()
    except MeshwrightError as error:
        pytest.skip(error.message)


@pytest.fixture
def four_ranks(gpus: list[str]) -> str:
    """How four ranks lie on the GPUs."""
    if len(gpus) < 4 and nccl_version() < SHARED_SINCE:
        pytest.skip(
            f"4 ranks on {len(gpus)} GPUs want NCCL {shown_version(SHARED_SINCE)}, got {shown_version(nccl_version())}"
        )
    return "a GPU each" if len(gpus) >= 4 else f"on {len(gpus)} GPU{'s' * (len(gpus) > 1)}"


def ran(words: list[object], limit_s: int = 500) -> str:
    """The output of a command that must end well."""
    done = subprocess.run(
        [str(w) for w in words], cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def job(ranks: int, *words: object) -> dict[str, Any]:
    """A verified job on GPUs -> its report."""
    command = [MPIRUN, "-np", ranks, sys.executable, "-m", "runtime.launch", *words]
    found = json.loads(ran([*command, "--platform", "cuda", "--verify", "--json"]))
    assert found["platform"] == "cuda"
    assert found["verify"]["ok"]
    return found


def figures(report: dict[str, Any]) -> str:
    """Step times and the worst difference, in words."""
    times = [step["seconds"] for step in report["steps"]]
    return (
        f"steps {re.sub(r'[^0-9., ]', '', str(times))} s, worst difference from the CPU {report['verify']['worst']:.1e}"
    )

"""Whole jobs in which no value goes through MPI's transport from mesh to mesh: XLA lends and adopts, NCCL's double carries."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import handmade
import pytest
from conftest import MPIRUN, ROOT

MODULES = ROOT / "tests" / "modules"
SCRIPT = Path(__file__).with_name("nccl_over_mpi.py")


def messages(tmp_path: Path, ranks: int, *words: object) -> list[tuple[int, int]]:
    """Run the launcher on the double -> of each rank, how many parts it sent and received. The run is verified."""
    (tmp_path / "meet").mkdir()
    command = [MPIRUN, "-np", ranks, sys.executable, SCRIPT, tmp_path / "meet", *words, "--verify"]
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"verified \d+ updates and results", done.stdout)
    told = re.search(r"sent (\d+) bytes between meshes a step, (\d+) predicted", done.stdout)
    assert told is not None
    assert int(told[1]) > 0  # what goes directly counts too
    assert told[2] == (told[1] if "--stages" in words else "0")  # a handmade plan predicts nothing
    return [(int(sent), int(came)) for sent, came in re.findall(r"messages (\d+) (\d+)", done.stderr)]


@pytest.mark.parametrize(("stages", "devices"), [(2, 2), (3, 1)])
def test_handmade(tmp_path: Path, stages: int, devices: int) -> None:
    handmade.make(tmp_path / "plan", stages, devices, 4)
    found = messages(tmp_path, stages * devices, tmp_path / "plan", "--steps", 3)
    ends = 4 * 3 * devices  # a value has two parts on each of two devices, one on one
    assert sorted(found) == sorted([(ends, ends)] * 2 * devices + [(2 * ends, 2 * ends)] * (stages - 2))


def test_the_user_reads_the_same_numbers_in_16_bits(tmp_path: Path) -> None:
    found = messages(tmp_path, 2, MODULES / "zoo" / "bfloat16_master_weights.mlirbc", "--stages", 2, "--steps", 2)
    assert sum(sent for sent, _ in found) == sum(came for _, came in found) > 0

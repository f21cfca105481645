"""Whole jobs on GPUs, equal to the CPU: one rank, and four ranks in two meshes, on as many GPUs as there are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import MPIRUN, ROOT, figures, job, ran

MODULES = ROOT / "tests/modules"
GPT = (MODULES / "gpt_small.mlirbc", "--inputs", MODULES / "gpt_small_inputs.npz", "--steps", 5)


def test_one_rank_runs_two_stages(gpus: list[str], record_property: pytest.RecordProperty) -> None:
    record_property("1 rank", figures(job(1, *GPT, "--stages", 2)))


@pytest.mark.parametrize("chooser", ["ilp", "zero3"])
def test_two_meshes_of_two_ranks(chooser: str, four_ranks: str, record_property: pytest.RecordProperty) -> None:
    words = (*GPT, "--hosts", 2, "--devices-per-host", 2, "--stages", 2, "--intra", chooser)
    record_property(f"{chooser}, 4 ranks {four_ranks}", figures(job(4, *words)))


def test_four_meshes_in_16_bits(four_ranks: str, record_property: pytest.RecordProperty) -> None:
    module = MODULES / "zoo" / "mixed_bfloat16.mlirbc"
    record_property(f"4 ranks {four_ranks}", figures(job(4, module, "--stages", 4, "--steps", 3)))


def test_messages_from_gpu_to_gpu(four_ranks: str, record_property: pytest.RecordProperty) -> None:
    script = Path(__file__).with_name("messages.py")
    for line in ran([MPIRUN, "-np", 2, sys.executable, script]).splitlines():
        size, _, figure = line.partition(": ")
        record_property(size, figure)

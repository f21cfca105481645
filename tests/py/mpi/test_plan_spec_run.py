"""Plans by hand run as those of the planner do: unequal meshes, shared meshes, ranks in another order, each equal to one device."""

import json
from pathlib import Path

import pytest
from conftest import ROOT, Jobs

GPT = ROOT / "tests" / "modules" / "gpt_small.mlirbc"


UNEQUAL = """
microbatches = 4
[[stage]]
until = 2
shape = [1]
[[stage]]
shape = [3]
"""
SHARED = """
schedule = "gpipe"
microbatches = 2
[[stage]]
until = "positions"
ranks = [2]
[[stage]]
until = "layers.1.norm1"
ranks = [1, 0]
intra = "zero3"
[[stage]]
ranks = [2]
"""


@pytest.mark.parametrize(("ranks", "spec"), [(4, UNEQUAL), (3, SHARED)])
def test_equals_one_device(jobs: Jobs, tmp_path: Path, ranks: int, spec: str) -> None:
    (tmp_path / "spec.toml").write_text(spec)
    done = jobs.run(ranks, GPT, "--plan-spec", tmp_path / "spec.toml", "--steps", 2, "--verify", "--json", limit_s=300)
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"]


def test_ranks_that_do_not_add_up(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text("[[stage]]\nuntil = 2\ndevices = 1\n[[stage]]\ndevices = 2\n")
    done = jobs.run(2, GPT, "--plan-spec", tmp_path / "spec.toml")
    assert done.code == 2
    said = "error: devices of the stages: the stages ask for 3 devices, and the machine has 2; change devices or ranks, or --hosts"
    assert [error.partition(" and --devices")[0] for error in done.errors] == [said]

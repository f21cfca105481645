"""Rows of the batch that become groups, or that are picked by their number, on four ranks equal one device."""

import json
from pathlib import Path

import pytest
from conftest import Jobs

pytestmark = pytest.mark.mpi

TESTS = Path(__file__).parents[2]
MODULES = TESTS / "modules"
SLOW = ("--machine", MODULES / "slow-devices.toml", "--stages", 1, "--verify", "--json")


@pytest.mark.parametrize("chooser", ["data", "megatron"])
def test_routing_groups(chooser: str, jobs: Jobs) -> None:
    module = TESTS / "lit" / "passes" / "choosers" / "experts.mlir"
    done = jobs.run(4, module, *SLOW, "--mesh", "2x2", "--intra", chooser, "--steps", 2)
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"] is True


@pytest.mark.parametrize(("chooser", "microbatches"), [("ilp", 4), ("data", 1)])
def test_rows_by_number(chooser: str, microbatches: int, jobs: Jobs) -> None:
    module, inputs = MODULES / "zoo" / "rows_by_arange.mlirbc", MODULES / "zoo" / "rows_by_arange_inputs.npz"
    more = ("--mesh", "4", "--intra", chooser, "--microbatches", microbatches)
    done = jobs.run(4, module, *SLOW, *more, "--steps", 3, "--inputs", inputs)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["verify"]["ok"] is True
    losses = json.loads(module.with_suffix(".json").read_text())["losses"]
    assert [step["loss"] for step in report["steps"]] == pytest.approx(losses, rel=1e-4)

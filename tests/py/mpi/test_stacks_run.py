"""Stacks of layers in parts on four meshes: inputs, outputs and what is verified are the user's arrays."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Jobs

pytestmark = pytest.mark.mpi

ZOO = Path(__file__).parents[2] / "modules" / "zoo"


def test_one_array_goes_in_and_comes_out(jobs: Jobs, tmp_path: Path) -> None:
    module, inputs, outputs = (ZOO / f"stacked_clipped{end}" for end in (".mlirbc", "_inputs.npz", ".json"))
    contract, out = json.loads(outputs.read_text()), tmp_path / "out.npz"
    layout = ("--hosts", 4, "--devices-per-host", 1, "--stages", 4, "--microbatches", 4)
    done = jobs.run(4, module, *layout, "--inputs", inputs, "--steps", 3, "--verify", "--outputs", out, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["generated"] == []
    assert report["plan"]["meshes"] == [1, 1, 1, 1]
    assert report["verify"]["ok"] is True
    assert [step["loss"] for step in report["steps"]] == pytest.approx(contract["losses"], rel=2e-3)  # bf16 biases
    with np.load(inputs) as before, np.load(out) as after:
        assert sorted(map(int, after)) == list(range(contract["num_results"]))
        for argument, result in contract["state"]:
            assert after[str(result)].shape == before[str(argument)].shape


def test_generated_stacks_are_those_of_one_device(jobs: Jobs) -> None:
    done = jobs.run(2, ZOO / "stacked_tied.mlirbc", "--stages", 2, "--steps", 2, "--verify", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["verify"]["ok"] is True
    assert report["generated"] == list(range(json.loads((ZOO / "stacked_tied.json").read_text())["num_args"]))

"""A single large image: the optimum splits it by its rows over four ranks, whose halos travel, and equals one device."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Jobs

from benchmarks.truth import Collective, priced, truths
from compiler.driver import make_plan
from compiler.options import PlanOptions
from runtime.devices.xla import World

MODULES = Path(__file__).parents[2] / "modules"
MODULE, MACHINE = MODULES / "wide_image.mlir", MODULES / "slow-devices.toml"


def options(mesh: tuple[int, ...], intra: str = "ilp") -> PlanOptions:
    return PlanOptions(hosts=1, devices_per_host=4, stages=1, mesh=mesh, intra=intra, machine=str(MACHINE))


@pytest.mark.parametrize("mesh", [(4,), (2, 2)])
def test_rows_are_split_and_every_halo_is_priced(tmp_path: Path, mesh: tuple[int, ...]) -> None:
    plan = make_plan(str(MODULE), str(tmp_path / "ilp"), options(mesh))
    data = make_plan(str(MODULE), str(tmp_path / "data"), options(mesh, "data"))
    assert plan.prediction.step_s < 0.4 * data.prediction.step_s
    found = truths(tmp_path / "ilp", plan, World.here(4))
    for truth in found:
        assert truth.said == truth.made, truth.fragment.name
    text = sum((truth.a_step for truth in found), type(found[0].a_step)())
    assert text == priced(plan)
    assert halos(text) >= 8


def halos(counts: Mapping[Collective, int]) -> int:
    return sum(count for (kind, _, _), count in counts.items() if kind == "collective_permute")


@pytest.mark.mpi
def test_equals_one_device(tmp_path: Path, jobs: Jobs) -> None:
    make_plan(str(MODULE), str(tmp_path / "plan"), options((4,)))
    done = jobs.run(4, tmp_path / "plan", "--steps", 2, "--verify", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"] is True

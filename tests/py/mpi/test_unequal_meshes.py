"""Plans over meshes of different sizes and shapes equal one device: every chooser, shared meshes, ranks in any order.

The machine has devices so slow and links so fast that splitting always pays.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Jobs

from compiler.driver import make_plan
from compiler.options import CHOOSER_NAMES, PlanOptions, StageSpec
from compiler.plan.records import Plan

pytestmark = pytest.mark.mpi

MODULES = ROOT / "tests" / "modules"
TIED = MODULES / "tied_layers.mlir"


def on(devices: int | None = None, **more: object) -> StageSpec:
    return StageSpec(devices=devices, **more)  # type: ignore[arg-type]


SHARED = {"ranks": (4, 0, 2), "intra": "greedy"}
CASES: dict[str, tuple[Path, list[StageSpec], dict[str, object]]] = {
    "1+2": (TIED, [on(1), on(2, intra="flexflow")], {}),
    "3+1": (TIED, [on(3, intra="data"), on()], {"schedule": "gpipe"}),
    "2+2x2": (TIED, [on(2, intra="zero1"), on(4, shape=(2, 2), intra="zero2")], {"microbatches": 2}),
    "2x3+1+1": (TIED, [on(6, shape=(2, 3), intra="zero3"), on(1), on(1)], {}),
    "2+3": (TIED, [on(2, intra="megatron"), on(3, intra="gspmd")], {"microbatches": 4}),
    "3+2": (TIED, [on(3, intra="mesh-tensorflow"), on(2, intra="tofu")], {"microbatches": 4}),
    "shared": (TIED, [on(**SHARED), on(ranks=(3, 1)), on(**SHARED)], {}),
    "1+2+4": (MODULES / "zoo/tied_embedding.mlirbc", [on(1), on(2), on(4)], {}),
    "forward": (MODULES / "zoo/forward_only.mlirbc", [on(1), on(2)], {}),
}


def plan(out: Path, module: Path, specs: list[StageSpec], **more: object) -> Plan:
    named = {rank for spec in specs for rank in spec.ranks or ()}
    devices = len(named) + sum(spec.devices or 1 for spec in specs if spec.ranks is None)
    machine = str(MODULES / "slow-devices.toml")
    options = PlanOptions(machine=machine, devices=devices, stage_specs=tuple(specs), **more)  # type: ignore[arg-type]
    return make_plan(str(module), str(out), options)


def test_every_chooser_is_here() -> None:
    assert {spec.intra or "ilp" for _, specs, _ in CASES.values() for spec in specs} == set(CHOOSER_NAMES)


@pytest.mark.parametrize("name", CASES)
def test_equals_one_device(name: str, jobs: Jobs, tmp_path: Path) -> None:
    module, specs, more = CASES[name]
    made = plan(tmp_path / "plan", module, specs, **more)
    several = {number for number, mesh in enumerate(made.meshes) if len(mesh.ranks) > 1}
    split = {p.mesh for value in made.values for p in value.placements if any(p.sharding)}
    assert split == several, "each mesh of several devices splits something"
    ranks = sum(len(mesh.ranks) for mesh in made.meshes)
    inputs = module.with_name(f"{module.stem}_inputs.npz")
    given = ("--inputs", inputs) if inputs.exists() else ()
    done = jobs.run(ranks, tmp_path / "plan", "--steps", 3, *given, "--verify", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"] is True


def test_outputs_are_gathered_from_every_mesh(jobs: Jobs, tmp_path: Path) -> None:
    """The arrays that three steps leave, with those of one device; every rank writes its trace."""
    plan(tmp_path / "plan", TIED, [on(3), on(ranks=(2, 0))], microbatches=4)
    plan(tmp_path / "alone", TIED, [on()], microbatches=4)
    for name, ranks in (("plan", 5), ("alone", 1)):
        out = tmp_path / f"{name}.npz"
        done = jobs.run(ranks, tmp_path / name, "--steps", 3, "--outputs", out, "--trace", tmp_path / f"{name}-trace")
        assert done.code == 0, done.err
    with np.load(tmp_path / "plan.npz") as found, np.load(tmp_path / "alone.npz") as wanted:
        assert sorted(found.files) == sorted(wanted.files) == ["0", "1", "2", "3"]
        for key in found.files:
            np.testing.assert_allclose(found[key], wanted[key], rtol=2e-5, atol=1e-6)
    assert len(list((tmp_path / "plan-trace").iterdir())) == 5

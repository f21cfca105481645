"""The exported modules of real libraries (tests/modules, made by examples/), on 4 and 8 ranks, equal to one device for 3 steps."""

import json
from pathlib import Path

import pytest
from conftest import Jobs

pytestmark = pytest.mark.mpi

MODULES = Path(__file__).parents[2] / "modules"
# name -> ranks, hosts, schedule: both schedules, one to four meshes, one to eight devices a mesh
LAYOUTS = {
    "equinox_mixer": (4, 2, "gpipe"),
    "gpt": (8, 2, "1f1b"),
    "gpt_small": (8, 4, "1f1b"),
    "haiku_lstm": (4, 2, "1f1b"),
    "hf_gpt2": (8, 2, "1f1b"),
    "jax_mlp": (4, 4, "gpipe"),
    "keras_cnn": (4, 2, "gpipe"),
    "linen_cnn": (4, 1, "1f1b"),
    "linen_resnet": (4, 2, "1f1b"),
    "linen_vit": (8, 2, "gpipe"),
    "nnx_transformer": (4, 2, "1f1b"),
    "tensorflow_lstm": (4, 2, "1f1b"),
    "torch_transformer": (8, 2, "1f1b"),
    "vit_inference": (4, 2, "gpipe"),
}


def test_every_module_has_a_layout() -> None:
    assert sorted(path.stem for path in MODULES.glob("*.mlirbc")) == sorted(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_equals_one_device(name: str, jobs: Jobs) -> None:
    ranks, hosts, schedule = LAYOUTS[name]
    layout = ["--hosts", str(hosts), "--devices-per-host", str(ranks // hosts), "--schedule", schedule]
    inputs = MODULES / f"{name}_inputs.npz"
    given = ["--inputs", str(inputs)] if inputs.exists() else []
    done = jobs.run(ranks, str(MODULES / f"{name}.mlirbc"), "--steps", "3", "--verify", "--json", *layout, *given)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["verify"]["ok"] is True
    assert report["plan"]["stages"] == hosts
    assert len(report["plan"]["meshes"]) == hosts


def test_64_ranks_on_8_meshes(jobs: Jobs) -> None:
    """As many ranks as a small cluster, on whatever this machine has; seconds and bytes: benchmarks/many_ranks.py."""
    done = jobs.run(64, MODULES / "gpt.mlirbc", "--steps", 2, "--verify", "--json", limit_s=400)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["verify"]["ok"] is True
    assert report["plan"]["meshes"] == [8] * 8

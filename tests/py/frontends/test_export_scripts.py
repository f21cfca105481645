"""`make test-frontends`: every export script of examples/, with the real library, then 3 steps on 4 ranks against one device."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MPIRUN = Path(sys.executable).with_name("mpirun")
# script -> the library without which it cannot run
SCRIPTS = {
    "equinox_mixer": "equinox",
    "gpt": "optax",
    "haiku_lstm": "haiku",
    "hf_gpt2": "transformers",
    "jax_mlp": "jax",
    "keras_cnn": "keras",
    "linen_cnn": "flax",
    "linen_resnet": "flax",
    "linen_vit": "flax",
    "nnx_transformer": "flax",
    "tensorflow_lstm": "tensorflow",
    "torch_transformer": "torchax",
    "vit_inference": "flax",
}


def run(*command: object, timeout: float) -> str:
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_export_plan_launch(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(SCRIPTS[name]) is None:
        pytest.skip(f"{SCRIPTS[name]} is not installed")
    run(sys.executable, f"examples/{name}.py", "--out", tmp_path, "--steps", 3, timeout=600)
    module, inputs = tmp_path / f"{name}.mlirbc", tmp_path / f"{name}_inputs.npz"
    plan = ("--hosts", 2, "--devices-per-host", 2)
    launch = (MPIRUN, "-np", 4, sys.executable, "-m", "runtime.launch", module, *plan)
    report = json.loads(run(*launch, "--inputs", inputs, "--steps", 3, "--verify", "--json", timeout=600))
    assert report["verify"]["ok"] is True


def test_every_script_is_tried() -> None:
    helpers = {"data", "export", "tiny", "torchax_compat", "zoo"}
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} - helpers == set(SCRIPTS)

"""Plans of the intra-operator optimum on 1-D, 2-D and 3-D meshes equal one device, odd sizes and memory limits included.

The machine has devices so slow and links so fast that splitting always pays: on the machine at hand the optimum is often to repeat.
"""

import json
from pathlib import Path

import pytest
from conftest import ROOT, Jobs

pytestmark = pytest.mark.mpi

MODULES = ROOT / "tests" / "modules"
SLOW = MODULES / "slow-devices.toml"

CASES = [
    ("gpt_small", "2x2", "ilp"),
    ("gpt_small", "2x2", "zero3"),
    ("gpt_small", "2x2", "megatron"),
    ("haiku_lstm", "2x2", "ilp"),
    ("jax_mlp", "4", "ilp"),
    ("jax_mlp", "3", "ilp"),
    ("jax_mlp", "2x3", "ilp"),
    ("jax_mlp", "2x2x2", "ilp"),
    ("zoo/moe_top_k", "2x2", "ilp"),
    ("zoo/odd_batch", "2x2", "ilp"),
    ("zoo/batch_norm", "2x2", "ilp"),
    *(
        ("jax_mlp", "2x2", name)
        for name in ("data", "zero1", "zero2", "gspmd", "mesh-tensorflow", "tofu", "flexflow", "greedy")
    ),
]


def run(jobs: Jobs, name: str, mesh: str, *options: object) -> dict[str, object]:
    """Plan for one mesh and run three steps against one device; the report of ``--json``."""
    ranks = 1
    for size in mesh.split("x"):
        ranks *= int(size)
    inputs = MODULES / f"{name}_inputs.npz"
    given = ("--inputs", inputs) if inputs.exists() else ()
    shape = ("--machine", SLOW, "--hosts", 1, "--devices-per-host", ranks, "--stages", 1, "--mesh", mesh)
    done = jobs.run(
        ranks, MODULES / f"{name}.mlirbc", *shape, *options, "--steps", 3, *given, "--verify", "--json", limit_s=300
    )
    assert done.code == 0, done.err
    report: dict[str, object] = json.loads(done.out)
    return report


@pytest.mark.parametrize(("name", "mesh", "chooser"), CASES, ids=lambda value: str(value))
def test_equals_one_device(jobs: Jobs, name: str, mesh: str, chooser: str) -> None:
    report = run(jobs, name, mesh, "--intra", chooser, "--microbatches", "auto")
    assert report["verify"] == {**report["verify"], "ok": True}  # type: ignore[dict-item]


@pytest.mark.parametrize("limit", ["400KB"])
def test_a_memory_limit_forces_parts(jobs: Jobs, tmp_path: Path, limit: str) -> None:
    report = run(jobs, "gpt_small", "2x2", "--memory-per-device", limit, "--microbatches", 4)
    assert report["verify"] == {**report["verify"], "ok": True}  # type: ignore[dict-item]

"""Plans whose collectives travel in buckets, large and small, equal one device: on 2, 3 and 4 ranks, with narrow and wide floats."""

import json
from pathlib import Path

import pytest
from conftest import Jobs

pytestmark = pytest.mark.mpi

MODULES = Path(__file__).parents[2] / "modules"


@pytest.mark.parametrize(
    ("ranks", "module", "chooser", "bucket_bytes"),
    [
        (2, "zoo/mixed_bfloat16", "data", "32MiB"),
        (3, "zoo/bfloat16_master_weights", "data", "32MiB"),
        (4, "zoo/bfloat16_master_weights", "zero1", "4KiB"),
        (4, "zoo/mixed_bfloat16", "zero3", "2KiB"),
        (3, "jax_mlp", "zero2", "32MiB"),
        (4, "zoo/lamb", "ilp", "32MiB"),
    ],
)
def test_equals_one_device(ranks: int, module: str, chooser: str, bucket_bytes: str, jobs: Jobs) -> None:
    asked = (
        "--stages",
        1,
        "--hosts",
        1,
        "--devices-per-host",
        ranks,
        "--intra",
        chooser,
        "--bucket-bytes",
        bucket_bytes,
    )
    machine = ("--machine", MODULES / "slow-devices.toml")
    done = jobs.run(ranks, MODULES / f"{module}.mlirbc", *asked, *machine, "--steps", 2, "--verify", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"] is True

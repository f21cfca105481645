"""Plans of choosers run on four ranks and equal one device."""

import json
from pathlib import Path

import pytest
from conftest import Jobs

pytestmark = pytest.mark.mpi

MODULES = Path(__file__).parents[2] / "modules"


@pytest.mark.parametrize(
    ("chooser", "more"),
    [
        ("zero2", ("--microbatches", 4, "--mesh", "4")),
        ("zero3", ("--mesh", "2x2")),
        ("megatron", ("--mesh", "2x2")),
        ("gspmd", ("--mesh", "2x2", "--annotate", 'arg0=[{"x"}, {}]', "--annotate", 'arg7=[{}, {"y"}]')),
        ("greedy", ("--mesh", "2x2")),
    ],
)
def test_equals_one_device(chooser: str, more: tuple[object, ...], jobs: Jobs) -> None:
    module = MODULES / "gpt_small.mlirbc"
    done = jobs.run(4, module, "--stages", 1, "--intra", chooser, *more, "--steps", 2, "--verify", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"] is True

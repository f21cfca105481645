"""What the memory rows of a mesh count, and how often."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxlib.mlir import ir

from compiler.decisions.memory import bytes_by_class
from compiler.pipeline.run import run_pipeline
from compiler.pipeline.text import parse_pipeline
from dialects.context import make_context
from passes.analysis.shardings.cases import Case, read_cases
from passes.analysis.shardings.machine_attr import read_machine
from passes.rules import write_rules

CAST = Path(__file__).parents[2] / "modules/cases/memory/cast_weight.mlir"
CAST_BYTES = 64 * 64 * 2  # the weight in f16, made by setup
SAVED_BYTES = 2 * 64 * 2  # the rows of one microbatch that backward reads
BATCH_BYTES = 2 * 64 * 2


@pytest.fixture(autouse=True)
def context() -> Iterator[None]:
    with make_context(), ir.Location.unknown():
        yield


def case_of(in_flight: int) -> Case:
    module = ir.Module.parse(CAST.read_text(encoding="utf-8"))
    text = (
        "normalize,assign-roles,microbatch{microbatches=4},copy-views,mark-phases,choose-stages{stages=1},place,realize,"
        "use-machine{machine=local-cpu mesh=1}"
    )
    run_pipeline(module, parse_pipeline(text))
    costs = read_machine(module)
    assert costs is not None
    write_rules(module)
    return read_cases(module, costs, (in_flight,))[0]


@pytest.mark.parametrize("in_flight", [1, 3])
def test_what_setup_makes_is_held_once_and_what_forward_saves_once_a_microbatch(in_flight: int) -> None:
    case = case_of(in_flight)
    (row, *_) = (row for row in case.problem.rows if row.name.startswith("stage0_update"))
    found = bytes_by_class(case, row, [0] * len(case.problem.nodes))
    assert found["values of the step"] == CAST_BYTES
    assert found["activations"] == in_flight * SAVED_BYTES
    assert found["batch"] == in_flight * BATCH_BYTES

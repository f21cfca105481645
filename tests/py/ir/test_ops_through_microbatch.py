"""The law of the passes, op by op: folding the microbatch runs gives the whole-batch result, or the program is refused by name."""

import os

import elementwise
import numpy as np
import pytest
from cases import OPS, Case, computed, read
from hypothesis import HealthCheck, Phase, given, settings
from jaxlib.mlir import ir
from random_programs import Program, programs
from simulate import check, make_arguments, plan, simulate, whole_copies

from dialects.context import make_context
from dialects.errors import UserError

# MESHWRIGHT_EXAMPLES=20000 for a long search, which then draws anew each time.
EXAMPLES = int(os.environ.get("MESHWRIGHT_EXAMPLES", "0"))
CASES = [*elementwise.CASES, *read(*OPS)]


def outcome(item: Case | Program, stages: int) -> str:
    """equal or refused; raises AssertionError where a result differs or a refusal does not say where."""
    loss, state, seed = (item.loss, item.state, item.seed) if isinstance(item, Program) else (None, (), 0)
    try:
        check(item.text, item.batch, item.microbatches, stages, loss, state, seed)
    except UserError as error:
        said = str(error)
    else:
        return "equal"
    assert "case.mlir" in said, f"a refusal that does not name the line: {said}\n{item.text}"
    return "refused"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_op(case: Case) -> None:
    assert outcome(case, 1) == case.want
    twin = computed(case)
    if twin is not None:  # no way out by using the argument as a whole
        assert outcome(twin, 2) == twin.want
    with whole_copies(dear=True):
        assert outcome(case, 2) == (case.dear or case.want)


def test_outcomes_are_two() -> None:
    assert {case.want for case in CASES} == {"equal", "refused"}
    assert all(case.computed in ("", "refused") and case.dear in ("", "refused") for case in CASES)


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("case", read("steps"), ids=lambda case: case.name)
def test_step(case: Case, stages: int) -> None:
    check(case.text, case.batch, case.microbatches, stages, case.loss, case.state)


@settings(
    max_examples=EXAMPLES or 300,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_random_program(program: Program) -> None:
    with whole_copies(dear=program.dear):
        outcome(program, program.stages)


def test_random_numbers_are_drawn_once() -> None:
    """A whole copy of what reads them must read the same ones."""
    text = """func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
      %a = stablehlo.constant dense<0.0> : tensor<f32>
      %b = stablehlo.constant dense<1.0> : tensor<f32>
      %n = stablehlo.constant dense<8> : tensor<1xi64>
      %r = stablehlo.rng %a, %b, %n, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<1xi64>) -> tensor<8xf32>
      %z = stablehlo.maximum %x, %r : tensor<8xf32>
      %v = stablehlo.reverse %z, dims = [0] : tensor<8xf32>
      return %z, %v : tensor<8xf32>, tensor<8xf32>
    }"""
    with make_context(), ir.Location.unknown():
        realized = plan(text, (0,), 4, 1)
        arguments = make_arguments(text)
        straight, backward = simulate(realized, arguments, 4)
    assert np.array_equal(straight[::-1], backward)

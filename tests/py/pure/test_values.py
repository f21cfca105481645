"""Value ids and phases: what is made is read back, and the plan's own types say the same words."""

from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.plan.records import Phase
from dialects.values import (
    INDEX,
    ONCE_A_STEP,
    PER_MICROBATCH,
    PHASES,
    acc_id,
    arg_id,
    argument_of,
    batch_id,
    kind_of,
    natural_key,
    v_id,
)

NUMBERED: dict[str, Callable[[int], str]] = {"arg": arg_id, "batch": batch_id, "acc": acc_id, "v": v_id}
numbers = st.integers(min_value=0, max_value=10**9)


@given(st.sampled_from(sorted(NUMBERED)), numbers)
def test_an_id_is_read_as_it_was_made(kind: str, number: int) -> None:
    made = NUMBERED[kind](number)
    assert kind_of(made) == kind
    assert natural_key(made) == (kind, number)
    assert argument_of(made) == (number if kind in ("arg", "batch") else None)


def test_the_microbatchs_number_is_of_no_argument() -> None:
    assert kind_of(INDEX) == "index"
    assert argument_of(INDEX) is None
    assert natural_key(INDEX) == ("index", 0)


@pytest.mark.parametrize(
    "name",
    ["", "arg", "7", "copy of v0", "stablehlo.while #0", "predicate", "argument3", "index0", "batch_norm1", "v0 "],
)
def test_other_names_are_no_ids(name: str) -> None:
    assert kind_of(name) is None
    assert argument_of(name) is None


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    stem, number = natural_key(text)
    if kind_of(text) in NUMBERED:
        assert text.startswith(stem)
        assert number == int(text[len(stem) :])
    else:
        assert argument_of(text) is None


@given(st.sampled_from(sorted(NUMBERED)), st.lists(numbers))
def test_ids_sort_by_number(kind: str, drawn: list[int]) -> None:
    make = NUMBERED[kind]
    assert sorted(map(make, drawn), key=natural_key) == [make(number) for number in sorted(drawn)]


def test_phases_are_those_of_the_plan() -> None:
    assert get_args(Phase) == PHASES


def test_a_phase_runs_per_microbatch_or_once_a_step() -> None:
    assert sorted(PER_MICROBATCH + ONCE_A_STEP) == sorted(PHASES)

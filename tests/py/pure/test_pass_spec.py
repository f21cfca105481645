"""The spec text of every registered pass: options -> text -> the same options, alone and in a pipeline."""

import dataclasses
import re
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.machine.use_machine import UseMachine
from compiler.pipeline.registry import PASSES
from compiler.pipeline.text import parse_pipeline
from compiler.transfers.land_transfers import LandTransfers
from dialects.errors import UserError
from passes.base import Pass
from passes.microbatch.microbatch import Microbatch
from passes.microbatch.open_accumulation import OpenAccumulation
from passes.normalize.assign_roles import AssignRoles
from passes.stages.choose_stages import ChooseStages

_WORD = st.from_regex(r"[0-9]{1,3}:[0-9]{1,3}", fullmatch=True)
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(1 << 63) + 1, (1 << 63) - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: _WORD,
}


def _values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an option's type, as ``passes.base`` reads them."""
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return st.lists(_values(arguments[0]), max_size=4).map(tuple)
    return st.one_of([st.none() if item is type(None) else _values(item) for item in arguments])


def _instances(kind: type[Pass]) -> st.SearchStrategy[Pass]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: _values(hints[field.name]) for field in dataclasses.fields(kind)})


def _options(spec: str) -> str:
    return spec.partition("{")[2].removesuffix("}")


_ANY_PASS = st.sampled_from(PASSES).flatmap(_instances)


@pytest.mark.parametrize("kind", PASSES, ids=lambda kind: kind.name)
def test_defaults_need_no_options(kind: type[Pass]) -> None:
    assert kind().spec() == kind.name
    assert kind.from_options("") == kind()


@pytest.mark.parametrize("kind", PASSES, ids=lambda kind: kind.name)
def test_a_pass_is_frozen_and_its_name_says_its_class(kind: type[Pass]) -> None:
    assert kind.name == "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)[1:]
    house, _, *file = kind.__module__.split(".")  # passes.<room>.<file>
    assert house == ("compiler" if kind in (UseMachine, LandTransfers) else "passes")  # those that read machine files
    assert file == [kind.name.replace("-", "_")]
    assert dataclasses.fields(kind) == () or kind.__dataclass_params__.frozen


@pytest.mark.parametrize("kind", PASSES, ids=lambda kind: kind.name)
def test_a_pass_shows_what_it_does(kind: type[Pass]) -> None:
    lines = (kind.__doc__ or "").splitlines()
    assert lines[0].endswith(".")  # one sentence, which --list-passes prints
    assert ". " not in lines[0]
    assert lines[1] == ""
    for word in ("Accepted", "Refused") if kind.name.startswith("verify-") else ("Input", "Output"):
        shown = [i for i, line in enumerate(lines) if re.fullmatch(rf" {{4}}{word}(, .*)?:", line)]
        assert shown, f"its docstring has no '{word}:'"
        assert all(lines[i + 1].startswith(" " * 8) for i in shown)
    for field in dataclasses.fields(kind):
        assert f"``{field.name}``" in (kind.__doc__ or "")


def test_names_are_unique() -> None:
    assert len({kind.name for kind in PASSES}) == len(PASSES)


@given(_ANY_PASS)
def test_spec_comes_back(item: Pass) -> None:
    assert type(item).from_options(_options(item.spec())) == item


@given(st.lists(_ANY_PASS, max_size=5))
def test_pipeline_comes_back(items: list[Pass]) -> None:
    assert parse_pipeline(",".join(item.spec() for item in items)) == tuple(items)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (Microbatch(microbatches=4), "microbatch{microbatches=4}"),
        (ChooseStages(stages=2, flops_per_s=2e12), "choose-stages{stages=2 flops-per-s=2000000000000.0}"),
        (AssignRoles(batch_args=("5", "6:1"), loss=0), "assign-roles{batch-args=5,6:1 loss=0}"),
        (AssignRoles(batch_args=()), "assign-roles{batch-args=}"),  # none is not the same as not said
        (AssignRoles(state_args=("0:0", "1:1")), "assign-roles{state-args=0:0,1:1}"),
    ],
)
def test_spec_text(item: Pass, text: str) -> None:
    assert item.spec() == text
    assert parse_pipeline(text) == (item,)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Microbatch, "microbatch=4", "unknown option 'microbatch'; its options are: microbatches"),
        (Microbatch, "microbatches", "option 'microbatches' needs a value; write microbatches=VALUE"),
        (Microbatch, "microbatches=four", "got 'four', want int"),
        (Microbatch, "microbatches=", "got '', want int"),
        (ChooseStages, "flops-per-s=fast", "got 'fast', want float"),
        (AssignRoles, "loss=x", "got 'x', want int"),
        (OpenAccumulation, "counts-ahead=yes", "got 'yes', want true or false"),
        (Microbatch, "microbatches=9223372036854775808", "want a number that is finite and below 2^63"),
        (ChooseStages, "flops-per-s=inf", "want a number that is finite and below 2^63"),
        (ChooseStages, "flops-per-s=nan", "want a number that is finite and below 2^63"),
    ],
)
def test_bad_options_are_the_users_mistake(kind: type[Pass], text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        kind.from_options(text)
    assert message in str(caught.value)

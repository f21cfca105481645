"""The seal of a plan: program.mlir says with which arguments and results it was planned, and nobody else's seal fits."""

import re

import msgspec
import pytest
from test_explain_tables import small_plan

from compiler.plan.records import Plan
from compiler.plan.seal import seal_line, sealed_as


def exchanged(plan: Plan) -> Plan:
    """Two results whose values were exchanged: a sound plan of another program, were they of one type."""
    first, second = plan.results
    both = (msgspec.structs.replace(first, value=second.value), msgspec.structs.replace(second, value=first.value))
    return msgspec.structs.replace(plan, results=both)


def renamed(plan: Plan) -> Plan:
    first, *rest = plan.arguments
    return msgspec.structs.replace(plan, arguments=(msgspec.structs.replace(first, name="v"), *rest))


def test_a_plan_fits_its_own_seal() -> None:
    plan = small_plan()
    assert re.fullmatch(r"// signature: [0-9a-f]{64}", seal_line(plan))
    assert sealed_as(plan, f"{seal_line(plan)}\nmodule {{}}\n".encode())
    assert sealed_as(plan, f"{seal_line(plan)}\r\nmodule {{}}\n".encode())
    assert sealed_as(plan, seal_line(plan).encode())


@pytest.mark.parametrize("edit", [exchanged, renamed])
def test_another_signature_does_not(edit) -> None:
    plan = small_plan()
    assert seal_line(edit(plan)) != seal_line(plan)
    assert not sealed_as(edit(plan), f"{seal_line(plan)}\nmodule {{}}\n".encode())


def test_what_is_no_signature_leaves_the_seal_as_it_is() -> None:
    plan = small_plan()
    assert seal_line(msgspec.structs.replace(plan, remarks=(), name="other")) == seal_line(plan)


def test_a_seal_that_is_cut_off_does_not_fit() -> None:
    plan = small_plan()
    assert not sealed_as(plan, seal_line(plan)[:-1].encode())
    assert not sealed_as(plan, b"// signature: \nmodule {}\n")


def test_a_program_without_a_seal_does_not_say() -> None:
    assert sealed_as(small_plan(), b"module {}\n")
    assert sealed_as(small_plan(), f"module {{}}\n{seal_line(exchanged(small_plan()))}\n".encode())

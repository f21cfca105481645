"""The batch along other dims than 0, and in blocks: the law of the microbatches holds as it does for rows that come first."""

import re

import pytest
from cases import Case, read
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_programs import Program, programs
from simulate import check, whole_copies
from test_ops_through_microbatch import EXAMPLES

from dialects.errors import UserError
from passes.microbatch.open_accumulation import OpenAccumulation


def moved(program: Program, ways: list[int]) -> tuple[str, list[str]]:
    """The program with its batch arguments laid otherwise, and what --batch-args says of them.

    Way 0: as it is. 1: the rows come last. 2: three copies one after the other, of which the program reads the one in the middle.
    """
    head, body = program.text.split("{\n", 1)
    arguments = re.findall(r"%(\w+): tensor<([^>]*)>", head.split("->")[0])
    said: list[str] = []
    for i, way in zip(program.batch, ways, strict=False):
        name, kind = arguments[i]
        *sizes, element = kind.split("x")
        old = f"%{name}: tensor<{kind}>"
        if way == 1 and len(sizes) > 1:
            turned = "x".join([*sizes[1:], sizes[0], element])
            order = ", ".join(map(str, [len(sizes) - 1, *range(len(sizes) - 1)]))
            made = f"%{name} = stablehlo.transpose %{name}_, dims = [{order}] : (tensor<{turned}>) -> tensor<{kind}>\n"
            new, where = f"%{name}_: tensor<{turned}>", f"{i}:{len(sizes) - 1}"
        elif way == 2:
            rows = int(sizes[0])
            wide = "x".join([str(3 * rows), *sizes[1:], element])
            cut = ", ".join([f"{rows}:{2 * rows}", *(f"0:{size}" for size in sizes[1:])])
            made = f"%{name} = stablehlo.slice %{name}_ [{cut}] : (tensor<{wide}>) -> tensor<{kind}>\n"
            new, where = f"%{name}_: tensor<{wide}>", f"{i}:0:3"
        else:
            said.append(str(i))
            continue
        head, body = head.replace(old, new), made + body
        said.append(where)
    return f"{head}{{\n{body}", said


@settings(
    max_examples=EXAMPLES or 120,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(programs(), st.lists(st.integers(0, 2), min_size=3, max_size=3))
def test_random_program(program: Program, ways: list[int]) -> None:
    text, said = moved(program, ways)
    with whole_copies(dear=program.dear):
        try:
            check(text, said, program.microbatches, program.stages, program.loss, program.state, program.seed)
        except UserError as error:
            said_where = str(error)
        else:
            return
    assert "case.mlir" in said_where, f"a refusal that does not name the line: {said_where}\n{text}"


@pytest.mark.parametrize("counts_ahead", [False, True], ids=["counts_after", "counts_ahead"])
@pytest.mark.parametrize("microbatches", [2, 4])
@pytest.mark.parametrize("case", read("accumulations"), ids=lambda case: case.name)
def test_accumulation_loops(case: Case, microbatches: int, counts_ahead: bool) -> None:
    opened = OpenAccumulation(microbatches=microbatches, counts_ahead=counts_ahead)
    try:
        check(case.text, case.batch, microbatches, 1, case.loss, case.state, 0, [opened])
    except UserError as error:
        got = "refused" if "case.mlir" in str(error) else str(error)
    else:
        got = "equal"
    assert got == case.want

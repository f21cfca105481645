"""One place of a plan changed: refused in one sentence, or a change that no number can come of."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import plan_mutants
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.driver import make_plan
from compiler.explain.document import explain_json
from compiler.explain.text import explain_text
from compiler.options import PlanOptions
from compiler.plan.files import decode_plan
from compiler.plan.records import Plan
from dialects.errors import UserError
from runtime.devices.check_modules import check_program, check_stages

MODULE = Path(__file__).parents[2] / "modules/jax_mlp.mlirbc"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "plan"
    make_plan(str(MODULE), str(path), PlanOptions(hosts=2, devices_per_host=2, microbatches=2))
    return path


def load(document: dict[str, Any], files: dict[str, bytes]) -> tuple[Plan | None, str]:
    """All checks that a job makes before it compiles: the plan, or None and the message of the refusal."""
    try:
        plan = decode_plan(json.dumps(document).encode(), "plan.json")
        if missing := {plan.program, *(fragment.file for fragment in plan.fragments)} - files.keys():
            return None, f"load_plan finds no {missing}"
        check_program(plan, files[plan.program])
        for mesh in range(len(plan.meshes)):
            check_stages(plan, mesh, {f.name: files[f.file] for f in plan.fragments})
    except UserError as error:
        return None, str(error)
    return plan, ""


def meaning(plan: Plan) -> Any:
    """What decides the numbers: without words and predictions for people, and without the order of what has names.

    Nor which mesh of several gives a result: the first that holds it, and a plan is refused if that one does not hold it at the end.
    """
    fragments = [(f.name, f.mesh, f.file, f.inputs, f.outputs, sorted(f.donated)) for f in plan.fragments]
    instructions = [sorted(map(str, each)) for each in plan.instructions]  # of one order or another, proved to be sound
    meshes = [(len(mesh.ranks), mesh.axes) for mesh in plan.meshes]
    values = sorted((v.id, v.kind, v.dtype, v.shape, sorted(map(str, v.placements)), v.argument) for v in plan.values)
    return plan.microbatches, plan.arguments, plan.results, values, sorted(fragments), instructions, meshes


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), swap=st.booleans())
def test_a_mutant_is_refused_or_means_the_same(folder: Path, seed: int, swap: bool) -> None:
    document = json.loads((folder / "plan.json").read_text())
    original = decode_plan((folder / "plan.json").read_bytes(), "plan.json")
    files = {name: (folder / name).read_bytes() for name in original.digests}
    change = plan_mutants.exchange if swap else plan_mutants.mutant
    mutated, what = change(document, random.Random(seed), ("digests",) if seed % 4 else plan_mutants.PEOPLE)
    plan, message = load(mutated, files)
    assert "\n" not in message, what
    if plan is None:
        return
    assert meaning(plan) == meaning(original), what
    assert explain_text(plan)
    assert explain_json(plan)


HEADS = [
    ("mesh @mesh", '<["x"=2]>', '<["y"=2]>', "unknown axis"),
    ('"x"', '"x"', '"y"', "has the axes"),
    ("@main", "tensor<", "tensor<1x", "is tensor|cannot be read"),
    ("module @", "module @", "module @other_", "want fragment"),
    ("// inputs", "// inputs: ", "// inputs: arg99", "its inputs are not"),
    ("// outputs", "// outputs: ", "// outputs: v99", "its outputs are not"),
]


@pytest.mark.parametrize(("line", "old", "new", "words"), HEADS)
def test_a_stage_that_is_not_what_the_plan_says(folder: Path, line: str, old: str, new: str, words: str) -> None:
    plan = decode_plan((folder / "plan.json").read_bytes(), "plan.json")
    files = {f.name: (folder / f.file).read_text() for f in plan.fragments}
    name = next(f.name for f in plan.fragments if f.mesh == 0 and f.phase == "update")
    lines = files[name].split("\n")
    changed = [text.replace(old, new, -1 if line == old else 1) if line in text else text for text in lines]
    assert changed != lines
    files[name] = "\n".join(changed)
    with pytest.raises(UserError, match=words) as caught:
        check_stages(plan, 0, {key: text.encode() for key, text in files.items()})
    assert "\n" not in str(caught.value)


def test_donations_that_the_plan_does_not_know(folder: Path) -> None:
    plan = decode_plan((folder / "plan.json").read_bytes(), "plan.json")
    files = {f.name: (folder / f.file).read_bytes() for f in plan.fragments}
    kept = [msgspec.structs.replace(f, donated=()) for f in plan.fragments]
    with pytest.raises(UserError, match="overwrites its argument"):
        check_stages(msgspec.structs.replace(plan, fragments=tuple(kept)), 0, files)
    update = next(name for name, text in files.items() if name.endswith("update") and b"aliasing_output = 0 " in text)
    mesh = next(f.mesh for f in plan.fragments if f.name == update)
    files[update] = files[update].replace(b"aliasing_output = 0 ", b"aliasing_output = 999 ")
    with pytest.raises(UserError, match=r"in the place of|cannot be read"):
        check_stages(plan, mesh, files)


def test_the_program_vouches_for_the_state(folder: Path) -> None:
    plan = decode_plan((folder / "plan.json").read_bytes(), "plan.json")
    program = (folder / plan.program).read_bytes()
    state = check_program(plan, program)
    assert state == {a.index: a.state_result for a in plan.arguments if a.state_result is not None}
    pair = [a for a in plan.arguments if a.state_result is not None][:1]
    arguments = [msgspec.structs.replace(a, state_result=None) if a in pair else a for a in plan.arguments]
    with pytest.raises(UserError, match=f"argument {pair[0].index} becomes result"):
        check_program(msgspec.structs.replace(plan, arguments=tuple(arguments)), program)
    renamed = (msgspec.structs.replace(plan.results[0], name="another"), *plan.results[1:])
    with pytest.raises(UserError, match="not those that the plan names"):
        check_program(msgspec.structs.replace(plan, results=renamed), program)


def test_state_that_jax_paired_wrongly_is_right_in_the_program(tmp_path: Path) -> None:
    # two arguments of one type, donated by type alone: the planner crosses them, and so must the program
    text = """func.func public @main(%a: tensor<4xf32> {tf.aliasing_output = 0 : i32}, %b: tensor<4xf32> {tf.aliasing_output = 1 : i32},
        %x: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<4xf32>) { return %b, %a : tensor<4xf32>, tensor<4xf32> }"""
    (tmp_path / "m.mlir").write_text(text)
    plan = make_plan(str(tmp_path / "m.mlir"), str(tmp_path / "plan"), PlanOptions(state_args=((0, 1), (1, 0))))
    assert check_program(plan, (tmp_path / "plan/program.mlir").read_bytes()) == {0: 1, 1: 0}

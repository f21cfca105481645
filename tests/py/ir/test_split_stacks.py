"""Stacks of layers in plans: state falls with the number of stages, parts are the user's arrays in rows, remarks name what stays."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from compiler.driver import make_plan
from compiler.options import PlanOptions
from compiler.plan.check import check_plan
from compiler.plan.parts import as_asked
from compiler.plan.records import Argument, Part, Plan, Result
from compiler.plan.sizes import value_bytes
from dialects.errors import UserError

ZOO = Path(__file__).parents[2] / "modules" / "zoo"
LAYER_BYTES = 3 * (16 * 16 * 4 + 16 * 2) + 16 * 4  # weight in f32 and bias in bf16 with two moments each, frozen scale


def planned(name: str, folder: Path, stages: int) -> Plan:
    options = PlanOptions(hosts=stages, devices_per_host=1, stages=stages, microbatches=4)
    return make_plan(str(ZOO / f"{name}.mlirbc"), str(folder / f"plan{stages}"), options)


def state_bytes(plan: Plan) -> list[int]:
    """Of each mesh, what lies there from step to step."""
    found = [0] * len(plan.meshes)
    for value in plan.values:
        if value.argument is not None and plan.arguments[value.argument].role != "batch":
            for placement in value.placements:
                found[placement.mesh] += value_bytes(value)
    return found


def test_state_of_a_mesh_falls_with_the_number_of_stages(tmp_path: Path) -> None:
    one, two, four = (state_bytes(planned("stacked_clipped", tmp_path, stages)) for stages in (1, 2, 4))
    assert max(two) < 0.55 * max(one)
    assert max(four) < 0.31 * max(one)
    assert min(four) >= 2 * LAYER_BYTES  # two of eight layers on each
    assert sum(four) <= sum(one) + 100  # but for counters that each keeps


def test_parts_are_the_users_arrays(tmp_path: Path) -> None:
    whole, parts = (planned("stacked_clipped", tmp_path, stages) for stages in (1, 2))
    assert all(a.part is None for a in whole.arguments)
    assert sum(a.part is not None for a in parts.arguments) == 7 * 8
    asked = as_asked(parts)
    assert asked.arguments == whole.arguments
    for mine, its in zip(asked.results, whole.results, strict=True):
        assert msgspec.structs.replace(mine, value=its.value) == its
    bias = [a for a in parts.arguments if a.name.startswith("p['layers']['b']")]
    assert [a.name.rpartition("[")[2] for a in bias] == [f"{i}]" for i in range(8)]
    assert {a.shape for a in bias} == {(1, 16)}


def test_what_is_read_whole_stays_with_a_remark(tmp_path: Path) -> None:
    plan = planned("stacked_read_whole", tmp_path, 2)
    (remark,) = (remark for remark in plan.remarks if "one array" in remark)
    assert "'params['layers']['w']'" in remark
    assert "dot_general" in remark
    assert [a.name for a in plan.arguments if a.name.startswith("params['layers']['v']")] == [
        f"params['layers']['v'][{i}]" for i in range(4)
    ]
    assert [a.name for a in plan.arguments if "['layers']['w']" in a.name and a.part is not None] == []


def broken(plan: Plan, which: str, index: int, part: Part | None) -> Plan:
    items: Sequence[Argument | Result] = plan.arguments if which == "arguments" else plan.results
    changed = tuple(msgspec.structs.replace(item, part=part) if item.index == index else item for item in items)
    return msgspec.structs.replace(plan, **{which: changed})


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    plan = planned("stacked_tied", tmp_path, 2)
    check_plan(plan, "plan")
    first = next(a for a in plan.arguments if a.part is not None)
    last = plan.arguments[-1]
    assert first.part is not None
    assert last.part is not None
    moved = Part(last.part.of, last.part.start + 1, last.part.stop + 1)
    for which, index, part in (
        ("arguments", last.index, moved),
        ("arguments", last.index, Part(10**6, 0, 1)),
        ("arguments", last.index, None),
        ("arguments", first.index, None),
        ("arguments", first.index, Part(first.part.of, 1, 2)),
        ("results", len(plan.results) - 1, None),
        ("results", 0, Part(0, 0, 1)),
    ):
        with pytest.raises(UserError, match=r"part|rows|numbered|shape"):
            check_plan(broken(plan, which, index, part), "plan")

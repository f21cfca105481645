"""Schedules as clock tables, their invariants, and the errors of their maker."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.schedules.order import FragmentKey, Task
from compiler.schedules.schedule import Schedule, make_schedule
from compiler.schedules.table import SCHEDULES
from dialects.errors import UserError


def table(schedule: Schedule) -> list[str]:
    """One line a stage: F0 B0 U on a clock, dots where it waits."""
    rows = [["."] * (1 + max(slot.clock for slot in schedule.slots)) for _ in range(schedule.num_stages)]
    for slot in schedule.slots:
        number = "" if slot.microbatch is None else str(slot.microbatch)
        rows[slot.stage][slot.clock] = slot.phase[0].upper() + number
    return [" ".join(row) for row in rows]


def test_gpipe_runs_all_forwards_first() -> None:
    schedule = make_schedule("gpipe", 2, 3)
    assert table(schedule) == ["F0 F1 F2 . . B0 B1 B2 U", ". F0 F1 F2 B0 B1 B2 U ."]
    assert schedule.in_flight == (3, 3)


def test_1f1b_alternates_once_the_pipeline_is_full() -> None:
    schedule = make_schedule("1f1b", 3, 4)
    assert table(schedule) == [
        "F0 F1 F2 . . B0 F3 B1 . B2 . B3 U",
        ". F0 F1 . B0 F2 B1 F3 B2 . B3 U .",
        ". . F0 B0 F1 B1 F2 B2 F3 B3 U . .",
    ]
    assert schedule.in_flight == (3, 2, 1)


def test_one_mesh_with_all_stages_goes_depth_first() -> None:
    schedule = make_schedule("1f1b", 2, 2, stage_to_mesh=[0, 0])
    assert table(schedule) == ["F0 . . B0 F1 . . B1 U .", ". F0 B0 . . F1 B1 . . U"]
    assert schedule.in_flight == (1, 1)


def test_setup_comes_first_and_update_levels_wait_for_each_other() -> None:
    schedule = make_schedule("gpipe", 2, 1, has_setup=True, num_update_levels=2)
    assert table(schedule) == ["S F0 . . B0 U U", "S . F0 B0 U . U"]


def test_forward_only() -> None:
    assert table(make_schedule("1f1b", 2, 3, has_backward=False, num_update_levels=0)) == ["F0 F1 F2 .", ". F0 F1 F2"]


def test_absent_fragments_still_order_what_they_stood_between() -> None:
    fragments: list[FragmentKey] = [(0, "forward", 0), (2, "forward", 0), (2, "backward", 0), (0, "update", 0)]
    schedule = make_schedule("1f1b", 3, 2, fragments=fragments)
    assert table(schedule) == ["F0 F1 . . . U", ". . . . . .", ". F0 B0 F1 B1 ."]


def test_unknown_schedule_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="unknown schedule '2f2b'; known schedules: gpipe, 1f1b"):
        make_schedule("2f2b", 2, 2)


def test_no_microbatches() -> None:
    with pytest.raises(UserError, match="got 2 stages and 0 microbatches"):
        make_schedule("gpipe", 2, 0)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(SCHEDULES)),
    st.lists(st.integers(0, 2), min_size=1, max_size=5),
    st.integers(1, 6),
    st.booleans(),
    st.booleans(),
)
def test_every_task_runs_once_and_after_what_it_needs(
    name: str, meshes: list[int], num_microbatches: int, has_backward: bool, has_setup: bool
) -> None:
    schedule = make_schedule(
        name, len(meshes), num_microbatches, has_backward=has_backward, stage_to_mesh=meshes, has_setup=has_setup
    )
    clocks: dict[Task, int] = {}
    for slot in schedule.slots:
        task = Task(slot.stage, slot.phase, slot.microbatch)
        assert task not in clocks
        clocks[task] = slot.clock
    assert sorted(clocks, key=str) == sorted((task for mesh in schedule.tasks for task in mesh), key=str)
    assert len(clocks) == len(meshes) * (num_microbatches * (1 + has_backward) + 1 + has_setup)
    busy = [(slot.clock, meshes[slot.stage]) for slot in schedule.slots]
    assert len(busy) == len(set(busy)), "a mesh does one thing at a time"
    for mesh, tasks in enumerate(schedule.tasks):
        assert [clocks[task] for task in tasks] == sorted(clocks[task] for task in tasks)
        assert all(meshes[task.stage] == mesh for task in tasks)
    for task, clock in clocks.items():
        stage, m = task.stage, task.microbatch
        if task.phase == "forward" and stage:
            assert clocks[Task(stage - 1, "forward", m)] < clock
        if task.phase == "backward":
            assert clocks[Task(stage, "forward", m)] < clock
            assert stage == len(meshes) - 1 or clocks[Task(stage + 1, "backward", m)] < clock
        if task.phase == "setup":
            assert all(clock < clocks[Task(stage, "forward", m)] for m in range(num_microbatches))
        if task.phase == "update":
            assert all(clocks[Task(stage, "forward", m)] < clock for m in range(num_microbatches))
    if name == "1f1b" and has_backward and meshes == sorted(set(meshes)):
        assert schedule.in_flight == tuple(min(num_microbatches, len(meshes) - stage) for stage in range(len(meshes)))


def diamond() -> dict[tuple[int, str], frozenset[tuple[int, str]]]:
    """Stage 0, then 1 and 2 beside each other, then 3; backward the other way."""
    forward = {1: (0,), 2: (0,), 3: (1, 2)}
    flows = {(stage, "forward"): frozenset((giver, "forward") for giver in givers) for stage, givers in forward.items()}
    backward = {0: (1, 2), 1: (3,), 2: (3,)}
    return flows | {(s, "backward"): frozenset((g, "backward") for g in givers) for s, givers in backward.items()}


@pytest.mark.parametrize("name", ["gpipe", "1f1b"])
def test_branches_share_a_clock(name: str) -> None:
    made = make_schedule(name, 4, 6, flows=diamond())
    clock = {(slot.phase, slot.stage, slot.microbatch): slot.clock for slot in made.slots}
    assert clock["forward", 1, 0] == clock["forward", 2, 0] == 1
    assert clock["backward", 1, 5] == clock["backward", 2, 5]
    for m in range(6):
        assert clock["forward", 3, m] > max(clock["forward", 1, m], clock["forward", 2, m])
        assert clock["backward", 0, m] > max(clock["backward", 1, m], clock["backward", 2, m])
    assert len(made.slots) == 4 * (2 * 6 + 1)
    if name == "1f1b":
        assert made.in_flight == (3, 2, 2, 1), "three meshes on the longest way, not four"

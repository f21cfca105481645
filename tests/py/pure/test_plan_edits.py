"""One place of a sound plan edited by hand: every refusal of ``compiler.plan.check`` and what it calls, with its words."""

import ast
import copy
import json
import re
import traceback
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_explain_tables import small_plan

from compiler.plan import check, check_runs, check_values
from compiler.plan.files import decode_plan
from dialects.errors import UserError

PLAN: dict[str, Any] = json.loads(msgspec.json.encode(small_plan()))
NUMBER = {
    list_name: {item[key]: i for i, item in enumerate(PLAN[list_name])}
    for list_name, key in (("values", "id"), ("fragments", "name"), ("arguments", "name"), ("results", "name"))
}


def edited(**edits: Any) -> bytes:
    """``values__act__shape=…`` and the like; ``NUMBER`` says where a name is, ``_dot_`` stands for a point in it."""
    document = copy.deepcopy(PLAN)
    for path, new in edits.items():
        first, *rest = path.split("__")
        named = NUMBER.get(first, {})
        keys = [first, *(named.get(key.replace("_dot_", "."), int(key) if key.isdigit() else key) for key in rest)]
        place: Any = document
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = new
    return json.dumps(document).encode()


def of(list_name: str, name: str, **changes: Any) -> dict[str, Any]:
    return {**PLAN[list_name][NUMBER[list_name][name]], **changes}


def placed(*placements: tuple[int, list[list[str]]]) -> list[dict[str, Any]]:
    return [{"mesh": mesh, "sharding": sharding} for mesh, sharding in placements]


def axes(*pairs: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"name": name, "size": size} for name, size in pairs]


RUN = {"op": "run", "fragment": "forward.0", "microbatch": 0}
CERTIFICATE = dict.fromkeys("objective_s bound_s gap num_nodes num_edges core_nodes core_edges".split(), 0)
DECISION = {
    "mesh": 2,
    "axes": {"x": 2},
    "chooser": "ilp",
    "certificate": {**CERTIFICATE, "method": "shrinking"},
    "memory": {"moment": "", "limit_bytes": 1.0, "bytes_of": {}},
    "groups": [],
}
EDITS: list[tuple[dict[str, Any], str]] = [
    # the meshes
    ({"meshes__0__ranks": [0, 0]}, "its meshes have the ranks [0, 0, 2, 3], want each of 0 to 3 once"),
    ({"meshes": []}, "its meshes have the ranks [], want each of 0 to 0 once"),
    ({"meshes__0__axes": axes(("x", 1), ("x", 2))}, "mesh 'mesh0' has two axes of one name among ['x', 'x']"),
    ({"meshes__0__axes": axes(("x", 0))}, "mesh 'mesh0' has axes of [0], want sizes of at least 1"),
    ({"meshes__0__axes": axes(("x", 4))}, "mesh 'mesh0' has 2 ranks and axes of [4]"),
    ({"microbatches": (1 << 20) + 1}, "got 1048577 microbatches, want at least 1 and at most 1048576"),
    ({"num_stages": 0}, "got 0 stages, want at least 1"),
    ({"batch_size": 0}, "got a batch of 0 rows, want at least 1"),
    # what explain prints
    ({"slots__0__stage": 2}, "a slot is of stage 2 at clock"),
    ({"slots__0__clock": 1 << 20}, "at clock 1048576, which is not in the schedule"),
    ({"decisions": [DECISION]}, "a decision is about a mesh that is not there, there are 2"),
    ({"stages": [{"mesh": 0}]}, "it lists 1 stages, want 2"),
    ({"stages": [{"mesh": 0}, {"mesh": 2}]}, "a stage is on a mesh that is not there, there are 2"),
    ({"machine__memory_bytes": 0.0}, "has no hosts, devices or memory"),
    ({"machine__hosts": 0}, "has no hosts, devices or memory"),
    ({"machine__devices_per_host": 0}, "has no hosts, devices or memory"),
    ({"prediction__stage_forward_s": [0.0] * 3}, "the prediction has 3 numbers in stage_forward_s, want 2"),
    ({"prediction__stage_backward_s": [0.0] * 3}, "the prediction has 3 numbers in stage_backward_s, want 2"),
    ({"prediction__mesh_argument_bytes": [0.0] * 3}, "the prediction has 3 numbers in mesh_argument_bytes, want 2"),
    ({"prediction__mesh_peak_bytes": [0.0] * 3}, "the prediction has 3 numbers in mesh_peak_bytes, want 2"),
    # values
    ({"values__act__id": "grad"}, "two values have one name"),
    ({"values__sum__shape": [1 << 40, 1 << 20]}, "more than any device holds"),
    ({"values__sum__shape": [1] * 65}, "more than any device holds"),
    ({"values__sum__placements": []}, "value 'sum' is on no mesh"),
    ({"values__sum__placements": placed(*[(0, [[], []])] * 2)}, "value 'sum' has two placements on one mesh"),
    ({"values__sum__placements__0__mesh": 2}, "value 'sum' is on mesh 2, there are 2"),
    ({"values__sum__placements__0__sharding": [[]]}, "value 'sum' has 2 dims and a sharding of 1"),
    ({"values__sum__placements__0__sharding": [["y"], []]}, "value 'sum': dim of size 64 cannot be split over ['y']"),
    (
        {"values__sum__shape": [63, 32], "values__sum__placements__0__sharding": [["x"], []]},
        "value 'sum': dim of size 63 cannot be split over ['x']",
    ),
    (
        {"meshes__0__axes": axes(("x", 2), ("z", 1)), "values__sum__placements__0__sharding": [["x"], ["x"]]},
        "value 'sum' is split over one axis twice: ['x', 'x']",
    ),
    ({"values__sum__argument": 0}, "value 'sum' of kind 'step' is of argument 0"),
    ({"values__arg0__argument": None}, "value 'arg0' of kind 'argument' is of argument None"),
    ({"values__loss__kind": "index"}, "value 'loss' of kind 'index' is f32[], want i32[]"),
    ({"values__sum__kind": "index", "values__sum__dtype": "i32"}, "of kind 'index' is i32[64,32], want i32[]"),
    ({"values__sum__id": "arg7"}, "value 'arg7' is of kind 'step' and of argument None"),
    ({"values__arg0__argument": 1}, "value 'arg0' is of kind 'argument' and of argument 1"),
    ({"values__sum__id": "w", "values__sum__kind": "argument", "values__sum__argument": 2}, "which is not there"),
    ({"arguments__x__batch_dim": 2}, "argument 1 has its rows along dim 2, in 1 blocks"),
    ({"arguments__x__batch_outer": 0}, "argument 1 has its rows along dim 0, in 0 blocks"),
    ({"arguments__x__batch_outer": 3}, "value 'batch1' is f32[8,64] in 2 microbatches, argument 1 is f32[16,64]"),
    ({"arguments__x__shape": [8, 64]}, "value 'batch1' is f32[8,64] in 2 microbatches, argument 1 is f32[8,64]"),
    ({"arguments__w__dtype": "f64"}, "value 'arg0' is f32[64,32], argument 0 is f64[64,32]"),
    ({"arguments__x__role": "constant"}, "value 'batch1' is rows of argument 1, whose role is 'constant'"),
    # arguments and results
    ({"arguments__w__index": 1}, "its arguments or results are not numbered from 0"),
    ({"results__loss__index": 0}, "its arguments or results are not numbered from 0"),
    (
        {"arguments__w__part": {"of": 0, "start": 0, "stop": 64}},
        "the parts of argument 0 are not its rows, in order, of one type and name",
    ),
    ({"results__loss__value": "nothing"}, "result 1 is held by 'nothing', which is no value"),
    ({"results__loss__dtype": "f64"}, "result 1 is f64[], 'loss', which holds it, is f32[]"),
    ({"arguments__w__state_result": 1}, "result 0 feeds argument 0, which becomes result 1"),
    ({"arguments__w__state_result": 2, "results__w__state_arg": None}, "argument 0 becomes result 2, which does not"),
    ({"results__w__state_arg": None}, "argument 0 becomes result 0, which does not feed it"),
    ({"results__w__state_arg": 2}, "result 0 feeds argument 2, which is not there"),
    (
        {"results__loss__state_arg": 1, "arguments__x__state_result": 1},
        "result 1 is f32[], argument 1, which it feeds, is f32[16,64]",
    ),
    ({"values__new__placements__0__sharding": [["x"], []]}, "result 0 is not split as argument 0, which it feeds"),
    (
        {
            "arguments__w": of("arguments", "w", role="batch", shape=[128, 32]),
            "values__arg0": of("values", "arg0", kind="batch", id="batch0"),
            "results__w": of("results", "w", shape=[128, 32]),
            "values__new__shape": [128, 32],
        },
        "argument 0 is a batch and becomes result 0: state is no batch",
    ),
    (
        {
            "arguments__x": of("arguments", "x", state_result=1),
            "results__loss": of("results", "loss", state_arg=1, shape=[16, 64], value="batch1"),
            "values__batch1__shape": [16, 64],
            "microbatches": 1,
        },
        "result 1 feeds argument 1 and is held by 'batch1', a part of a batch",
    ),
    # fragments
    ({"fragments__setup_dot_1__name": "setup.0"}, "two fragments have one name"),
    ({"fragments__setup_dot_0__mesh": 2}, "fragment 'setup.0' names a mesh or an input that is not there"),
    ({"fragments__update_dot_0__donated": [2]}, "fragment 'update.0' names a mesh or an input that is not there"),
    ({"fragments__setup_dot_0__stage": 2}, "fragment 'setup.0' is of stage 2, there are 2"),
    ({"fragments__setup_dot_0__outputs": ["who"]}, "fragment 'setup.0' names 'who', there is no value 'who'"),
    ({"fragments__setup_dot_0__inputs": ["loss"]}, "names 'loss', which has no placement on mesh 0"),
    ({"fragments__setup_dot_0__outputs": ["sum", "sum"]}, "fragment 'setup.0' gives or donates one value twice"),
    ({"fragments__update_dot_0__donated": [1, 1]}, "fragment 'update.0' gives or donates one value twice"),
    ({"fragments__update_dot_0__inputs": ["sum", "sum"]}, "donates 'sum', which it also reads elsewhere"),
    ({"fragments__backward_dot_0__donated": [0]}, "donates 'batch1', which is not its own: its kind is 'batch'"),
    (
        {"arguments__w__state_result": None, "results__w__state_arg": None},
        "fragment 'update.0' donates 'arg0', which the next step reads and no result renews",
    ),
    ({"fragments__update_dot_0__outputs": ["new", "batch1"]}, "is made by 'update.0', and comes from an argument"),
    ({"values__act__kind": "step"}, "value 'act' of kind 'step' is made by 'forward.0' once a microbatch|of the phase"),
    (
        {"values__new__kind": "microbatch"},
        "value 'new' of kind 'microbatch' is made by 'update.0', of the phase update",
    ),
    (
        {"fragments__backward_dot_0__inputs": ["batch1", "grad"], "fragments__backward_dot_0__donated": []},
        "fragment 'backward.0' gives 'sum' once a microbatch without reading it first",
    ),
    # how often they run
    ({"instructions": [[]]}, "there are 1 instruction lists for 2 meshes"),
    ({"instructions__0": [{**RUN, "microbatch": 2}]}, "mesh 0 works on microbatch 2, there are 2"),
    ({"instructions__1": [RUN]}, "mesh 1 runs 'forward.0', which is not one of its fragments"),
    ({"instructions__0": [{**RUN, "fragment": "nobody"}]}, "mesh 0 runs 'nobody', which is not one of its fragments"),
    ({"instructions__0": [{**RUN, "microbatch": None}]}, "on microbatch None, its phase runs once a microbatch"),
    ({"instructions__0": [{**RUN, "fragment": "setup.0"}]}, "on microbatch 0, its phase runs once a step"),
    ({"instructions__0": [RUN, RUN]}, "mesh 0 runs 'forward.0' on microbatch 0 twice"),
    ({"instructions__0": [RUN]}, "'setup.0' runs 0 times a step, want 1"),
]


def test_the_plan_is_sound_before() -> None:
    assert decode_plan(edited(), "plan.json").microbatches == 2


def test_a_state_is_held_where_the_next_step_reads_it() -> None:
    plan = small_plan()
    assert check.held_results(plan.results, plan.values) == {"new": {0}, "loss": set()}
    first, second = plan.results
    twice = (first, msgspec.structs.replace(second, value="new", state_arg=None))
    assert check.held_results(twice, plan.values) == {"new": {0}}
    assert check.held_results(twice[::-1], plan.values) == {"new": {0}}
    values = [msgspec.structs.replace(v, placements=small_plan().values[2].placements) for v in plan.values[:1]]
    assert check.held_results(plan.results, values) == {"new": {0, 1}, "loss": set()}


@pytest.mark.parametrize(("edits", "words"), EDITS, ids=lambda item: item[:50] if isinstance(item, str) else "")
def test_an_edit_is_refused_in_one_sentence(edits: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match="|".join(map(re.escape, words.split("|")))) as caught:
        decode_plan(edited(**edits), "plan.json")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("plan.json: ")
    assert "plan again instead of editing" in str(caught.value)


def listed(mesh: int) -> list[dict[str, Any]]:
    return copy.deepcopy(PLAN["instructions"][mesh])


def test_a_sum_is_read_when_it_is_complete() -> None:
    """The update in front of the last backward of the sum that it reads."""
    *others, last, free_x, free_grad, update = listed(0)
    assert (last["fragment"], update["fragment"]) == ("backward.0", "update.0")
    with pytest.raises(UserError, match=r"run update\.0: input sum is not there, or not complete"):
        decode_plan(edited(instructions__0=[*others, update, last, free_x, free_grad]), "plan.json")


def test_a_sum_grows_on_one_mesh() -> None:
    """The sum of mesh 0 comes from mesh 1 while backward.0 still has to add to it."""
    setup, *others = listed(1)
    changes = {
        "fragments__setup_dot_1__outputs": ["loss", "sum"],
        "values__sum__placements": placed((0, [[], []]), (1, [[], []])),
        "instructions__1": [setup, {"op": "send", "value": "sum", "to": 0}, {"op": "free", "value": "sum"}, *others],
    }
    setup, *others = listed(0)
    recv = {"op": "recv", "value": "sum", "source": 1}
    with pytest.raises(UserError, match="recv sum from mesh 1: sum grows here, and comes from another mesh"):
        decode_plan(edited(**changes, instructions__0=[setup, recv, *others]), "plan.json")


def test_a_result_is_held_by_the_mesh_that_gives_it_to_rank_0() -> None:
    """The loss, made on mesh 1, is sent to mesh 0 and freed: mesh 1, its first, has it no more."""
    changes = {
        "values__loss__placements": placed((1, []), (0, [])),
        "instructions__0": [*listed(0), {"op": "recv", "value": "loss", "source": 1}],
    }
    send = {"op": "send", "value": "loss", "to": 0}
    with pytest.raises(UserError, match="result value 'loss' is not on mesh 1 after the step"):
        decode_plan(edited(**changes, instructions__1=[*listed(1), send, {"op": "free", "value": "loss"}]), "plan.json")


def refusals() -> set[tuple[str, int]]:
    """File and last line of every statement that calls ``wrong``."""
    found: set[tuple[str, int]] = set()
    for module in (check, check_values, check_runs):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "wrong":
                found.add((Path(module.__file__).name, node.lineno))
    return found


def test_every_refusal_has_an_edit() -> None:
    reached: set[tuple[str, int]] = set()
    for edits, _ in EDITS:
        with pytest.raises(UserError) as caught:
            decode_plan(edited(**edits), "plan.json")
        assert caught.value.__cause__ is not None
        frames = traceback.extract_tb(caught.value.__cause__.__traceback__)
        reached |= {(Path(frame.filename).name, frame.lineno or 0) for frame in frames}
    assert refusals() - reached == set()

"""What ranks issue on NCCL's communicators never hangs by NCCL's own rules, over random plans and real ones; a wrong order is caught."""

from __future__ import annotations

from pathlib import Path

import handmade
import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from nccl_rules import Disagree, Hang, Library, Op, Recorded, play, record

from compiler.driver import make_plan
from compiler.options import PlanOptions
from compiler.plan.records import (
    Axis,
    Fragment,
    Instruction,
    Machine,
    Mesh,
    Placement,
    Plan,
    Prediction,
    Recv,
    Run,
    Send,
    Value,
)  # fmt: skip
from runtime.transport.links import carries, links_of
from runtime.transport.nccl import NcclError

MODULES = Path(__file__).parents[2] / "modules"
NOTHING = Prediction(
    step_s=0, stage_forward_s=(), stage_backward_s=(), mesh_argument_bytes=(), mesh_peak_bytes=(),
    transfer_bytes_per_step=0, bubble_fraction=0,
)  # fmt: skip


def ranks_of(plan: Plan) -> list[tuple[int, ...]]:
    return [mesh.ranks for mesh in plan.meshes]


def a_plan(sizes: list[int], fragments: list[Fragment], values: list[Value], lists: list[list[Instruction]]) -> Plan:
    """Meshes of ``sizes`` devices, and what each of them does."""
    firsts = [sum(sizes[:i]) for i in range(len(sizes))]
    meshes = tuple(
        Mesh(name=f"mesh{i}", ranks=tuple(range(first, first + size)), axes=(Axis(name="d", size=size),))
        for i, (first, size) in enumerate(zip(firsts, sizes, strict=True))
    )
    return Plan(
        version=1, name="random", machine=Machine(name="here", hosts=1, devices_per_host=sum(sizes), memory_bytes=1e9),
        schedule="", microbatches=1, num_stages=len(sizes), batch_size=None, program="", meshes=meshes, arguments=(), results=(),
        values=tuple(values), fragments=tuple(fragments), instructions=tuple(map(tuple, lists)), slots=(), prediction=NOTHING,
    )  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any order of runs, sends and receives that ends when sends do not block; runs overwrite what they read, or not."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    held: list[list[str]] = [[] for _ in sizes]
    values: list[Value] = []
    fragments: list[Fragment] = []
    lists: list[list[Instruction]] = [[] for _ in sizes]
    wires: dict[tuple[int, int], list[str]] = {}
    for _ in range(draw(st.integers(1, 24))):
        kind, mesh = draw(st.sampled_from(["run", "send", "send", "recv"])), draw(st.integers(0, len(sizes) - 1))
        if kind == "run" or (kind == "send" and not held[mesh]):
            inputs = draw(st.lists(st.sampled_from(held[mesh]), unique=True, max_size=2)) if held[mesh] else []
            donated = tuple(i for i in range(len(inputs)) if draw(st.booleans()))
            name = f"v{len(values)}"
            split = st.sampled_from([((), ()), (("d",), ()), ((), ("d",))])
            placements = tuple(Placement(mesh=m, sharding=draw(split)) for m in range(len(sizes)))
            values.append(Value(id=name, kind="step", dtype="f32", shape=(6, 6), placements=placements, argument=None))
            fragments.append(
                Fragment(name=f"f{name}", stage=mesh, phase="forward", mesh=mesh, file="", inputs=tuple(inputs),
                         outputs=(name,), donated=donated, flops=0, temp_bytes=0)
            )  # fmt: skip
            held[mesh] = [one for one in held[mesh] if one not in {inputs[i] for i in donated}] + [name]
            lists[mesh].append(Run(fragment=f"f{name}"))
        elif kind == "send":
            to = (mesh + draw(st.integers(1, len(sizes) - 1))) % len(sizes)
            value = draw(st.sampled_from(held[mesh]))
            if value not in held[to] and value not in [
                v for (_, end), wire in wires.items() if end == to for v in wire
            ]:
                wires.setdefault((mesh, to), []).append(value)
                lists[mesh].append(Send(value=value, to=to))
        else:
            _take_one(draw(st.sampled_from(sorted(wires))) if wires else None, wires, held, lists)
    while wires:
        _take_one(draw(st.sampled_from(sorted(wires))), wires, held, lists)
    return a_plan(sizes, fragments, values, lists)


def _take_one(
    pair: tuple[int, int] | None,
    wires: dict[tuple[int, int], list[str]],
    held: list[list[str]],
    lists: list[list[Instruction]],
) -> None:
    if pair is not None:
        value = wires[pair].pop(0)
        held[pair[1]].append(value)
        lists[pair[1]].append(Recv(value=value, source=pair[0]))
        if not wires[pair]:
            del wires[pair]


@settings(max_examples=60)
@given(plans())
def test_no_order_that_a_plan_may_have_hangs(plan: Plan) -> None:
    sent = sum(isinstance(item, Send) for items in plan.instructions for item in items)
    assert play(record(plan), ranks_of(plan)) >= 2 * sent


@settings(max_examples=30, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(plans(), st.data())
def test_receives_in_another_order_than_sent_are_caught(plan: Plan, data: st.DataObject) -> None:
    swaps = [
        (mesh, i, j)
        for mesh, items in enumerate(plan.instructions)
        for i, one in enumerate(items)
        for j, other in enumerate(items[:i])
        if isinstance(one, Recv)
        and isinstance(other, Recv)
        and one.source == other.source
        and all(isinstance(between, Recv) for between in items[j:i])
    ]
    assume(swaps)
    mesh, i, j = data.draw(st.sampled_from(swaps))
    items = list(plan.instructions[mesh])
    items[i], items[j] = items[j], items[i]
    wrong = msgspec.structs.replace(
        plan, instructions=(*plan.instructions[:mesh], tuple(items), *plan.instructions[mesh + 1 :])
    )
    with pytest.raises((Disagree, Hang)):
        play(record(wrong, steps=1), ranks_of(wrong))


@pytest.mark.parametrize(("stages", "devices", "microbatches"), [(2, 2, 4), (3, 2, 3), (4, 1, 2)])
def test_handmade(tmp_path: Path, stages: int, devices: int, microbatches: int) -> None:
    plan = handmade.make(tmp_path / "plan", stages, devices, microbatches)
    assert play(record(plan, steps=3), ranks_of(plan)) > 0


@pytest.mark.parametrize("schedule", ["1f1b", "gpipe"])
def test_planned(tmp_path: Path, schedule: str) -> None:
    options = PlanOptions(hosts=3, devices_per_host=1, microbatches=4, stages=3, schedule=schedule)
    plan = make_plan(str(MODULES / "gpt.mlirbc"), str(tmp_path / "plan"), options)
    assert len(links_of(plan)) >= 4
    assert play(record(plan), ranks_of(plan)) > 0


def crossing() -> Plan:
    """Two meshes that both send before they receive."""
    value = Value(
        id="x", kind="step", dtype="f32", shape=(4,), argument=None,
        placements=tuple(Placement(mesh=m, sharding=((),)) for m in (0, 1)),
    )  # fmt: skip
    values = [value, msgspec.structs.replace(value, id="y")]
    fragments = [
        Fragment(name=f"f{name}", stage=mesh, phase="forward", mesh=mesh, file="", inputs=(), outputs=(name,), donated=(),
                 flops=0, temp_bytes=0)
        for mesh, name in enumerate("xy")
    ]  # fmt: skip
    lists: list[list[Instruction]] = [
        [Run(fragment="fx"), Send(value="x", to=1), Recv(value="y", source=1)],
        [Run(fragment="fy"), Send(value="y", to=0), Recv(value="x", source=0)],
    ]
    return a_plan([1, 1], fragments, values, lists)


def test_who_was_never_greeted_waits_on_the_host() -> None:
    plan = crossing()
    assert play(record(plan), ranks_of(plan)) == 6
    with pytest.raises(Hang, match=r"rank 0 waits on its host.*rank 1 waits on its host"):
        play(record(plan, greets=False), ranks_of(plan))


def test_communicators_entered_in_another_order_hang() -> None:
    def enters(rank: int, *pairs: tuple[int, int]) -> list[Op]:
        return [Op("connect", pair, comm=pair, place=pair.index(rank), size=2, waits=True) for pair in pairs]

    one_order = [enters(0, (0, 1), (0, 2)), enters(1, (0, 1), (1, 2)), enters(2, (0, 2), (1, 2))]
    others = [enters(0, (0, 2), (0, 1)), enters(1, (0, 1), (1, 2)), enters(2, (1, 2), (0, 2))]
    assert play(one_order, [[0], [1], [2]]) == 0
    with pytest.raises(Hang):
        play(others, [[0], [1], [2]])


def test_what_cannot_be_lent_goes_through_the_hosts() -> None:
    value = crossing().values[0]
    assert carries(value)
    assert not carries(msgspec.structs.replace(value, dtype="i4"))
    assert not carries(msgspec.structs.replace(value, shape=(4, 0)))
    plan = msgspec.structs.replace(
        crossing(), values=tuple(msgspec.structs.replace(each, dtype="ui2") for each in crossing().values)
    )
    assert links_of(plan) == ()


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("connect", "rank 0 (mesh 0, stage 0), connecting mesh 0 to mesh 1: NCCL: unhandled cuda error"),
        ("send", "rank 0 (mesh 0, stage 0), sending x to mesh 1: NCCL: unhandled cuda error"),
        ("receive", "rank 0 (mesh 0, stage 0), receiving y from mesh 1: NCCL: unhandled cuda error"),
        ("close", "rank 0 (mesh 0, stage 0), leaving mesh 0 to mesh 1: NCCL: unhandled cuda error"),
    ],
)
def test_an_error_names_rank_and_value(method: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise NcclError("unhandled cuda error")

    monkeypatch.setattr(Library if method == "connect" else Recorded, method, fails)
    with pytest.raises(NcclError) as caught:
        record(crossing(), steps=1)
    assert str(caught.value) == said

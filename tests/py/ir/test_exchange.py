"""Transfers as the runtime makes them, all devices in one process: every element lands right, and what is sent is what was priced."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.driver import make_plan
from compiler.explain.facts import transfer_rows
from compiler.machine.files import load_machine
from compiler.options import PlanOptions
from compiler.plan.pieces import box_slices, shard_boxes
from compiler.plan.records import Axis, Instruction, Mesh, Placement, Plan, Recv, Send, Value
from compiler.transfers.wires import Transfers
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.host_memory import ALIGNMENT, HostMemory
from runtime.devices.xla import World
from runtime.step.exchange import Exchange
from runtime.transport.base import Array, Received

MODULES = Path(__file__).parents[2] / "modules"
ZOO = sorted(path.stem for path in (MODULES / "zoo").glob("*.mlirbc"))
SIZES = [(1,), (2,), (3,), (2, 2), (4,), (3, 2), (1, 4), (2, 2, 2)]


class Mail(Received):
    """A message that is there already."""

    def __init__(self, array: Array, data: bytes) -> None:
        self.array, self.data = array, data

    def ready(self) -> bool:
        return True

    def wait(self) -> Array:
        self.array[...] = np.frombuffer(self.data, self.array.dtype).reshape(self.array.shape)
        return self.array


class Wire:
    """What all ranks have sent each other."""

    def __init__(self) -> None:
        self.messages: defaultdict[tuple[int, int, int], deque[bytes]] = defaultdict(deque)
        self.num_bytes = self.count = 0

    def end(self, rank: int) -> Any:
        """The transport of one rank."""

        def send(array: Array, to: int, tag: int) -> None:
            self.messages[rank, to, tag].append(array.tobytes())
            self.num_bytes, self.count = self.num_bytes + array.nbytes, self.count + 1

        def receive_into(array: Array, source: int, tag: int) -> Mail:
            assert array.flags.c_contiguous
            return Mail(array, self.messages[source, rank, tag].popleft())

        def receive(shape: tuple[int, ...], dtype: np.dtype[Any], source: int, tag: int) -> Mail:
            return receive_into(np.empty(shape, dtype), source, tag)

        return SimpleNamespace(send=send, receive=receive, receive_into=receive_into)


class Device:
    """One device of one mesh with its shards."""

    def __init__(self, plan: Any, mesh: int, device: int, wire: Wire) -> None:
        self.shards: dict[tuple[str, int | None], Array] = {}
        self.boxes: dict[str, Any] = {}
        self.dtypes = {value.id: numpy_dtype(value.dtype) for value in plan.values}
        for value in plan.values:
            for place in value.placements:
                if place.mesh == mesh:
                    self.boxes[value.id] = shard_boxes(value.shape, plan.meshes[mesh], place.sharding)[device]
        store = SimpleNamespace(
            values={value.id: value for value in plan.values},
            key=lambda value, _: (value.id, None),
            need=lambda key: self.shards[key],
            set=self.shards.__setitem__,
            shard_shape=lambda value: tuple(stop - start for start, stop in self.boxes[value]),
        )
        world = SimpleNamespace(get=lambda buffer: buffer, put_owned=lambda array: array)
        seat = SimpleNamespace(mesh=mesh, device=device)
        transport = wire.end(plan.meshes[mesh].ranks[device])
        self.exchange = Exchange(plan, cast("Any", seat), cast("Any", world), cast("Any", store), transport)

    def zeros(self, value: str) -> Array:
        """A shard."""
        shape = tuple(stop - start for start, stop in self.boxes[value])
        return np.zeros(shape, self.dtypes[value])

    def part(self, whole: Array, value: str) -> Array:
        """This device's part of an array."""
        return whole[box_slices(self.boxes[value])]


@st.composite
def transfers(draw: st.DrawFn) -> Any:
    """Two meshes of any sizes on two to four hosts, and one to four values of any layouts and types that travel together."""
    sizes = [draw(st.sampled_from(SIZES)) for _ in range(2)]
    axes = [tuple(Axis(f"{'xyz'[i]}", size) for i, size in enumerate(each)) for each in sizes]
    counts = [math.prod(each) for each in sizes]
    ranks = draw(st.permutations(range(sum(counts))))
    meshes = Mesh("a", tuple(ranks[: counts[0]]), axes[0]), Mesh("b", tuple(ranks[counts[0] :]), axes[1])
    values: list[Value] = []
    for number in range(draw(st.integers(1, 4))):
        rank = draw(st.integers(0, 3))
        shardings: list[tuple[tuple[str, ...], ...]] = []
        for mesh in meshes:
            where = [draw(st.integers(-1, rank - 1)) for _ in mesh.axes]
            order = draw(st.permutations(range(len(mesh.axes))))
            dims = [[mesh.axes[i].name for i in order if where[i] == dim] for dim in range(rank)]
            shardings.append(tuple(map(tuple, dims)))
        shape = [
            math.lcm(*(math.prod(a.size for a in m.axes if a.name in s[dim]) for m, s in zip(meshes, shardings)))  # noqa: B905
            * draw(st.integers(0 if draw(st.integers(0, 9)) == 0 else 1, 2))
            for dim in range(rank)
        ]
        dtype = draw(st.sampled_from(["f32", "bf16", "i1", "i4", "complex<f32>", "i64"]))
        places = tuple(Placement(mesh, sharding) for mesh, sharding in enumerate(shardings))
        values.append(Value(f"v{number}", "step", dtype, tuple(shape), places))
    per_host = draw(st.integers(2, 4))
    machine = SimpleNamespace(devices_per_host=per_host)
    return SimpleNamespace(values=tuple(values), meshes=meshes, machine=machine, microbatches=1)


@settings(max_examples=150, deadline=None)
@given(transfers(), st.integers(0, 1 << 30))
def test_every_element_lands_right_and_all_bytes_were_predicted(plan: Any, seed: int) -> None:
    rng, wire = np.random.default_rng(seed), Wire()
    wholes = {
        value.id: rng.integers(0, 2 if value.dtype == "i1" else 7, value.shape).astype(numpy_dtype(value.dtype))
        for value in plan.values
    }
    givers = [Device(plan, 0, device, wire) for device in range(len(plan.meshes[0].ranks))]
    takers = [Device(plan, 1, device, wire) for device in range(len(plan.meshes[1].ranks))]
    for giver in givers:
        giver.shards.update({(name, None): giver.part(whole, name) for name, whole in wholes.items()})
        giver.exchange.send([Send(v.id, 1, None, joined=i > 0) for i, v in enumerate(plan.values)])()
    for taker in takers:
        receive = taker.exchange.receive([Recv(v.id, 0, None, joined=i > 0) for i, v in enumerate(plan.values)])
        taker.exchange.begin()
        receive()
    for taker in takers:
        for name, whole in wholes.items():
            np.testing.assert_array_equal(taker.shards[name, None], taker.part(whole, name))
    assert not any(wire.messages.values())
    assert wire.count <= len(givers) * len(takers)
    machine = load_machine("local-cpu", 8, plan.machine.devices_per_host)
    priced = Transfers({value.id: value for value in plan.values}, plan.meshes, machine)
    predicted = sum(priced.of(value.id, 0, 1).num_bytes for value in plan.values)
    assert wire.num_bytes == predicted == sum(giver.exchange.sent_bytes for giver in givers)


def sent_bytes(plan: Plan) -> int:
    """What all devices send in a step, if every exchange of the plan is made as the runtime makes it."""
    wire = Wire()
    devices = [
        [Device(plan, i, device, wire) for device in range(len(mesh.ranks))] for i, mesh in enumerate(plan.meshes)
    ]
    for mesh, instructions in enumerate(plan.instructions):
        for group in groups(instructions):
            if isinstance(group[0], Send):
                for device in devices[mesh]:
                    for item in group:
                        device.shards[item.value, None] = device.zeros(item.value)
                    device.exchange.send(cast("list[Send]", group))()
    for mesh, instructions in enumerate(plan.instructions):
        for device in devices[mesh]:
            received = [
                device.exchange.receive(cast("list[Recv]", g)) for g in groups(instructions) if isinstance(g[0], Recv)
            ]
            device.exchange.begin()
            for receive in received:
                receive()
    assert not any(wire.messages.values()), "all that was sent was received"
    assert wire.num_bytes == sum(device.exchange.sent_bytes for each in devices for device in each)
    return wire.num_bytes


def groups(instructions: Sequence[Instruction]) -> list[list[Send | Recv]]:
    """Sends and receives, with what is joined to each."""
    found: list[list[Send | Recv]] = []
    for item in instructions:
        if isinstance(item, Send | Recv):
            if item.joined:
                found[-1].append(item)
            else:
                found.append([item])
    return found


@pytest.mark.parametrize("name", ZOO[3::25])
def test_programs_send_what_was_predicted(name: str, tmp_path: Path) -> None:
    plan = zoo_plan(name, tmp_path)
    assert (
        sent_bytes(plan)
        == plan.prediction.transfer_bytes_per_step
        == sum(row.message_bytes * row.times_per_step for row in transfer_rows(plan))
    )


def zoo_plan(name: str, folder: Path) -> Plan:
    """On two meshes of two devices each, between which the wire is slow."""
    batch = ("none",) if name == "graph_convolution" else None
    machine = str(MODULES / "slow-wires.toml")
    options = PlanOptions(hosts=2, devices_per_host=2, stages=2, machine=machine, batch_args=batch)
    return make_plan(str(MODULES / "zoo" / f"{name}.mlirbc"), str(folder / name), options)


def test_memory_of_an_array_that_is_gone_is_used_again() -> None:
    memory = HostMemory()
    first = memory.array((4, 4), np.dtype(np.float32))
    place = first.ctypes.data
    assert place % ALIGNMENT == 0
    second = memory.array((4, 4), np.dtype(np.float32))
    assert second.ctypes.data != place
    del first
    assert memory.array((2, 4), np.dtype(np.float64)).ctypes.data == place


@pytest.fixture(scope="module")
def world() -> World:
    return World.alone()


def test_a_device_keeps_what_it_is_given(world: World) -> None:
    """As long as the buffer or a view of it is there, its memory is not used again."""
    memory, kind = HostMemory(), ((1024,), np.dtype(np.float32))
    array = memory.array(*kind)
    place = array.ctypes.data
    array[...] = 3
    buffer = world.put_owned(array)
    del array
    view = world.get(buffer)
    assert view.ctypes.data == place, "no copy"
    assert memory.array(*kind).ctypes.data != place
    del buffer
    assert memory.array(*kind).ctypes.data != place
    assert (view == 3).all()


@pytest.mark.parametrize("viewed", [False, True])
def test_a_run_does_not_write_into_donated_memory_that_is_ours(world: World, viewed: bool) -> None:
    text = b"""func.func @main(%x: tensor<1024xf32> {tf.aliasing_output = 0 : i32}) -> tensor<1024xf32> {
      %0 = stablehlo.add %x, %x : tensor<1024xf32>
      return %0 : tensor<1024xf32> }"""
    executable = world.load(world.compile(text))
    array = HostMemory().array((1024,), np.dtype(np.float32))
    array[...] = 3
    buffer = world.put_owned(array)
    view = world.get(buffer) if viewed else None
    (result,) = world.run(executable, [buffer], [world.handler((1024,), np.dtype(np.float32))])
    assert (world.get(result) == 6).all()
    assert (array == 3).all()
    assert view is None or (view == 3).all()


@pytest.mark.parametrize("dtype", ["i4", "ui2", "f4E2M1FN", "bf16", "i1", "f8E4M3FN", "complex<f32>"])
@pytest.mark.parametrize("shape", [(), (0, 3), (3, 5)])
def test_every_type_is_taken_and_given_back(world: World, dtype: str, shape: tuple[int, ...]) -> None:
    array = HostMemory().array(shape, numpy_dtype(dtype))
    array[...] = np.ones(shape).astype(array.dtype)
    back = world.get(world.put_owned(array))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, np.ones(shape).astype(array.dtype))

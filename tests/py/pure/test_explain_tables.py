"""Memory, prediction and the report of a small plan that is written out by hand."""

import msgspec
import pytest
from rich.console import Console

from compiler.emit.instructions import make_instructions
from compiler.explain.document import explain_json
from compiler.explain.text import explain_text
from compiler.machine.description import Link
from compiler.machine.files import load_machine
from compiler.plan.program import Program
from compiler.plan.records import (
    Argument,
    Axis,
    Fragment,
    Mesh,
    Placement,
    Plan,
    Recv,
    Result,
    Run,
    Send,
    Value,
)
from compiler.plan.sizes import dtype_bits, message_bytes, placed_bytes, value_bytes
from compiler.schedules.order import FragmentKey
from compiler.schedules.schedule import make_schedule
from compiler.simulate.events import TransferOf, simulate_step
from compiler.simulate.memory import peak_bytes, reused_bytes
from compiler.simulate.predict import predict
from compiler.transfers.wires import Adapter, Transfer
from compiler.units import show_bytes, show_flops, show_s


def small_plan(microbatches: int = 2, transfer: Link | None = None) -> Plan:
    """Two stages of two devices; one activation and its gradient between them, one parameter on the first."""
    split, whole = (("x",), ()), ((), ())
    values = (
        Value("arg0", "argument", "f32", (64, 32), (Placement(0, whole),), argument=0),
        Value("batch1", "batch", "f32", (8, 64), (Placement(0, split),), argument=1),
        Value("act", "microbatch", "f32", (8, 32), (Placement(0, split), Placement(1, split))),
        Value("grad", "microbatch", "f32", (8, 32), (Placement(0, split), Placement(1, split))),
        Value("sum", "step", "f32", (64, 32), (Placement(0, whole),)),
        Value("loss", "step", "f32", (), (Placement(1, ()),)),
        Value("new", "step", "f32", (64, 32), (Placement(0, whole),)),
    )

    def fragment(name: str, stage: int, inputs: tuple[str, ...], outputs: tuple[str, ...], donated: tuple[int, ...]):
        phase = name.split(".", maxsplit=1)[0]
        made = {"name": name, "stage": stage, "phase": phase, "mesh": stage, "file": f"stages/{name}.mlir"}
        made |= {"inputs": inputs, "outputs": outputs, "donated": donated, "flops": 4e9, "temp_bytes": 0.0}
        return msgspec.convert(made, Fragment)

    fragments = (
        fragment("setup.0", 0, (), ("sum",), ()),
        fragment("setup.1", 1, (), ("loss",), ()),
        fragment("forward.0", 0, ("arg0", "batch1"), ("act",), ()),
        fragment("backward.1", 1, ("act", "loss"), ("grad", "loss"), (1,)),
        fragment("backward.0", 0, ("batch1", "grad", "sum"), ("sum",), (2,)),
        fragment("update.0", 0, ("arg0", "sum"), ("new",), (0, 1)),
    )
    meshes = tuple(Mesh(f"mesh{i}", (2 * i, 2 * i + 1), (Axis("x", 2),)) for i in (0, 1))
    names: dict[FragmentKey, str] = {(f.stage, f.phase, 0): f.name for f in fragments}
    schedule = make_schedule("1f1b", 2, microbatches, fragments=names)
    results = {"new": (0,), "loss": ()}
    instructions = make_instructions(fragments, values, schedule.runs(names), microbatches, results)
    rates = {"flops_per_s": {"f32": 2e10}, "memory_bandwidth_bytes_per_s": 8e9, "dispatch_s": 2e-4}
    machine = msgspec.structs.replace(load_machine("local-cpu", 1, 4), **rates)
    if transfer is not None:
        machine = msgspec.structs.replace(machine, transfer=transfer)
    return Plan(
        version=1,
        name="small",
        machine=machine.summary(),
        schedule="1f1b",
        microbatches=microbatches,
        num_stages=2,
        batch_size=8 * microbatches,
        program="program.mlir",
        meshes=meshes,
        arguments=(
            Argument(0, "w", "f32", (64, 32), "parameter", state_result=0),
            Argument(1, "x", "f32", (8 * microbatches, 64), "batch"),
        ),
        results=(
            Result(0, "w", "f32", (64, 32), "state", "new", state_arg=0),
            Result(1, "loss", "f32", (), "loss", "loss"),
        ),
        values=values,
        fragments=fragments,
        instructions=instructions,
        slots=schedule.slots,
        prediction=predict(
            Program.of(fragments, values, microbatches, results),
            meshes,
            instructions,
            machine,
            run_s={f.name: machine.compute_s(f.flops / 2, 0.0) for f in fragments},
        ),
        remarks=("one thing to know",),
    )


def printed(plan: Plan, width: int = 100) -> str:
    """What a terminal of that width shows."""
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        for item in explain_text(plan, width):
            console.print(item)
    return capture.get()


def test_the_text_says_what_matters() -> None:
    text = printed(small_plan())
    assert "small: 2 stages on 2 meshes, 2 microbatches of 8 rows, schedule 1f1b" in text
    assert "machine local-cpu: 1 hosts x 4 devices, 16 GiB each" in text
    assert "stage 0 S  F0 F1 B0 B1 U" in text
    assert "stage 1 S  ·  B0 B1 ·  ·" in text
    assert "dim 0 over x=2" in text
    assert "remark: one thing to know" in text
    assert "not shown" not in text


def test_a_wide_schedule_is_cut_off_and_says_so() -> None:
    text = printed(small_plan(40), width=60)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert "ticks do not fit and are not shown, see --json" in " ".join(text.split())


def test_the_json_has_it_all() -> None:
    plan = small_plan()
    found = msgspec.json.decode(msgspec.json.encode(explain_json(plan)))
    assert [row["value"] for row in found["transfers"]] == ["act", "grad"]
    assert found["transfers"][0] == {
        "value": "act",
        "dtype": "f32",
        "shape": [8, 32],
        "message_bytes": 1024,
        "source": "mesh0",
        "target": "mesh1",
        "per": "microbatch",
        "times_per_step": 2,
    }
    assert found["clock"][1] == ["S", "", "B0", "B1", "", ""]
    assert found["prediction"]["transfer_bytes_per_step"] == 4096
    assert found["remarks"] == ["one thing to know"]
    assert found["meshes"][0]["argument_bytes_per_device"] == 64 * 32 * 4


def test_prediction_of_the_small_plan() -> None:
    expected = small_plan(transfer=Link(0.0, 1e30)).prediction
    a_run = 0.1 + 2e-4  # 4 Gflop on 2 devices of 20 Gflop/s, and a dispatch
    assert expected.stage_forward_s == pytest.approx((a_run, 0), rel=1e-12)
    assert expected.stage_backward_s == pytest.approx((a_run, a_run), rel=1e-12)
    assert expected.step_s == pytest.approx(6 * a_run, rel=1e-12), "six runs of the first mesh, which never waits"
    assert 0 < expected.bubble_fraction < 0.5
    assert expected.mesh_peak_bytes[0] > expected.mesh_argument_bytes[0]


def test_prediction_waits_for_transfers() -> None:
    """1024 bytes a message, a half from each of two devices. Mesh 0: S F0 F1, then B0 when its gradient has come, B1, U."""
    a_run, link = 0.1 + 2e-4, Link(0.25, 512.0)
    seconds = 0.25 + 512 / 512.0
    expected = small_plan(transfer=link).prediction
    first_gradient = 2 * a_run + seconds + a_run + seconds  # S and F0, over, B0 of the other stage, back
    second_gradient = first_gradient + seconds  # its activation waits for the wire, for longer than B0 runs
    assert expected.step_s == pytest.approx(second_gradient + 2 * a_run, rel=1e-12)


def every_message(seconds: float, *adapters: Adapter) -> TransferOf:
    """All transfers take the same time, and all of it on the given adapters."""
    return lambda value, source, target: Transfer(1, 0.0, seconds, tuple((name, seconds) for name in adapters))


def test_a_perfect_pipeline_has_the_textbook_bubble() -> None:
    """1F1B with S stages and M microbatches idles (S - 1) / (M + S - 1) of the time."""
    stages, microbatches = 4, 8
    instructions: list[list[Run | Send | Recv]] = []
    for mesh, tasks in enumerate(make_schedule("1f1b", stages, microbatches, num_update_levels=0).tasks):
        items: list[Run | Send | Recv] = []
        for task in tasks:
            step = 1 if task.phase == "forward" else -1
            if 0 <= mesh - step < stages:
                items.append(Recv(f"{task.phase}", mesh - step, task.microbatch))
            items.append(Run(task.phase, task.microbatch))
            if 0 <= mesh + step < stages:
                items.append(Send(task.phase, mesh + step, task.microbatch))
        instructions.append(items)
    times = simulate_step(instructions, {"forward": 1.0, "backward": 2.0}, every_message(0))
    assert times.step_s == pytest.approx(3 * (microbatches + stages - 1))
    assert times.bubble_fraction == pytest.approx((stages - 1) / (microbatches + stages - 1))


def test_a_wire_carries_one_message_at_a_time() -> None:
    first = [Run("a"), Send("x", 1), Send("y", 1)]
    times = simulate_step([first, [Recv("x", 0), Recv("y", 0)]], {"a": 1.0}, every_message(5))
    assert times.step_s == 11


def test_meshes_that_share_an_adapter_wait_for_each_other() -> None:
    """Two meshes send at once to a third: over one adapter of its host one after the other, else side by side."""
    lists = [[Run("a"), Send("x", 2)], [Run("a"), Send("y", 2)], [Recv("x", 0), Recv("y", 1)]]
    assert simulate_step(lists, {"a": 1.0}, every_message(5)).step_s == 6
    assert simulate_step(lists, {"a": 1.0}, every_message(5, ("in", 0))).step_s == 11


def test_an_adapter_is_taken_in_the_order_of_time() -> None:
    """Mesh 0 comes first in the list and sends last: it does not hold up what mesh 1 sent before."""
    lists = [[Run("long"), Send("x", 2)], [Run("short"), Send("y", 3)], [Recv("x", 0)], [Recv("y", 1), Run("long")]]
    times = simulate_step(lists, {"long": 10.0, "short": 1.0}, every_message(5, ("out", 0)))
    assert times.step_s == 1 + 5 + 10


def test_simulating_a_deadlock_is_refused() -> None:
    with pytest.raises(ValueError, match="deadlock"):
        simulate_step([[Recv("x", 1)], []], {}, every_message(0))


def test_peak_counts_microbatches_in_flight() -> None:
    plan = small_plan(4)
    sizes = placed_bytes(plan.values, plan.meshes, 0)
    assert sizes == {"arg0": 8192, "batch1": 1024, "act": 512, "grad": 512, "sum": 8192, "new": 8192}
    program = Program.of(plan.fragments, plan.values, 4, {"new": (0,), "loss": ()})
    reused = {item.name: reused_bytes(item, plan.results, sizes) for item in plan.fragments}
    assert {name: size for name, size in reused.items() if size} == {"backward.0": 8192, "update.0": 8192}
    arguments, peak = peak_bytes(program, plan.instructions[0], sizes, {}, reused)
    assert arguments == 8192
    assert peak == 8192 + 8192 + 2 * 1024 + 512 + 2 * 512, (
        "two batches in flight, an activation or gradient, two more on their way"
    )
    _, more = peak_bytes(program, plan.instructions[0], sizes, {"backward.0": 100_000}, reused)
    assert more == pytest.approx(100_000 + peak, abs=1024)


@pytest.mark.parametrize(
    ("dtype", "bits"),
    [("f32", 32), ("bf16", 16), ("i1", 8), ("ui32", 32), ("complex<f32>", 64), ("f8E4M3FN", 8), ("index", 64)],
)
def test_dtype_bits(dtype: str, bits: int) -> None:
    assert dtype_bits(dtype) == bits


@pytest.mark.parametrize(
    ("dtype", "packed"), [("i4", 8), ("ui4", 8), ("f4E2M1FN", 8), ("i2", 4), ("ui2", 4), ("i1", 15), ("i8", 15)]
)
def test_narrow_values_are_packed_on_a_device_and_bytes_in_a_message(dtype: str, packed: int) -> None:
    value = Value("v1", "step", dtype, (3, 5), ())
    assert (value_bytes(value), message_bytes(value)) == (packed, 15)


def test_units() -> None:
    assert [show_bytes(n) for n in (0, 1023, 1536, 2**40)] == ["0 B", "1023 B", "1.5 KiB", "1 TiB"]
    assert [show_s(n) for n in (0, 2, 0.00123, 5e-6, 2e-9)] == ["0 s", "2 s", "1.23 ms", "5 µs", "2 ns"]
    assert [show_flops(n) for n in (5, 2.5e12)] == ["5 flop", "2.5 Tflop"]

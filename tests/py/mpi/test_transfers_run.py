"""Transfers between meshes on real ranks: equal to one device, and the bytes that are sent are those that were predicted."""

import json
from pathlib import Path

import pytest
from conftest import Jobs
from rich.console import Console

from benchmarks.truth import priced, truths
from compiler.driver import make_plan
from compiler.explain.facts import transfer_rows
from compiler.explain.text import explain_text
from compiler.options import PlanOptions
from compiler.plan.records import Plan, Send
from runtime.devices.xla import World

MODULES = Path(__file__).parents[2] / "modules"
MODULE, SLOW = MODULES / "residual_layers.mlir", str(MODULES / "slow-wires.toml")
ZOO = sorted(path.stem for path in (MODULES / "zoo").glob("*.mlirbc"))
ACTIVATION_BYTES = 16 * 64 * 4


def planned(folder: Path, intra: str, machine: str) -> Plan:
    options = PlanOptions(
        hosts=2, devices_per_host=2, microbatches=2, batch_args=("8", "9"), intra=intra, machine=machine
    )
    return make_plan(str(MODULE), str(folder), options)


def activations(plan: Plan) -> list[int]:
    """Bytes of each transfer of a microbatch."""
    return [row.message_bytes for row in transfer_rows(plan) if row.per == "microbatch"]


def printed(plan: Plan) -> str:
    """What a wide terminal shows of it."""
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        for item in explain_text(plan, 200):
            console.print(item)
    return capture.get()


def test_over_a_slow_wire_each_activation_is_sent_once(tmp_path: Path) -> None:
    """Megatron wants it whole on both devices of a mesh: it lands split, and forward and backward gather it."""
    slow, near = (planned(tmp_path / Path(name).stem, "megatron", name) for name in (SLOW, "local-cpu"))
    assert activations(slow) == [ACTIVATION_BYTES] * 2
    assert activations(near) == [2 * ACTIVATION_BYTES] * 2, "there a gather is dearer than a copy"
    landings = [landing for decision in slow.decisions for landing in decision.landings]
    assert [(item.kind, item.times) for landing in landings for item in landing.collectives] == [("all_gather", 4.0)]
    assert not any(decision.landings for decision in near.decisions)
    said, silent = printed(slow), printed(near)
    assert "arrive split and are spread by 4 x all_gather over x of 4 KiB" in said
    assert "arrive split" not in silent


def test_what_lands_split_is_gathered_by_collectives_that_were_counted(tmp_path: Path) -> None:
    plan = planned(tmp_path / "plan", "megatron", SLOW)
    found = truths(tmp_path / "plan", plan, World.here(2))
    for truth in found:
        assert truth.said == truth.made, truth.fragment.name
    assert sum((truth.a_step for truth in found), type(found[0].a_step)()) == priced(plan)


@pytest.mark.mpi
@pytest.mark.parametrize(("intra", "machine"), [("megatron", SLOW), ("data", "local-cpu")])
def test_equals_one_device_and_sends_what_was_predicted(jobs: Jobs, tmp_path: Path, intra: str, machine: str) -> None:
    plan = planned(tmp_path / "plan", intra, machine)
    assert any(isinstance(i, Send) and i.joined for items in plan.instructions for i in items)
    done = jobs.run(4, tmp_path / "plan", "--steps", 2, "--verify", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["verify"]["ok"] is True
    assert report["transfers"]["bytes_per_step"] == plan.prediction.transfer_bytes_per_step > 0
    assert report["transfers"]["predicted_bytes_per_step"] == plan.prediction.transfer_bytes_per_step


@pytest.mark.mpi
@pytest.mark.parametrize("name", ZOO[5::20])
def test_two_meshes_equal_one_device_and_send_what_was_predicted(name: str, jobs: Jobs) -> None:
    """Some programs of the zoo; test_zoo.py runs each on one mesh."""
    inputs = MODULES / "zoo" / f"{name}_inputs.npz"
    words = ["--hosts", 2, "--devices-per-host", 1, "--stages", 2, "--steps", 3, "--inputs", inputs, "--verify"]
    done = jobs.run(2, MODULES / "zoo" / f"{name}.mlirbc", *words, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["verify"]["ok"] is True
    assert report["transfers"]["bytes_per_step"] == report["transfers"]["predicted_bytes_per_step"]

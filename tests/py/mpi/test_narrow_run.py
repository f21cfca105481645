"""States, batches and activations of 2, 4 and 8 bits, between two stages and over the devices of a mesh: equal to one device."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Jobs

from compiler.driver import make_plan
from compiler.options import PlanOptions
from compiler.plan.records import Send
from runtime.devices.dtypes import numpy_dtype

pytestmark = pytest.mark.mpi

FOLDER = Path(__file__).parents[2] / "modules" / "cases" / "narrow"


def numbers(element: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray[Any, Any]:
    """Of every magnitude that the type has."""
    dtype = numpy_dtype(element)
    if element == "f8E8M0FNU":
        return np.exp2(random.integers(-3, 1, shape)).astype(dtype)
    if element.startswith("f"):
        return random.normal(size=shape).astype(np.float32).astype(dtype)
    bits = int(element.lstrip("ui"))
    low, high = (0, 1 << bits) if element.startswith("u") else (-(1 << (bits - 1)), 1 << (bits - 1))
    return random.integers(low, high, shape).astype(dtype)


@pytest.mark.parametrize(
    ("element", "devices"), [("i4", 1), ("ui4", 2), ("i2", 2), ("ui2", 1), ("f4E2M1FN", 2), ("f8E8M0FNU", 2)]
)
def test_equals_one_device(element: str, devices: int, jobs: Jobs, tmp_path: Path) -> None:
    random, inputs, plan = np.random.default_rng(3), tmp_path / "inputs.npz", tmp_path / "plan"
    arrays = [random.normal(size=(6, 5)), numbers(element, (7, 6), random), numbers(element, (8, 7), random)]
    arrays = [array.astype(np.float32) if array.dtype == np.float64 else array for array in arrays]
    arrays.append(random.normal(size=(8, 5)).astype(np.float32))
    np.savez(inputs, **{str(i): array for i, array in enumerate(arrays)})  # pyright: ignore[reportArgumentType]
    options = PlanOptions(
        hosts=2,
        devices_per_host=devices,
        stages=2,
        microbatches=2,
        batch_args=("2", "3"),
        loss=2,
        state_args=((0, 0), (1, 1)),
    )
    made = make_plan(str(FOLDER / f"step_{element}.mlir"), str(plan), options)
    types = {value.id: value.dtype for value in made.values}
    sent = [item for items in made.instructions for item in items if isinstance(item, Send)]
    assert element in {types[item.value] for item in sent}
    assert made.prediction.transfer_bytes_per_step >= 2 * 4 * 6, "a byte an element, in each of two microbatches"
    done = jobs.run(2 * devices, plan, "--steps", 2, "--verify", "--json", "--inputs", inputs)
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"] is True

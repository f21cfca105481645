"""Inputs: what a file may hold, what is generated, and that a slice is a slice of the whole whoever asks."""

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.plan.records import Argument
from dialects.errors import UserError
from runtime.data.generate import BLOCK, generate
from runtime.data.inputs import Inputs
from runtime.devices.dtypes import numpy_dtype

DTYPES = ["f32", "bf16", "f16", "f64", "f8E5M2", "i1", "i32", "ui8", "i4", "ui32", "complex<f32>"]
ROLES = ["parameter", "optimizer", "state", "batch", "constant"]


def argument(index: int = 0, dtype: str = "f32", shape: tuple[int, ...] = (4, 3), role: str = "batch") -> Argument:
    return Argument(index=index, name="x", dtype=dtype, shape=shape, role=role)  # type: ignore[arg-type]


def slices(shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(0, size) for size in shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("shape", [(), (5,), (6, 4), (0, 3), (2, 0), (2,)])
def test_generated_has_shape_and_dtype(dtype: str, role: str, shape: tuple[int, ...]) -> None:
    array = generate(argument(0, dtype, shape, role), 0, 0, slices(shape))
    assert (array.shape, array.dtype) == (shape, numpy_dtype(dtype))


@given(st.data())
def test_a_generated_slice_is_a_slice_of_the_whole(data: st.DataObject) -> None:
    shape = (data.draw(st.integers(1, 50)), data.draw(st.sampled_from([1, 3, BLOCK // 20])))
    what = argument(3, "f32", shape, "parameter")
    start = data.draw(st.integers(0, shape[0] - 1))
    where = (slice(start, data.draw(st.integers(start, shape[0]))), slice(0, max(1, shape[1] // 2)))
    np.testing.assert_array_equal(generate(what, 1, 0, where), generate(what, 1, 0, slices(shape))[where])


def test_generated_differs_by_seed_step_and_argument() -> None:
    made = [
        generate(argument(index, "f32", (64,)), seed, step, slices((64,)))
        for index, seed, step in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    ]
    assert len({array.tobytes() for array in made}) == 4


def test_integers_stay_below_their_bound() -> None:
    what = Argument(index=0, name="t", dtype="i32", shape=(500,), role="batch", exclusive_bound=7)
    array = generate(what, 0, 0, slices((500,)))
    assert set(array.tolist()) == set(range(7))


def test_counters_start_at_zero_and_keys_do_not() -> None:
    assert generate(argument(0, "i32", (), "optimizer"), 0, 0, ()) == 0
    assert generate(argument(0, "ui32", (2,), "state"), 0, 0, slices((2,))).any()


@pytest.mark.parametrize("compressed", [False, True])
def test_bfloat16_comes_back_from_raw_bytes(tmp_path: Path, compressed: bool) -> None:
    given_ = np.arange(12).reshape(4, 3).astype(ml_dtypes.bfloat16)
    (np.savez_compressed if compressed else np.savez)(tmp_path / "in.npz", **{"0": given_})
    inputs = Inputs((argument(0, "bf16", (4, 3)),), str(tmp_path / "in.npz"), 0, 1)
    assert inputs.generated == ()
    got = inputs.slices(0, 0, (slice(1, 3), slice(0, 3)))
    assert got.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(got.astype(np.float32), given_[1:3].astype(np.float32))


def test_fortran_order_and_scalars(tmp_path: Path) -> None:
    given_ = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(4, 3))
    np.savez(tmp_path / "in.npz", **{"0": given_, "1": np.array(5, np.int32)})
    inputs = Inputs((argument(0), argument(1, "i32", ())), str(tmp_path / "in.npz"), 0, 1)
    np.testing.assert_array_equal(inputs.whole(0, 0), given_)
    assert inputs.whole(1, 0) == 5


def test_steps_dimension(tmp_path: Path) -> None:
    given_ = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    np.savez(tmp_path / "in.npz", **{"0": given_})
    inputs = Inputs((argument(0),), str(tmp_path / "in.npz"), 0, 2)
    assert inputs.changes(0)
    np.testing.assert_array_equal(inputs.whole(0, 1), given_[1])
    with pytest.raises(UserError, match=r"got shape \[2, 4, 3\], want \[4, 3\] or \[3, 4, 3\]"):
        Inputs((argument(0),), str(tmp_path / "in.npz"), 0, 3)


def test_what_is_not_state_may_have_steps(tmp_path: Path) -> None:
    """A learning rate or an rng key given step by step changes step by step; state may not have steps."""
    np.savez(tmp_path / "in.npz", **{"0": np.array([0.1, 0.2], np.float32)})
    inputs = Inputs((argument(0, shape=(), role="constant"),), str(tmp_path / "in.npz"), 0, 2)
    assert inputs.changes(0)
    assert [float(inputs.whole(0, step)) for step in range(2)] == pytest.approx([0.1, 0.2])
    state = Argument(index=0, name="w", dtype="f32", shape=(), role="parameter", state_result=0)
    with pytest.raises(UserError, match=r"got shape \[2\], want \[\]"):
        Inputs((state,), str(tmp_path / "in.npz"), 0, 2)


def with_nan(folder: Path, role: str, dtype: str = "f32") -> Inputs:
    given_ = np.zeros((4, 3), numpy_dtype(dtype))
    given_[2, 1] = given_[3, 0] = np.nan
    np.savez(folder / "in.npz", **{"0": given_.view(f"V{given_.itemsize}") if dtype == "bf16" else given_})
    return Inputs((argument(0, dtype, role=role),), str(folder / "in.npz"), 0, 1)


@pytest.mark.parametrize("role", ["parameter", "optimizer", "state", "constant"])
def test_nan_is_refused_by_one_rank(tmp_path: Path, role: str) -> None:
    inputs = with_nan(tmp_path, role)
    assert inputs.check_values(1, 2) == []
    with pytest.raises(UserError, match=r"argument 0 \(x\): got NaN at \[2, 1\], want numbers; .*--allow-nan"):
        inputs.check_values(0, 2)
    assert inputs.check_values(0, 2, allow_nan=True) == ["argument 0 (x): NaN at 2 of 12 places, first at [2, 1]"]


@pytest.mark.parametrize("dtype", ["f32", "f64", "f16", "bf16", "complex<f32>"])
def test_nan_in_a_batch_is_said(tmp_path: Path, dtype: str) -> None:
    inputs = with_nan(tmp_path, "batch", dtype)
    assert inputs.check_values(0, 1) == ["argument 0 (x): NaN at 2 of 12 places, first at [2, 1]"]


def test_infinity_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **{"0": np.array([1, -np.inf, np.nan, np.inf], np.float32), "1": np.float32(np.inf)})
    arguments = (argument(0, shape=(4,)), argument(1, shape=(), role="parameter"))
    assert Inputs(arguments, str(tmp_path / "in.npz"), 0, 1).check_values(0, 1) == [
        "argument 0 (x): NaN at 1 of 4 places, first at [2] and infinity at 2 of 4 places, first at [1]",
        "argument 1 (x): infinity at 1 of 1 places, first at []",
    ]

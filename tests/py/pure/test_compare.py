"""Comparison with one device: what counts as equal, and what rounding noise excuses."""

import ml_dtypes
import numpy as np
import pytest

from runtime.verify.compare import Difference, bound_of, perturbed, relative_error, rounding_of

NAN = float("nan")


@pytest.mark.parametrize(
    ("got", "want", "error"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([NAN, 2.0], [NAN, 2.0], 0.0),
        ([np.inf, 2.0], [np.inf, 2.0], 0.0),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([3.0, 4.0], [0.0, 5.0], np.sqrt(10) / 5),
        ([1.0], [0.0], np.inf),
        ([NAN, 2.0], [1.0, 2.0], np.inf),
        ([1.0, 2.0], [NAN, 2.0], np.inf),
        ([np.inf], [-np.inf], np.inf),
        ([], [], 0.0),
    ],
)
def test_relative_error(got: list[float], want: list[float], error: float) -> None:
    assert relative_error(np.array(got), np.array(want)) == pytest.approx(error)


def test_noise_excuses_up_to_its_factor() -> None:
    assert Difference("x", 1e-4).accepted(1e-3)
    assert not Difference("x", 1e-2).accepted(1e-3)
    assert Difference("x", 1e-2, noise=2e-3).accepted(1e-3)
    assert not Difference("x", 1e-2, noise=1e-3).accepted(1e-3)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("tensor<4xf32>", 1e-3),
        ("tensor<4xbf16>", 2e-2),
        ("tensor<f16>", 2e-2),
        ("tensor<2xf8E4M3FN>", 2e-2),
        ("f64", 1e-3),
    ],
)
def test_bound_follows_the_types(text: str, bound: float) -> None:
    assert bound_of(text) == bound


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2])
def test_perturbed_moves_by_an_ulp(dtype: type) -> None:
    array = np.linspace(1, 2, 1000).astype(dtype)
    moved = perturbed(array, np.random.default_rng(0))
    assert moved.dtype == array.dtype
    wide = np.complex128 if array.dtype.kind == "c" else np.float64
    distance = np.abs(moved.astype(wide) - array.astype(wide)).max()
    assert 0 < distance <= 4 * float(ml_dtypes.finfo(array.dtype).eps)


@pytest.mark.parametrize("dtype", [np.int32, np.bool_, ml_dtypes.int4])
def test_perturbed_leaves_integers(dtype: type) -> None:
    array = np.ones(8).astype(dtype)
    assert (perturbed(array, np.random.default_rng(0)) == array).all()


def test_programs_of_16_bit_floats_have_their_noise() -> None:
    assert rounding_of("tensor<4xf32>") == 0.0
    assert rounding_of("tensor<4xf32> tensor<4xf16>") == 2.0**-11
    assert rounding_of("tensor<f16> tensor<4xbf16>") == 2.0**-8
    array = np.ones(1000, np.float32)
    moved = np.abs(perturbed(array, np.random.default_rng(0), 2.0**-8) - 1)
    assert 2.0**-9 < moved.max() <= 2.0**-8
    assert not Difference("x", 5e-2, noise=1e-2).accepted(2e-2)
    assert Difference("x", 3.9e-2, noise=1e-2).accepted(2e-2)

"""Comparison with one device: what counts as equal, and what rounding noise excuses."""

from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from compiler.plan.records import Result
from runtime.verify.compare import (
    Difference,
    apart,
    bound_of,
    difference,
    differences,
    nothing_shown,
    perturbed,
    rounding_of,
)

NAN = float("nan")


INF = float("inf")


@pytest.mark.parametrize(
    ("got", "want", "error", "finite", "nan", "clash"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0, 2, 0, 0),
        ([NAN, 2.0], [NAN, 2.0], 0.0, 1, 1, 0),
        ([NAN, 3.0, 4.0], [NAN, 0.0, 5.0], np.sqrt(10) / 5, 2, 1, 0),
        ([INF, 2.0], [INF, 2.0], 0.0, 1, 0, 0),
        ([0.0, 0.0], [0.0, 0.0], 0.0, 2, 0, 0),
        ([3.0, 4.0], [0.0, 5.0], np.sqrt(10) / 5, 2, 0, 0),
        ([1.0], [0.0], INF, 1, 0, 0),
        ([NAN, 2.0], [1.0, 2.0], INF, 1, 0, 1),
        ([1.0, 2.0], [NAN, 2.0], INF, 1, 0, 1),
        ([INF, 2.0], [1.0, 2.0], INF, 1, 0, 1),
        ([INF], [-INF], INF, 0, 0, 1),
        ([NAN], [INF], INF, 0, 0, 1),
        ([NAN, 1.0, NAN], [NAN, NAN, 1.0], INF, 0, 1, 2),
        ([], [], 0.0, 0, 0, 0),
    ],
)
def test_how_far_apart(got: list[float], want: list[float], error: float, finite: int, nan: int, clash: int) -> None:
    found = apart(np.array(got), np.array(want))
    assert difference("x", found, None).error == pytest.approx(error)
    assert (found.places, found.finite, found.nan, found.clash) == (len(got), finite, nan, clash)
    assert difference("x", found, None).accepted(1e-3) == (error == 0)
    assert found.compared == (finite > 0 or clash > 0 or not got)


def test_complex_nan() -> None:
    got = np.array([complex(NAN, 1), 1j])
    assert apart(got, got).nan == 1
    assert apart(got, np.array([1j, 1j])).clash == 1


def test_noise_does_not_excuse_nan_on_one_side() -> None:
    clash = apart(np.array([NAN, 2.0]), np.array([1.0, 2.0]))
    found = difference("x", clash, apart(np.array([NAN, NAN]), np.array([1.0, 2.0])))
    assert not found.accepted(1e-3)
    assert found.complaint(1e-3) == "NaN or infinity at 1 of 2 places on one side only"


@pytest.mark.parametrize(("got", "accepted"), [(1e-9, True), (8e-9, True), (9e-9, False), (1.0, False)])
def test_noise_around_zero_excuses_noise(got: float, accepted: bool) -> None:
    """Of a true zero every error is infinitely large, and so is that of noise: the distances are held against each other."""
    zero = np.zeros(1)
    found = difference("x", apart(np.array([got]), zero), apart(np.array([1e-9]), zero))
    assert found.error == INF
    assert found.accepted(1e-3) == accepted
    assert not difference("x", apart(np.array([got]), zero), apart(zero, zero)).accepted(1e-3)


def plan_of(*roles: str) -> Any:
    results = tuple(Result(i, f"r{i}", "f32", (2,), role, "v") for i, role in enumerate(roles))  # type: ignore[arg-type]
    return SimpleNamespace(results=results, arguments=())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (([1, NAN], [NAN, 2]), ""),
        (([1, 2], [NAN, NAN]), ""),
        (([NAN, 2], [1, 2]), "the loss (r0) is NaN on both sides"),
        (([INF, INF], [NAN, INF]), "no result holds a finite number on either side"),
    ],
)
def test_equal_nan_is_no_proof(values: tuple[list[float], ...], said: str) -> None:
    plan = plan_of("loss" if values[0][0] != 1 and values[0][0] != INF else "metric", "output")
    arrays = {i: np.array(value, np.float32) for i, value in enumerate(values)}
    found = differences(plan, {}, {}, arrays, {}, arrays)
    assert nothing_shown(plan, found) == said
    assert [between.hidden != "" for between in found.values()] == [not np.isfinite(v).all() for v in values]


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

"""How far two runs of one program are apart: relative L2 error of updates, results and losses of a step. Pure numpy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.plan.records import Plan
from runtime.transport.base import Array

BOUND_F32, BOUND_F16 = 1e-3, 2e-2
NOISE_FACTOR = 8.0  # an error is accepted up to this many times the effect of one-ulp noise in the inputs
NOISE_FACTOR_F16 = (
    4.0  # … in programs with 16-bit floats, where the noise is theirs, and so thousands of times as large
)
_NARROW = {"bf16": 2.0**-7, "f16": 2.0**-10}


@dataclass(frozen=True)
class Difference:
    """Relative error ``error`` of ``name``; ``noise``: that of a reference run with one-ulp noise, if it was run."""

    name: str
    error: float
    noise: float | None = None

    def accepted(self, bound: float) -> bool:
        """Within the bound, or no larger than rounding explains."""
        factor = NOISE_FACTOR if bound < BOUND_F16 else NOISE_FACTOR_F16
        return self.error <= bound or (self.noise is not None and self.error <= factor * self.noise)


def bound_of(program: str) -> float:
    """2e-2 if the program's text computes in bf16, f16 or f8, 1e-3 otherwise."""
    return BOUND_F16 if re.search(r"[x<](bf16|f16|f8E\w+)>", program) else BOUND_F32


def rounding_of(program: str) -> float:
    """Half an ulp of the narrowest 16-bit float that the program's text computes in, relative; 0.0 without any.

    A program with float32 weights that multiplies in bf16 rounds them first: noise below that is not its own.
    """
    return max((ulp / 2 for name, ulp in _NARROW.items() if re.search(rf"[x<]{name}>", program)), default=0.0)


def differences(
    plan: Plan,
    state: Mapping[int, int],
    start: dict[int, Array],
    got: dict[int, Array],
    want_start: dict[int, Array],
    want: dict[int, Array],
) -> dict[str, float]:
    """Relative error by what it is of: updates ("update of params['w']"), losses and other results, of one step.

    ``state``: result -> the argument whose next value it is.
    ``start``, ``want_start``: the arguments of each of the two by index; an update is the new state minus the old.
    """
    errors: dict[str, float] = {}
    for result in plan.results:
        mine, its = got[result.index], want[result.index]
        label = result.name or f"result {result.index}"
        zero: Any = 0
        feeds = state.get(result.index)
        old, want_old = (zero, zero) if feeds is None else (_wide(a[feeds]) for a in (start, want_start))
        error = relative_error(_wide(mine) - old, _wide(its) - want_old)
        if mine.dtype.kind in "iub" and error == 0 and not np.array_equal(mine, its):
            error = float("inf")  # 64-bit integers that differ below what a float holds
        if feeds is not None:
            label = f"update of {plan.arguments[feeds].name or label}"
        errors[_unique(errors, label, result.index)] = error
    return errors


def relative_error(got: Array, want: Array) -> float:
    """||got - want|| / ||want|| over what is finite; places where both are the same NaN or infinity count as equal.

    0 if both are zero everywhere, infinity if only ``want`` is.
    """
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.linalg.norm(np.where(same, 0, got - want).ravel())
        size = np.linalg.norm(np.where(np.isfinite(want), want, 0).ravel())
    if distance == 0:
        return 0.0
    return float(distance / size) if size > 0 and np.isfinite(distance) else float("inf")


def perturbed(array: Array, random: np.random.Generator, least: float = 0.0) -> Array:
    """The array times 1 + u ulp, u uniform in [-1, 1], or u times ``least`` if that is more; integers and booleans as they are."""
    if array.dtype.kind not in "fcV":
        return array
    import ml_dtypes

    ulp = float(ml_dtypes.finfo(array.dtype).eps) if array.dtype.name[:3] not in ("int", "uin") else 0.0
    factor = 1 + max(ulp, least) * random.uniform(-1, 1, array.shape)
    return (array.astype(np.complex128 if array.dtype.kind == "c" else np.float64) * factor).astype(array.dtype)


def _wide(array: Array) -> Any:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _unique(taken: dict[str, float], label: str, index: int) -> str:
    return label if label not in taken else f"{label} (result {index})"

"""How far two runs of one program are apart: relative L2 error of updates, results and losses of a step. Pure numpy."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compiler.plan.records import Plan
from runtime.devices.dtypes import is_inexact
from runtime.transport.base import Array

BOUND_F32, BOUND_F16 = 1e-3, 2e-2
NOISE_FACTOR = 8.0  # an error is accepted up to this many times the effect of one-ulp noise in the inputs
NOISE_FACTOR_F16 = (
    4.0  # … in programs with 16-bit floats, where the noise is theirs, and so thousands of times as large
)
_NARROW = {"bf16": 2.0**-7, "f16": 2.0**-10}


@dataclass(frozen=True)
class Apart:
    """Two arrays held against each other. ``distance`` and ``size`` (of what is wanted) are L2 norms over ``finite`` places.

    Of ``places`` in all, ``nan`` hold NaN in both, ``clash`` NaN or infinity in one alone, or two different infinities; the rest
    holds one infinity in both.
    """

    distance: float
    size: float
    places: int
    finite: int
    nan: int = 0
    clash: int = 0

    @property
    def relative(self) -> float:
        """Distance by size: 0 if there is no distance, infinity if only that."""
        if self.distance == 0:
            return 0.0
        return self.distance / self.size if self.size > 0 and math.isfinite(self.distance) else math.inf

    @property
    def compared(self) -> bool:
        """Whether there was anything to compare; of an empty array there is nothing else."""
        return self.finite > 0 or self.clash > 0 or self.places == 0

    @property
    def hidden(self) -> str:
        """What of it could not be compared, in words, or ""."""
        if self.nan:
            return f"NaN at {self.nan} of {self.places} places on both sides, not compared"
        return "" if self.compared else f"the same infinities at all {self.places} places on both sides, not compared"


@dataclass(frozen=True)
class Difference:
    """Relative error ``error`` of ``name``; ``noise``: that of a reference run with one-ulp noise, if it was run.

    ``times_noise``: the distance by that of the noise, for a true value of zero, to which all is infinitely large.
    """

    name: str
    error: float
    noise: float | None = None
    times_noise: float | None = None
    clash: int = 0
    places: int = 0

    def accepted(self, bound: float) -> bool:
        """Within the bound, or no larger than rounding explains; rounding does not explain NaN."""
        factor = NOISE_FACTOR if bound < BOUND_F16 else NOISE_FACTOR_F16
        if self.error <= bound or self.clash or self.noise is None:
            return self.error <= bound
        if math.isinf(self.error):
            return self.times_noise is not None and self.times_noise <= factor
        return math.isfinite(self.noise) and self.error <= factor * self.noise

    def complaint(self, bound: float) -> str:
        """What is wrong with it."""
        if self.clash:
            return f"NaN or infinity at {self.clash} of {self.places} places on one side only"
        noise = f", one-ulp noise gives {self.noise:.1e}" if self.noise is not None else ""
        return f"relative error {self.error:.1e}, want at most {bound:g}{noise}"


def difference(name: str, apart: Apart, noise: Apart | None) -> Difference:
    """``apart`` judged by how far one-ulp noise moves the reference."""
    error = math.inf if apart.clash else apart.relative
    if noise is None:
        return Difference(name, error, clash=apart.clash, places=apart.places)
    times = apart.distance / noise.distance if 0 < noise.distance < math.inf else None
    return Difference(name, error, noise.relative, times, apart.clash, apart.places)


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
) -> dict[str, Apart]:
    """How far apart by what: updates ("update of params['w']"), losses and other results of one step, in the results' order.

    ``state``: result -> the argument whose next value it is.
    ``start``, ``want_start``: the arguments of each of the two by index; an update is the new state minus the old.
    """
    found: dict[str, Apart] = {}
    for result in plan.results:
        mine, its = got[result.index], want[result.index]
        label = result.name or f"result {result.index}"
        zero: Any = 0
        feeds = state.get(result.index)
        old, want_old = (zero, zero) if feeds is None else (_wide(a[feeds]) for a in (start, want_start))
        with np.errstate(invalid="ignore", over="ignore"):
            between = apart(_wide(mine) - old, _wide(its) - want_old)
        if mine.dtype.kind in "iub" and between.distance == 0 and not np.array_equal(mine, its):
            between = replace(between, distance=math.inf)  # 64-bit integers that differ below what a float holds
        if feeds is not None:
            label = f"update of {plan.arguments[feeds].name or label}"
        found[_unique(found, label, result.index)] = between
    return found


def apart(got: Array, want: Array) -> Apart:
    """Hold ``got`` against ``want``, place by place."""
    finite, nan = np.isfinite(got) & np.isfinite(want), np.isnan(got) & np.isnan(want)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.linalg.norm(np.where(finite, got - want, 0).ravel())
        size = np.linalg.norm(np.where(finite, want, 0).ravel())
    clash = int((~finite & ~nan & (got != want)).sum())
    return Apart(float(distance), float(size), want.size, int(finite.sum()), int(nan.sum()), clash)


def nothing_shown(plan: Plan, found: Mapping[str, Apart]) -> str:
    """Why a step without a wrong value shows nothing all the same, or "".

    A loss of NaN has gradients of NaN: what is left beside it (rows that no gradient reaches) is equal in any program.
    """
    pairs = list(zip(plan.results, found.items(), strict=True))
    for result, (label, between) in pairs:
        if result.role == "loss" and between.nan:
            return f"the loss ({label}) is NaN on both sides"
    floats = [between for result, (_, between) in pairs if is_inexact(result.dtype) and between.places]
    return "no result holds a finite number on either side" if floats and not any(a.compared for a in floats) else ""


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


def _unique(taken: Mapping[str, Apart], label: str, index: int) -> str:
    return label if label not in taken else f"{label} (result {index})"

"""How far two runs of one program are apart: relative L2 error of updates, results and losses. Pure numpy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.plan import Plan
from runtime.results import Scalar
from runtime.transport.mpi import Array

BOUND_F32, BOUND_F16 = 1e-3, 2e-2
NOISE_FACTOR = 8.0  # an error is accepted up to this many times the effect of one-ulp noise in the inputs


@dataclass(frozen=True)
class Outcome:
    """One run: the last step's results, and the scalar results of every step, by result index."""

    results: dict[int, Array]
    scalars: list[dict[int, Scalar]]


@dataclass(frozen=True)
class Difference:
    """Relative error ``error`` of ``name``; ``noise``: that of a reference run with one-ulp noise, if it was run."""

    name: str
    error: float
    noise: float | None = None

    def accepted(self, bound: float) -> bool:
        """Within the bound, or no larger than rounding explains."""
        return self.error <= bound or (self.noise is not None and self.error <= NOISE_FACTOR * self.noise)


def bound_of(program: str) -> float:
    """2e-2 if the program's text computes in bf16, f16 or f8, 1e-3 otherwise."""
    return BOUND_F16 if re.search(r"[x<](bf16|f16|f8E\w+)>", program) else BOUND_F32


def differences(plan: Plan, first: dict[int, Array], run: Outcome, reference: Outcome) -> dict[str, float]:
    """Relative error by what it is of: updates ("update of params['w']"), results, and losses by step.

    ``first``: the arguments before the first step, by index; updates are new minus first.
    """
    errors: dict[str, float] = {}
    for result in plan.results:
        got, want = run.results[result.index], reference.results[result.index]
        label = result.name or f"result {result.index}"
        start: Any = 0 if result.state_arg is None else _wide(first[result.state_arg])
        error = relative_error(_wide(got) - start, _wide(want) - start)
        if got.dtype.kind in "iub" and error == 0 and not np.array_equal(got, want):
            error = float("inf")  # 64-bit integers that differ below what a float holds
        if result.state_arg is not None:
            label = f"update of {plan.arguments[result.state_arg].name or label}"
        errors[_unique(errors, label, result.index)] = error
    names = {result.index: result.name or f"result {result.index}" for result in plan.results}
    for step, (got, want) in enumerate(zip(run.scalars, reference.scalars, strict=True)):
        for index in want:
            label = _unique(errors, f"{names[index]} of step {step + 1}", index)
            errors[label] = relative_error(_wide(np.asarray(got[index])), _wide(np.asarray(want[index])))
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


def perturbed(array: Array, random: np.random.Generator) -> Array:
    """The array times 1 + u ulp, u uniform in [-1, 1]; integers and booleans as they are."""
    if array.dtype.kind not in "fcV":
        return array
    import ml_dtypes

    ulp = float(ml_dtypes.finfo(array.dtype).eps) if array.dtype.name[:3] not in ("int", "uin") else 0.0
    factor = 1 + ulp * random.uniform(-1, 1, array.shape)
    return (array.astype(np.complex128 if array.dtype.kind == "c" else np.float64) * factor).astype(array.dtype)


def _wide(array: Array) -> Any:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _unique(taken: dict[str, float], label: str, index: int) -> str:
    return label if label not in taken else f"{label} (result {index})"

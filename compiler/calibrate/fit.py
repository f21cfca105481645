"""From measured seconds to the numbers of a machine file: least squares of logarithms, so that small sizes count as well.

Compute: seconds = dispatch + work / rate. Links: seconds = dispatch + slowdown[kind] * (a alpha + b bytes beta), where a and b are
those of ``passes.solvers.costs.mesh_costs`` for the cheapest algorithm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dialects.sharding import MeshShape
from passes.solvers.costs.mesh_costs import KINDS, AxisLink, Kind, MeshCosts

Floats = NDArray[np.float64]

_TURNS = 200  # it settles in about twenty
_STEP = 1e-6  # of a logarithm, for the slope
_STUCK = 1e6  # a damping at which no step changes anything any more
_BASE: Kind = "collective_permute"  # one message: its slowdown is 1, and so alpha and beta are those of a message


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. ``work``: flops or bytes (of a collective's larger side, a device). ``fitted_s``: 0 before the fit."""

    group: str  # "dispatch" | "memory" | "matmul f32" | "message" | a kind of collective
    label: str  # the size, for people
    work: float
    seconds: float
    devices: int = 1
    fitted_s: float = 0.0

    @property
    def error(self) -> float:
        """(fitted - measured) / measured."""
        return self.fitted_s / self.seconds - 1


@dataclass(frozen=True, slots=True)
class LinkFit:
    """A link, and by how much each kind of collective is slower than the model on it says."""

    latency_s: float
    bandwidth_bytes_per_s: float
    slowdown: dict[str, float]
    rings_only: bool
    samples: tuple[Sample, ...]


def fit_rate(samples: Sequence[Sample], dispatch_s: float) -> tuple[float, tuple[Sample, ...]]:
    """Work per second, and the samples with what the fit says. Raises ValueError if time does not grow with work."""
    largest = max(samples, key=lambda sample: sample.work)
    if largest.seconds <= 1.1 * dispatch_s:
        raise ValueError(f"{largest.group}: more work does not take longer than the dispatch of {dispatch_s:.1e} s")
    work = np.array([sample.work for sample in samples])
    (per_work,), fitted = _fit(samples, lambda p: dispatch_s + work * p[0], [largest.seconds / largest.work])
    return 1 / per_work, fitted


def fit_message(samples: Sequence[Sample]) -> LinkFit:
    """Messages between two ranks: alpha + bytes * beta."""
    work = np.array([sample.work for sample in samples])
    (alpha, beta), fitted = _fit(samples, lambda p: p[0] + work * p[1], _start(samples))
    return LinkFit(alpha, 1 / beta, {}, False, fitted)


def fit_link(samples: Sequence[Sample], dispatch_s: float) -> LinkFit:
    """Collectives: alpha, beta, the slowdown of each kind (that of a permute is 1), and whether rings alone explain them better."""
    fits = [_fit_link(samples, dispatch_s, rings_only) for rings_only in (False, True)]
    return min(fits, key=lambda fit: sum(log(1 + sample.error) ** 2 for sample in fit.samples))


def _fit_link(samples: Sequence[Sample], dispatch_s: float, rings_only: bool) -> LinkFit:
    kinds = [kind for kind in KINDS if kind != _BASE and any(sample.group == kind for sample in samples)]
    lines = [_lines(sample, rings_only) for sample in samples]
    most = max(map(len, lines))
    padded = np.array([[*group, *[group[-1]] * (most - len(group))] for group in lines])  # [sample, algorithm, 2]
    which = np.array([kinds.index(sample.group) + 2 if sample.group != _BASE else -1 for sample in samples])

    def model(p: Floats) -> Floats:
        slowdown = np.append(p, 1.0)[which]
        return dispatch_s + slowdown * (padded @ p[:2]).min(axis=1)

    (alpha, beta, *slow), fitted = _fit(samples, model, [*_start(samples), *[1.0] * len(kinds)])
    return LinkFit(alpha, 1 / beta, dict(zip(kinds, slow, strict=True)), rings_only, fitted)


def _lines(sample: Sample, rings_only: bool) -> tuple[tuple[float, float], ...]:
    """(messages, bytes on the way) of each algorithm that the costs know."""
    mesh = MeshShape((("x", sample.devices),))
    unit = MeshCosts(mesh, (AxisLink(1.0, 1.0),), (("f32", 1.0),), 1.0, 1.0, rings_only=rings_only)
    return tuple((alpha, beta * sample.work) for alpha, beta in unit.collective_lines(cast(Kind, sample.group), ["x"]))


def _start(samples: Sequence[Sample]) -> list[float]:
    largest = max(samples, key=lambda sample: sample.work)
    return [min(sample.seconds for sample in samples), largest.seconds / largest.work]


def _fit(
    samples: Sequence[Sample], model: Callable[[Floats], Floats], start: Sequence[float]
) -> tuple[list[float], tuple[Sample, ...]]:
    """The positive parameters of ``model`` for which the sum of log(fitted / measured)^2 is least: Levenberg, Marquardt (1963)."""
    target = np.log([sample.seconds for sample in samples])

    def residuals(logs: Floats) -> Floats:
        return np.log(model(np.exp(logs))) - target

    at = np.log(np.array(start))
    now, damping = residuals(at), 1e-3
    for _ in range(_TURNS):
        slope = np.array([(residuals(at + _STEP * unit) - now) / _STEP for unit in np.eye(len(at))]).T
        move = np.asarray(np.linalg.solve(slope.T @ slope + damping * np.eye(len(at)), -slope.T @ now), np.float64)
        next_at: Floats = at + np.clip(move, -1, 1)
        there = residuals(next_at)
        if there @ there < now @ now:
            at, now, damping = next_at, there, damping / 3
        else:
            damping *= 3
        if damping > _STUCK:
            break
    fitted = model(np.exp(at))
    shown = tuple(replace(sample, fitted_s=float(time)) for sample, time in zip(samples, fitted, strict=True))
    return [float(value) for value in np.exp(at)], shown

"""Brings results to rank 0: the scalars of every step as they come, the arrays of the last step at the end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.plan.parts import in_parts
from compiler.plan.pieces import ONE_DEVICE, Piece, pieces
from compiler.plan.records import Placement, Plan, Result, Value
from runtime.devices.dtypes import has_nan, is_complex, is_float, is_inexact, numpy_dtype
from runtime.devices.seats import Seat
from runtime.step.store import Store
from runtime.transport.base import Array, Received, Transport

Scalar = float | int | complex


@dataclass(frozen=True)
class StepReport:
    """The scalar results of one step by result index; ``seconds`` since the step before was complete on rank 0."""

    step: int
    scalars: dict[int, Scalar]
    seconds: float


class Results:
    """One rank's share of the gathering. Rank 0 receives; the first placement of each result's value gives."""

    def __init__(self, plan: Plan, seat: Seat, store: Store, transport: Transport) -> None:
        self._plan, self._seat, self._store, self._transport = plan, seat, store, transport
        self._values = {value.id: value for value in plan.values}
        self._scalars = [r for r in plan.results if r.role in ("loss", "metric") and not r.shape]
        self._coming: list[tuple[int, dict[int, Received], list[Received]]] = []
        self._last = time.monotonic()
        floats = [r for r in plan.results if is_inexact(r.dtype)]
        self._own_floats = [(r.index, r.value) for r in floats if self._is_first_holder(r)]

    def end_step(self, step: int) -> None:
        """After step ``step``, before its commit: start its scalars on their way, and the word that a mesh is done."""
        coming: dict[int, Received] = {}
        for result in self._scalars:
            value, placement = self._where(result)
            giver = self._plan.meshes[placement.mesh].ranks[0]
            if self._seat.rank == giver:
                self._transport.send(self._store.peek(value.id), 0, result.index)
            if self._seat.rank == 0:
                coming[result.index] = self._transport.receive((), numpy_dtype(result.dtype), giver, result.index)
        tag, first_ranks = 2 * len(self._plan.results), [mesh.ranks[0] for mesh in self._plan.meshes]
        nothing = np.empty(0, np.uint8)
        if self._seat.rank in first_ranks:
            self._transport.send(nothing, 0, tag)
        if self._seat.rank == 0:
            words = [self._transport.receive((0,), nothing.dtype, rank, tag) for rank in first_ranks]
            self._coming.append((step, coming, words))

    def reports(self, wait: bool) -> list[StepReport]:
        """On rank 0: the steps that all meshes have done, in order; with ``wait`` all that were begun."""
        found: list[StepReport] = []
        while self._coming and (
            wait or all(part.ready() for part in [*self._coming[0][1].values(), *self._coming[0][2]])
        ):
            step, parts, words = self._coming.pop(0)
            for word in words:
                word.wait()
            dtypes = {result.index: result.dtype for result in self._scalars}
            scalars = {index: as_scalar(part.wait(), dtypes[index]) for index, part in parts.items()}
            now = time.monotonic()
            found.append(StepReport(step, scalars, now - self._last))
            self._last = now
        return found

    def restart_clock(self) -> None:
        """The first step's seconds count from here."""
        self._last = time.monotonic()

    def gather(self) -> dict[int, Array]:
        """After the last step, before its commit: each of the user's results whole, on rank 0. Collective; {} elsewhere."""
        gathered: dict[int, Array] = {}
        for result in self._plan.results:
            value, placement = self._where(result)
            source = self._plan.meshes[placement.mesh]
            moves = pieces(value.shape, (source, placement.sharding), (ONE_DEVICE, tuple(() for _ in value.shape)))
            tag = len(self._plan.results) + result.index
            if placement.mesh == self._seat.mesh:
                self._give([move for move in moves if move.source == self._seat.device], value, tag)
            if self._seat.rank == 0:
                gathered[result.index] = self._take(moves, value, source.ranks, tag)
        self._transport.flush()
        return self._joined(gathered) if gathered else gathered

    def _joined(self, gathered: dict[int, Array]) -> dict[int, Array]:
        """By the user's indices: what the plan has in parts is put together."""
        groups = [(first.index, [gathered[p.index] for p in parts]) for first, parts in in_parts(self._plan.results)]
        return {index: np.concatenate(arrays) if arrays[1:] else arrays[0] for index, arrays in groups}

    def holding_nan(self) -> list[int]:
        """After a step, before its commit: the results of which this device's part holds NaN; one device looks at each part."""
        return [index for index, value in self._own_floats if has_nan(self._store.peek(value))]

    def _give(self, moves: list[Piece], value: Value, tag: int) -> None:
        if moves:
            shard = self._store.peek(value.id)
            for move in moves:
                self._transport.send(shard[move.source_slices], 0, tag)

    def _take(self, moves: list[Piece], value: Value, ranks: tuple[int, ...], tag: int) -> Array:
        whole: Array = np.empty(value.shape, numpy_dtype(value.dtype))
        for move in moves:
            part = self._transport.receive(move.shape, whole.dtype, ranks[move.source], tag)
            whole[move.target_slices] = part.wait()
        return whole

    def _is_first_holder(self, result: Result) -> bool:
        """Whether no device before this one in its mesh holds the same part of the result."""
        _, placement = self._where(result)
        if placement.mesh != self._seat.mesh:
            return False
        split = {axis for dim in placement.sharding for axis in dim}
        rest = self._seat.device
        for axis in reversed(self._plan.meshes[placement.mesh].axes):
            rest, place = divmod(rest, axis.size)
            if place and axis.name not in split:
                return False
        return True

    def _where(self, result: Result) -> tuple[Value, Placement]:
        value = self._values[result.value]
        return value, value.placements[0]


def as_scalar(array: Array, dtype: str) -> Scalar:
    """A 0-d array as a Python number."""
    item: Any = array[()]
    if is_complex(dtype):
        return complex(item)
    return float(item) if is_float(dtype) else int(item)

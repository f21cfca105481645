"""The buffers of one device, keyed by (value id, microbatch); None for values of which a step has one.

What the runtime feeds (rows of the batch, the microbatch's number) is put when it is first read. Between steps the new
state takes the place of the old.
"""

from __future__ import annotations

import numpy as np

from compiler.plan.pieces import Slices, box_slices, shard_boxes
from compiler.plan.records import Placement, Plan, Value
from dialects.errors import Failure
from runtime.data.inputs import Inputs
from runtime.devices.jaxlib_api import Buffer
from runtime.devices.seats import Seat
from runtime.devices.xla import World
from runtime.transport.base import Array

Key = tuple[str, int | None]
WRONG_PLAN = "the plan is wrong: plan again"


class Store:
    """All buffers of this device. Made with the state and constants of its mesh in it."""

    def __init__(self, plan: Plan, seat: Seat, world: World, inputs: Inputs) -> None:
        self._plan, self._world, self._inputs, self._step = plan, world, inputs, 0
        self.values = {value.id: value for value in plan.values}
        self._boxes: dict[str, Slices] = {}
        for value in plan.values:
            if any(placement.mesh == seat.mesh for placement in value.placements):
                sharding = placement_on(value, seat.mesh).sharding
                boxes = shard_boxes(value.shape, plan.meshes[seat.mesh], sharding)
                self._boxes[value.id] = box_slices(boxes[seat.device])
        self._held = [v for v in plan.values if v.kind == "argument" and v.id in self._boxes and not self._is_fed(v)]
        self._buffers: dict[Key, Buffer] = {(v.id, None): world.put(self._argument(v)) for v in self._held}

    def key(self, value: Value, m: int | None) -> Key:
        """As compiler.plan.program.Program.instance: of many in a step, a run without a microbatch means the last."""
        if value.kind in ("argument", "step"):
            return value.id, None
        return value.id, self._plan.microbatches - 1 if m is None else m

    def shard_shape(self, value: str) -> tuple[int, ...]:
        """The shape of this device's shard."""
        return tuple(part.stop - part.start for part in self._boxes[value])

    def need(self, key: Key) -> Buffer:
        """The buffer of ``key``."""
        buffer = self._buffers.get(key)
        if buffer is None:
            buffer = self._buffers[key] = self._world.put(self._feed(self.values[key[0]], key[1]))
        return buffer

    def set(self, key: Key, buffer: Buffer) -> None:
        """Keep a buffer, instead of an older one."""
        self._buffers[key] = buffer

    def drop(self, key: Key) -> None:
        """Forget a buffer: it was donated, or nothing reads it any more."""
        self._buffers.pop(key, None)

    def peek(self, value: str) -> Array:
        """This device's shard of a value of which the step has one, on the host (a read-only view)."""
        return self._world.get(self.need(self.key(self.values[value], None)))

    def begin(self, step: int) -> None:
        """Point the batch arguments at step ``step``."""
        self._step = step

    def commit(self) -> None:
        """End the step: results that are state become the arguments of the next, all at once; the rest is dropped."""
        source = {r.state_arg: r.value for r in self._plan.results if r.state_arg is not None}
        following: dict[Key, Buffer] = {}
        taken: set[Key] = set()
        for value in self._held:
            origin = self.values[source.get(_argument_of(value), value.id)]
            key = self.key(origin, None)
            if origin is value and key not in self._buffers:
                continue  # donated by its last reader, and no result renews it: nobody reads it again
            buffer = self.need(key)
            if key in taken:  # two arguments, one buffer: donating the one must not take the other
                buffer = self._world.put(self._world.get(buffer))
            following[value.id, None] = buffer
            taken.add(key)
        self._buffers = following

    def _feed(self, value: Value, m: int | None) -> Array:
        if value.kind == "index" and m is not None:
            return np.array(m, np.int32)
        if value.kind == "argument" and self._is_fed(value):
            return self._argument(value)
        if value.kind != "batch" or m is None:
            raise Failure(f"value {value.id} is read before it is there", remedy=WRONG_PLAN)
        return self._inputs.rows(_argument_of(value), self._step, m, self._plan.microbatches, self._boxes[value.id])

    def _argument(self, value: Value) -> Array:
        return self._inputs.slices(_argument_of(value), self._step, self._boxes[value.id])

    def _is_fed(self, value: Value) -> bool:
        """Whether each step has an array of its own: batches, and keys or rates given step by step."""
        index = _argument_of(value)
        return self._plan.arguments[index].role == "batch" or self._inputs.changes(index)


def placement_on(value: Value, mesh: int) -> Placement:
    """Where ``value`` is on ``mesh``. Raises Failure if it is not there."""
    found = next((placement for placement in value.placements if placement.mesh == mesh), None)
    if found is None:
        raise Failure(f"value {value.id} has no placement on mesh {mesh}", remedy=WRONG_PLAN)
    return found


def _argument_of(value: Value) -> int:
    if value.argument is None:
        raise Failure(f"value {value.id} of kind {value.kind} names no argument", remedy=WRONG_PLAN)
    return value.argument

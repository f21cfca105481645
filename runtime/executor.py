"""Runs the instruction list of one mesh, step after step, on one of its devices.

Buffers live in a store, keyed by (value id, microbatch); None for values of which a step has one. Everything that does
not change from step to step (keys, tags, pieces, executables) is resolved once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.plan import Fragment, Free, Placement, Plan, Recv, Run, Send, Value
from dialects.errors import Failure
from runtime.dtypes import numpy_dtype
from runtime.inputs import Inputs
from runtime.mesh import Seat
from runtime.transfer import Piece, Slices, box_slices, pieces, shard_boxes
from runtime.transport.mpi import Array, MpiTransport
from runtime.xla import Buffer, Executable, Handler, World

Key = tuple[str, int | None]


@dataclass(frozen=True)
class Action:
    """One resolved instruction: ``do`` it; ``text`` is what messages and traces call it."""

    text: str
    microbatch: int | None
    do: Callable[[], None]


class Executor:
    """This device's part of a plan. ``actions`` once per step, between ``begin`` and ``commit``."""

    def __init__(
        self,
        plan: Plan,
        seat: Seat,
        world: World,
        executables: dict[str, Executable],
        transport: MpiTransport,
        inputs: Inputs,
    ) -> None:
        self._plan, self._seat, self._world, self._executables = plan, seat, world, executables
        self._transport, self._inputs, self._step = transport, inputs, 0
        self._values = {value.id: value for value in plan.values}
        self._numbers = {value.id: number for number, value in enumerate(plan.values)}
        self._fragments = {fragment.name: fragment for fragment in plan.fragments}
        self._box: dict[str, Slices] = {v.id: self._slices(v) for v in plan.values if self._placement(v) is not None}
        self._store: dict[Key, Buffer] = {}
        for value in plan.values:
            if value.kind == "argument" and value.id in self._box and not self._is_batch(value):
                self._store[value.id, None] = world.put(self._argument(value))
        self.actions = [self._resolve(instruction) for instruction in plan.instructions[seat.mesh]]

    def begin(self, step: int) -> None:
        """Point the batch arguments at step ``step``."""
        self._step = step

    def peek(self, value: str) -> Array:
        """This device's shard of a value of which the step has one, on the host (a read-only view)."""
        return self._world.get(self._need(self._key(self._values[value], None)))

    def commit(self) -> None:
        """End the step: results that are state become the arguments of the next, all at once; the rest is dropped."""
        arguments = [v for v in self._plan.values if v.kind == "argument" and v.id in self._box and not self._is_batch(v)]
        source = {r.state_arg: r.value for r in self._plan.results if r.state_arg is not None}
        following: dict[Key, Buffer] = {}
        taken: set[str] = set()
        for value in arguments:
            origin = source.get(value.argument, value.id)
            key = self._key(self._values[origin], None)
            if origin == value.id and key not in self._store:
                continue  # donated by its last reader, and no result renews it: nobody reads it again
            buffer = self._need(key)
            following[value.id, None] = buffer if origin not in taken else self._world.put(self._world.get(buffer))
            taken.add(origin)
        self._store = following

    def _resolve(self, instruction: Run | Send | Recv | Free) -> Action:
        m = instruction.microbatch
        if isinstance(instruction, Run):
            fragment = self._fragments[instruction.fragment]
            return Action(f"run {fragment.name}", m, self._run(fragment, m))
        value = self._values[instruction.value]
        key = self._key(value, m)
        if isinstance(instruction, Free):
            return Action(f"free {value.id}", m, lambda: self._free(key))
        here = self._placed(value, self._seat.mesh)
        if isinstance(instruction, Send):
            moves = self._moves(value, here, self._placed(value, instruction.to))
            mine = [piece for piece in moves if piece.source == self._seat.device]
            ranks = self._plan.meshes[instruction.to].ranks
            return Action(f"send {value.id} to mesh {instruction.to}", m, self._send(key, mine, ranks, self._tag(key)))
        moves = self._moves(value, self._placed(value, instruction.source), here)
        mine = [piece for piece in moves if piece.target == self._seat.device]
        ranks = self._plan.meshes[instruction.source].ranks
        text = f"receive {value.id} from mesh {instruction.source}"
        return Action(text, m, self._receive(key, value, mine, ranks, self._tag(key)))

    def _run(self, fragment: Fragment, m: int | None) -> Callable[[], None]:
        executable = self._executables[fragment.name]
        inputs = [self._key(self._values[name], m) for name in fragment.inputs]
        outputs = [self._key(self._values[name], m) for name in fragment.outputs]
        handlers = [self._handler(self._values[name]) for name in fragment.outputs]
        donated = [inputs[position] for position in fragment.donated]
        if len(set(inputs)) < len(inputs) and set(donated) & {key for key in inputs if inputs.count(key) > 1}:
            raise Failure(f"fragment {fragment.name} donates an input that it also reads elsewhere")

        def run() -> None:
            results = self._world.run(executable, [self._need(key) for key in inputs], handlers)
            for key in donated:
                del self._store[key]
            self._store.update(zip(outputs, results, strict=True))

        return run

    def _handler(self, value: Value) -> Handler:
        shape = tuple(part.stop - part.start for part in self._box[value.id])
        return self._world.handler(shape, numpy_dtype(value.dtype))

    def _send(self, key: Key, mine: Iterable[Piece], ranks: tuple[int, ...], tag: int) -> Callable[[], None]:
        def send() -> None:
            array = self._world.get(self._need(key))
            for piece in mine:
                self._transport.send(array[piece.source_slices], ranks[piece.target], tag)

        return send

    def _receive(
        self, key: Key, value: Value, mine: list[Piece], ranks: tuple[int, ...], tag: int
    ) -> Callable[[], None]:
        dtype = numpy_dtype(value.dtype)
        shape = tuple(s.stop - s.start for s in self._box[value.id])

        def receive() -> None:
            parts = [self._transport.receive(piece.shape, dtype, ranks[piece.source], tag) for piece in mine]
            if len(parts) == 1 and mine[0].shape == shape:
                self._store[key] = self._world.put(parts[0].wait())
                return
            array = np.empty(shape, dtype)
            for piece, part in zip(mine, parts, strict=True):
                array[piece.target_slices] = part.wait()
            self._store[key] = self._world.put(array)

        return receive

    def _free(self, key: Key) -> None:
        self._store.pop(key, None)

    def _need(self, key: Key) -> Buffer:
        """The buffer of ``key``; what the runtime feeds (batches, the microbatch number) is put when first read."""
        buffer = self._store.get(key)
        if buffer is None:
            buffer = self._store[key] = self._world.put(self._feed(self._values[key[0]], key[1]))
        return buffer

    def _feed(self, value: Value, m: int | None) -> Array:
        if value.kind == "index" and m is not None:
            return np.array(m, np.int32)
        if value.kind == "argument" and self._is_batch(value):
            return self._argument(value)
        if value.kind != "batch" or m is None:
            raise Failure(f"value {value.id} is read before it is there", remedy="the plan is wrong: plan again")
        first, *rest = self._box[value.id] or (slice(0, 0),)
        rows = slice(m * value.shape[0] + first.start, m * value.shape[0] + first.stop)
        return self._inputs.slices(_argument_of(value), self._step, (rows, *rest))

    def _argument(self, value: Value) -> Array:
        return self._inputs.slices(_argument_of(value), self._step, self._box[value.id])

    def _is_batch(self, value: Value) -> bool:
        return value.argument is not None and self._plan.arguments[value.argument].role == "batch"

    def _key(self, value: Value, m: int | None) -> Key:
        """As compiler.instructions.Program.instance: what a step has many of is the last one for a run without microbatch."""
        if value.kind in ("argument", "step"):
            return value.id, None
        return value.id, self._plan.microbatches - 1 if m is None else m

    def _tag(self, key: Key) -> int:
        return self._numbers[key[0]] * (self._plan.microbatches + 1) + (0 if key[1] is None else key[1] + 1)

    def _moves(self, value: Value, source: Placement, target: Placement) -> list[Piece]:
        meshes = self._plan.meshes
        return pieces(value.shape, (meshes[source.mesh], source.sharding), (meshes[target.mesh], target.sharding))

    def _placed(self, value: Value, mesh: int) -> Placement:
        found = next((placement for placement in value.placements if placement.mesh == mesh), None)
        if found is None:
            raise Failure(f"value {value.id} has no placement on mesh {mesh}", remedy="the plan is wrong: plan again")
        return found

    def _placement(self, value: Value) -> Placement | None:
        return next((placement for placement in value.placements if placement.mesh == self._seat.mesh), None)

    def _slices(self, value: Value) -> Slices:
        mesh = self._plan.meshes[self._seat.mesh]
        sharding = self._placed(value, self._seat.mesh).sharding
        return box_slices(shard_boxes(value.shape, mesh, sharding)[self._seat.device])


def _argument_of(value: Value) -> int:
    if value.argument is None:
        raise Failure(f"value {value.id} of kind {value.kind} names no argument", remedy="the plan is wrong: plan again")
    return value.argument

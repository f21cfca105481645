"""Runs the instruction list of one mesh, step after step, on one of its devices.

Everything that does not change from step to step (keys, tags, pieces, executables) is resolved once, into one function
an instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compiler.plan.pieces import Piece, pieces
from compiler.plan.records import Fragment, Free, Plan, Recv, Run, Send, Value
from dialects.errors import Failure
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.jaxlib_api import Executable
from runtime.devices.seats import Seat
from runtime.devices.xla import World
from runtime.step.direct import Direct
from runtime.step.store import Key, Store, placement_on
from runtime.transport.base import Transport


@dataclass(frozen=True)
class Action:
    """One resolved instruction: ``do`` it; ``text`` is what messages and traces call it."""

    text: str
    microbatch: int | None
    do: Callable[[], None]


class Resolver:
    """Turns instructions into actions on one device."""

    def __init__(
        self,
        plan: Plan,
        seat: Seat,
        world: World,
        store: Store,
        executables: dict[str, Executable],
        transport: Transport,
        direct: Direct | None = None,
    ) -> None:
        """``direct``: how values that need not pass through the hosts travel; without it all go by ``transport``."""
        self._direct = direct
        self._plan, self._seat, self._world, self._store = plan, seat, world, store
        self._executables, self._transport = executables, transport
        self._numbers = {value.id: number for number, value in enumerate(plan.values)}
        self._fragments = {fragment.name: fragment for fragment in plan.fragments}

    def actions(self) -> list[Action]:
        """What this device does in a step, in order."""
        return [self._resolve(instruction) for instruction in self._plan.instructions[self._seat.mesh]]

    def _resolve(self, instruction: Run | Send | Recv | Free) -> Action:
        m = instruction.microbatch
        if isinstance(instruction, Run):
            fragment = self._fragments[instruction.fragment]
            return Action(f"run {fragment.name}", m, self._run(fragment, m))
        value = self._store.values[instruction.value]
        key = self._store.key(value, m)
        if isinstance(instruction, Free):
            return Action(f"free {value.id}", m, lambda: self._store.drop(key))
        if isinstance(instruction, Send):
            return Action(f"send {value.id} to mesh {instruction.to}", m, self._send(key, value, instruction.to))
        text = f"receive {value.id} from mesh {instruction.source}"
        return Action(text, m, self._receive(key, value, instruction.source))

    def _run(self, fragment: Fragment, m: int | None) -> Callable[[], None]:
        executable, values, store = self._executables[fragment.name], self._store.values, self._store
        inputs = [store.key(values[name], m) for name in fragment.inputs]
        outputs = [store.key(values[name], m) for name in fragment.outputs]
        handlers = [
            self._world.handler(store.shard_shape(name), numpy_dtype(values[name].dtype)) for name in fragment.outputs
        ]
        donated = {inputs[position] for position in fragment.donated}
        if any(inputs.count(key) > 1 for key in donated):
            raise Failure(f"fragment {fragment.name} donates an input that it also reads elsewhere")

        def run() -> None:
            results = self._world.run(executable, [store.need(key) for key in inputs], handlers)
            for key in donated:
                store.drop(key)
            for key, buffer in zip(outputs, results, strict=True):
                store.set(key, buffer)

        return run

    def _send(self, key: Key, value: Value, to: int) -> Callable[[], None]:
        if self._direct is not None and self._direct.carries(value):
            give = self._direct.sender(value, to)
            return lambda: give(self._store.need(key))
        mine = [piece for piece in self._pieces(value, self._seat.mesh, to) if piece.source == self._seat.device]
        ranks, tag = self._plan.meshes[to].ranks, self._tag(key)

        def send() -> None:
            array = self._world.get(self._store.need(key))
            for piece in mine:
                self._transport.send(array[piece.source_slices], ranks[piece.target], tag)

        return send

    def _receive(self, key: Key, value: Value, source: int) -> Callable[[], None]:
        if self._direct is not None and self._direct.carries(value):
            take = self._direct.receiver(value, source, self._store.shard_shape(value.id))
            return lambda: self._store.set(key, take())
        mine = [piece for piece in self._pieces(value, source, self._seat.mesh) if piece.target == self._seat.device]
        ranks, tag = self._plan.meshes[source].ranks, self._tag(key)
        dtype, shape = numpy_dtype(value.dtype), self._store.shard_shape(value.id)

        def receive() -> None:
            parts = [self._transport.receive(piece.shape, dtype, ranks[piece.source], tag) for piece in mine]
            if len(parts) == 1 and mine[0].shape == shape:
                self._store.set(key, self._world.put(parts[0].wait()))
                return
            array = np.empty(shape, dtype)
            for piece, part in zip(mine, parts, strict=True):
                array[piece.target_slices] = part.wait()
            self._store.set(key, self._world.put(array))

        return receive

    def _pieces(self, value: Value, source: int, target: int) -> list[Piece]:
        meshes = self._plan.meshes
        giver, taker = placement_on(value, source), placement_on(value, target)
        return pieces(value.shape, (meshes[source], giver.sharding), (meshes[target], taker.sharding))

    def _tag(self, key: Key) -> int:
        """One tag an instance of a value, so that what MPI matches is what the plan means."""
        return self._numbers[key[0]] * (self._plan.microbatches + 1) + (0 if key[1] is None else key[1] + 1)

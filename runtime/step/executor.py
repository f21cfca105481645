"""Runs the instruction list of one mesh, step after step, on one of its devices.

Everything that does not change from step to step (keys, tags, pieces, executables) is resolved once, into one function
an instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from compiler.plan.records import Fragment, Free, Instruction, Plan, Recv, Run, Send
from dialects.errors import Failure
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.jaxlib_api import Buffer, Executable
from runtime.devices.seats import Seat
from runtime.devices.xla import World
from runtime.step.direct import Direct
from runtime.step.exchange import Exchange
from runtime.step.store import Key, Store
from runtime.transport.base import Transport


@dataclass(frozen=True)
class Action:
    """One resolved instruction: ``do`` it; ``text`` is what messages and traces call it."""

    text: str
    microbatch: int | None
    do: Callable[[], None]


def in_groups(instructions: Sequence[Instruction]) -> list[list[Instruction]]:
    """Each instruction with those that are joined to it."""
    groups: list[list[Instruction]] = []
    for instruction in instructions:
        if isinstance(instruction, Send | Recv) and instruction.joined:
            groups[-1].append(instruction)
        else:
            groups.append([instruction])
    return groups


class Resolver:
    """Turns instructions into actions on one device; ``exchange`` does those with other meshes."""

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
        self._executables = executables
        self._fragments = {fragment.name: fragment for fragment in plan.fragments}
        self.exchange = Exchange(plan, seat, world, store, transport)

    def actions(self) -> list[Action]:
        """What this device does in a step, in order; sends that are joined are one action, and so are receives."""
        return [self._resolve(group) for group in in_groups(self._plan.instructions[self._seat.mesh])]

    def _resolve(self, group: list[Instruction]) -> Action:
        first = group[0]
        m = first.microbatch
        if isinstance(first, Run):
            fragment = self._fragments[first.fragment]
            return Action(f"run {fragment.name}", m, self._run(fragment, m))
        names = first.value if len(group) == 1 else f"{first.value} and {len(group) - 1} more"
        if isinstance(first, Free):
            key = self._store.key(self._store.values[first.value], m)
            return Action(f"free {names}", m, lambda: self._store.drop(key))
        if isinstance(first, Send):
            sends = [item for item in group if isinstance(item, Send)]
            return Action(f"send {names} to mesh {first.to}", m, self._send(sends))
        receives = [item for item in group if isinstance(item, Recv)]
        return Action(f"receive {names} from mesh {first.source}", m, self._receive(receives))

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

    def _send(self, sends: list[Send]) -> Callable[[], None]:
        """What the hosts need not see goes directly, the rest in one message."""
        direct, others = self._direct, [item for item in sends if not self._goes_directly(item)]
        if direct is None or len(others) == len(sends):
            return self.exchange.send(sends)
        store, gives = self._store, list[tuple[Key, Callable[[Buffer], None]]]()
        for item in sends:
            if item not in others:
                value = store.values[item.value]
                gives.append((store.key(value, item.microbatch), direct.sender(value, item.to)))
        rest = self.exchange.send(others) if others else None
        num_bytes = self.exchange.bytes_of([item for item in sends if item not in others])

        def send() -> None:
            for key, give in gives:
                give(store.need(key))
            self.exchange.sent_bytes += num_bytes
            if rest is not None:
                rest()

        return send

    def _receive(self, receives: list[Recv]) -> Callable[[], None]:
        direct, others = self._direct, [item for item in receives if not self._goes_directly(item)]
        if direct is None or len(others) == len(receives):
            return self.exchange.receive(receives)
        store, takes = self._store, list[tuple[Key, Callable[[], Buffer]]]()
        for item in receives:
            if item not in others:
                value = store.values[item.value]
                take = direct.receiver(value, item.source, store.shard_shape(value.id))
                takes.append((store.key(value, item.microbatch), take))
        rest = self.exchange.receive(others) if others else None

        def receive() -> None:
            for key, take in takes:
                store.set(key, take())
            if rest is not None:
                rest()

        return receive

    def _goes_directly(self, item: Send | Recv) -> bool:
        return self._direct is not None and self._direct.carries(self._store.values[item.value])

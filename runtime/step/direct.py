"""Values from mesh to mesh without the hosts: XLA lends its buffers, NCCL moves them, XLA adopts what came. No wait on the host.

XLA refuses to donate memory that is lent, and what it adopts is not its own to overwrite. So a value that a fragment may overwrite
is copied on the device: before it is sent, and after it came.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from compiler.plan.records import Plan, Value
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.jaxlib_api import Buffer
from runtime.devices.platform import Platform
from runtime.devices.seats import Seat, fragments_of
from runtime.devices.xla import World
from runtime.transport.base import Transport
from runtime.transport.links import carries, links_of, parts_to_receive, parts_to_send
from runtime.transport.nccl import Channel, Nccl, NcclError


class Direct:
    """This rank's ends of all its links, in both directions."""

    def __init__(self, plan: Plan, seat: Seat, world: World, nccl: Nccl, transport: Transport) -> None:
        """Enter the communicators. Collective over the job: their names go by ``transport``."""
        self._plan, self._seat, self._world = plan, seat, world
        self._overwritten = overwritten(plan, seat.mesh)
        self._channels: dict[tuple[int, int], Channel] = {}
        for link in links_of(plan):
            name = nccl.unique_id() if seat.rank == link.ranks[0] else None
            name = transport.broadcast(name, link.ranks[0])
            if seat.rank not in link.ranks:
                continue
            with self._named(f"connecting mesh {link.source} to mesh {link.target}"):
                place = link.ranks.index(seat.rank)
                channel = nccl.connect(name, len(link.ranks), place)
                targets = [target for source, target in link.pairs if source == place]
                channel.greet(targets, [source for source, target in link.pairs if target == place])
            self._channels[link.source, link.target] = channel

    def carries(self, value: Value) -> bool:
        """Whether the value goes this way; both sides know."""
        return carries(value)

    def sender(self, value: Value, to: int) -> Callable[[Buffer], None]:
        """What sends this device's parts of one instance of ``value`` to mesh ``to``."""
        mesh, world = self._seat.mesh, self._world
        parts = parts_to_send(self._plan, value, mesh, to, self._seat.device)
        channel, copies = self._channels[mesh, to], value.id in self._overwritten

        def send(buffer: Buffer) -> None:
            if parts:
                lent = world.copy_of(buffer) if copies else buffer
                with self._named(f"sending {value.id} to mesh {to}"):
                    channel.send(lambda stream: world.lend(lent, stream), parts)

        return send

    def receiver(self, value: Value, source: int, shape: tuple[int, ...]) -> Callable[[], Buffer]:
        """What receives one instance of ``value``, of which this device's shard has ``shape``; its buffer is filled later."""
        world, itemsize = self._world, numpy_dtype(value.dtype).itemsize
        parts = parts_to_receive(self._plan, value, source, self._seat.mesh, self._seat.device)
        channel, copies = self._channels[source, self._seat.mesh], value.id in self._overwritten

        def receive() -> Buffer:
            with self._named(f"receiving {value.id} from mesh {source}"):
                capsule = channel.receive(shape, itemsize, parts, world.adopting_stream)
            buffer = world.adopt(capsule, value.dtype)
            return world.copy_of(buffer) if copies else buffer

        return receive

    def close(self) -> None:
        """Leave the communicators, once everything has gone. Collective over each link: they are left in the order made."""
        for (source, target), channel in self._channels.items():
            with self._named(f"leaving mesh {source} to mesh {target}"):
                channel.close()

    @contextmanager
    def _named(self, what: str) -> Generator[None]:
        """An NcclError of the body says which rank it was, and what it did."""
        try:
            yield
        except NcclError as error:
            raise NcclError(
                f"NCCL: {error.message}", where=f"{self._seat.name}, {what}", remedy=error.remedy
            ) from error


@contextmanager
def direct_links(
    plan: Plan, seat: Seat, world: World, platform: Platform, transport: Transport
) -> Generator[Direct | None]:
    """What ``platform`` has for values between meshes, for the time of the body; None: they go through the hosts. Collective.

    After an exception there is no leaving, which would wait for ranks that do not come: the job ends.
    """
    nccl = platform.direct()
    if nccl is None:
        yield None
        return
    direct = Direct(plan, seat, world, nccl, transport)
    yield direct
    direct.close()


def overwritten(plan: Plan, mesh: int) -> frozenset[str]:
    """The values whose buffers some fragment of the mesh may overwrite, in this step or, as state, in the next."""
    donated = {f.inputs[position] for f in fragments_of(plan, mesh) for position in f.donated}
    arguments = {value.argument for value in plan.values if value.kind == "argument" and value.id in donated}
    return frozenset(donated | {result.value for result in plan.results if result.state_arg in arguments})

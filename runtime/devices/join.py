"""The ranks of a mesh join one XLA world, and leave it in the order in which nobody's connection breaks."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from runtime.devices.addresses import address_of
from runtime.devices.platform import Platform
from runtime.devices.xla import CPU, World
from runtime.transport.base import Transport


def hosts_of(transport: Transport) -> list[int]:
    """A number for each rank, the same on ranks of one host. Collective."""
    return transport.gather_codes(zlib.crc32(_host().encode()))


def _host() -> str:
    """What tells this host from others: two can have one name, and two containers of one machine cannot meet at 127.0.0.1."""
    words = [socket.gethostname()]
    with suppress(OSError):
        words += [Path("/proc/sys/kernel/random/boot_id").read_text(), str(Path("/proc/self/ns/net").readlink())]
    return " ".join(words)


@contextmanager
def joined_world(mesh: Transport, job: Transport, platform: Platform = CPU) -> Generator[World]:
    """The world of ``mesh`` on ``platform``, this rank being device ``mesh.rank``, while the body runs. Collective over ``job``.

    After an exception there is no leaving, which would wait for ranks that do not come: the job ends.
    """
    address = address_of(mesh, hosts_of(mesh))

    def share(text: str | None) -> str:
        return mesh.broadcast(text.encode() if text is not None else None).decode()

    world = World.joined(mesh.rank, mesh.size, share, address, platform)
    yield world
    job.gather_codes(0)
    world.close()  # all clients, then the services
    job.gather_codes(0)
    world.stop_service()

"""``mpirun -np 2 python messages.py``: one value from GPU to GPU there and back, by NCCL and by the hosts, several sizes; rank 0 prints."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))

from runtime.choose_platform import choose_platform
from runtime.devices.xla import World
from runtime.process import supervise
from runtime.start import run_ranks
from runtime.transport.base import Transport
from runtime.transport.links import Part

F32 = np.dtype(np.float32)
watch = supervise.split()


def work(transport: Transport) -> None:
    platform = choose_platform("cuda", watch.local_rank, transport).platform
    nccl, me, other = platform.direct(), transport.rank, 1 - transport.rank
    assert nccl is not None
    world = World.alone(platform)
    channels = []
    for source in (0, 1):
        name = transport.broadcast(nccl.unique_id() if me == source else None, source)
        channels.append(nccl.connect(name, 2, int(me != source)))
        channels[-1].greet([1] if me == source else [], [0] if me != source else [])

    for size in (4 << 10, 64 << 10, 1 << 20, 16 << 20, 256 << 20):
        shape = (size // 4,)
        part = (slice(0, shape[0]),)
        buffer = world.put(np.arange(shape[0], dtype=np.float32))

        def by_nccl(held: Any = buffer, shape: tuple[int] = shape, part: tuple[slice] = part) -> np.ndarray:
            for turn in (0, 1):
                if me == turn:
                    channels[turn].send(partial(world.lend, held), [Part(1, part, shape)])
                else:
                    capsule = channels[turn].receive(shape, 4, [Part(0, part, shape)], world.adopting_stream)
                    held = world.adopt(capsule, "f32")
            return world.get(held)[-1:]

        def by_hosts(held: Any = buffer, shape: tuple[int] = shape) -> np.ndarray:
            for turn in (0, 1):
                if me == turn:
                    transport.send(world.get(held), other, 1)
                else:
                    held = world.put(transport.receive(shape, F32, other, 1).wait())
            transport.flush()
            return world.get(held)[-1:]

        nccl_s, hosts_s = timed(transport, by_nccl, shape[0] - 1), timed(transport, by_hosts, shape[0] - 1)
        if me == 0:
            print(
                f"{size >> 10} KiB: NCCL {nccl_s * 1e6:.0f} us, by the hosts {hosts_s * 1e6:.0f} us, one way",
                flush=True,
            )
    for channel in channels:
        channel.close()


def timed(transport: Transport, there_and_back: Callable[[], np.ndarray], last: int) -> float:
    """Median seconds of one way, of seven turns; what came is what was sent."""
    seconds = []
    for _ in range(8):
        transport.gather_codes(0)
        began = time.perf_counter()
        assert there_and_back()[0] == np.float32(last)
        seconds.append((time.perf_counter() - began) / 2)
    return statistics.median(seconds[1:])


sys.exit(run_ranks(watch, work))

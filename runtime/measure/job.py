"""What calibration measures, on every rank at once: a device's rates are those that it has while its neighbours work too.

Each time is the best of several batches of the slowest rank's mean, so that what else the machine does counts as little as it can.
"""

import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from runtime.devices.dtypes import numpy_dtype
from runtime.devices.jaxlib_api import check_version
from runtime.devices.join import hosts_of, joined_world
from runtime.devices.xla import World
from runtime.measure.programs import KINDS, collective, groups_of, matmul, negate, result_elements
from runtime.process.failure import together
from runtime.process.listening import listening
from runtime.process.supervise import Watch
from runtime.transport.base import Transport

BATCHES = 5
F32 = np.dtype(np.float32)


def measure(spec: dict[str, Any], watch: Watch, transport: Transport) -> dict[str, Any]:
    """The samples, and what machine this is. Collective; the answer is whole on rank 0."""
    with listening(watch, transport, [f"rank {rank}" for rank in range(transport.size)]):
        return _measure(spec, watch, transport)


def _measure(spec: dict[str, Any], watch: Watch, transport: Transport) -> dict[str, Any]:
    load = os.getloadavg()[0]  # before the job itself is a load
    with together(transport, transport.rank):
        check_version()
    transport.all_have_met()
    hosts = hosts_of(transport)
    clock = _Clock(watch, transport, spec["batch_s"])
    samples = _compute(spec, clock, transport)
    samples += _messages(spec, clock, transport, hosts)
    with joined_world(transport, transport) as world:
        samples += _collectives(spec, clock, transport, world, hosts)
    transport.flush()
    counts = [hosts.count(code) for code in dict.fromkeys(hosts)]
    return {
        "samples": samples,
        "ranks": transport.size,
        "hosts": len(counts),
        "ranks_per_host": max(counts),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "load": load,
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
    }


class _Clock:
    """Times an action that all ranks do together."""

    def __init__(self, watch: Watch, transport: Transport, batch_s: float) -> None:
        self._watch, self._transport, self._batch_s = watch, transport, batch_s

    def seconds(self, what: str, action: Callable[[], object]) -> float:
        """The best batch's mean of the slowest rank. Collective."""
        self._watch.say(f"rank {self._transport.rank}, measuring {what}")
        action()  # the first time allocates
        repeats = max(1, min(1000, int(self._batch_s / self._batch(action, 1))))
        return min(self._batch(action, repeats) for _ in range(BATCHES))

    def _batch(self, action: Callable[[], object], repeats: int) -> float:
        self._transport.gather_codes(0)
        began = time.perf_counter_ns()
        for _ in range(repeats):
            action()
        spent = self._transport.gather_codes(time.perf_counter_ns() - began)
        return max(spent) / repeats / 1e9


def _compute(spec: dict[str, Any], clock: _Clock, transport: Transport) -> list[dict[str, Any]]:
    world = World.alone()
    samples: list[dict[str, Any]] = []

    def run(text: bytes, arrays: list[np.ndarray[Any, Any]], what: str) -> float:
        executable = world.load(transport.broadcast(world.compile(text) if transport.rank == 0 else None))
        arguments = [world.put(array) for array in arrays]
        handler = world.handler(arrays[0].shape, arrays[0].dtype)
        return clock.seconds(what, lambda: world.get(world.run(executable, arguments, [handler])[0]))

    samples.append({"what": "dispatch", "seconds": run(negate(1), [np.ones(1, F32)], "dispatch")})
    for size in spec["vector_bytes"]:
        seconds = run(negate(size // 4), [np.ones(size // 4, F32)], f"a copy of {size} bytes")
        samples.append({"what": "memory", "bytes": 2 * size, "seconds": seconds})
    for dtype in spec["dtypes"]:
        for size in spec["matrix_sizes"]:
            matrix = np.ones((size, size)).astype(numpy_dtype(dtype))
            seconds = run(matmul(size, dtype), [matrix, matrix], f"{dtype} matrices of {size}")
            samples.append({"what": "matmul", "dtype": dtype, "size": size, "flops": 2 * size**3, "seconds": seconds})
    return samples


def _messages(spec: dict[str, Any], clock: _Clock, transport: Transport, hosts: list[int]) -> list[dict[str, Any]]:
    """Half of the time of a message to the partner half of the ranks away and back, all pairs at once."""
    half = transport.size // 2
    partner = transport.rank + half if transport.rank < half else transport.rank - half
    level = "inter" if hosts[0] != hosts[half] else "intra"
    samples: list[dict[str, Any]] = []
    for size in spec["message_bytes"]:
        array = np.ones(size, np.uint8)

        def there_and_back(array: np.ndarray[Any, Any] = array) -> None:
            if transport.rank >= 2 * half:
                return
            if transport.rank < half:
                transport.send(array, partner, 1)
            transport.receive(array.shape, array.dtype, partner, 1).wait()
            if transport.rank >= half:
                transport.send(array, partner, 1)

        seconds = clock.seconds(f"messages of {size} bytes", there_and_back) / 2
        samples.append({"what": "message", "level": level, "bytes": size, "seconds": seconds})
    return samples


def _collectives(
    spec: dict[str, Any], clock: _Clock, transport: Transport, world: World, hosts: list[int]
) -> list[dict[str, Any]]:
    samples: list[dict[str, Any]] = []
    levels = [("intra", groups) for groups in groups_of(hosts, crossing=False)]
    levels += [("inter", groups) for groups in groups_of(hosts, crossing=True)]
    for level, groups in levels:
        size = len(groups[0])
        for kind in KINDS:
            for num_bytes in spec["message_bytes"]:
                larger = max(1, num_bytes // 4 // size) * size
                elements = larger // size if kind == "all_gather" else larger
                text = collective(kind, groups, elements)
                binary = transport.broadcast(world.compile(text) if transport.rank == 0 else None)
                executable, argument = world.load(binary), world.put(np.ones(elements, F32))
                handler = world.handler((result_elements(kind, size, elements),), F32)
                what = f"{kind} of {4 * larger} bytes over {size}"

                def run(executable: Any = executable, argument: Any = argument, handler: Any = handler) -> None:
                    world.get(world.run(executable, [argument], [handler])[0])

                seconds = clock.seconds(what, run)
                sample = {"what": "collective", "level": level, "kind": kind, "devices": size, "bytes": 4 * larger}
                samples.append({**sample, "seconds": seconds})
    return samples


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    match = re.search(r"model name\s*:\s*(.*)", path.read_text()) if path.exists() else None
    return match[1] if match else platform.processor() or platform.machine()

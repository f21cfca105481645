"""``--trace DIR``: what each rank did when, as Chrome trace JSON (open in chrome://tracing or ui.perfetto.dev).

One file a rank, ``rank-0005.json``; a mesh is a process of the picture and a device is a thread. Times are microseconds
since the job began on that rank.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from compiler.plan.scratch import whole_file
from dialects.errors import Failure
from runtime.devices.seats import Seat


class Trace:
    """Collects events in memory; ``write`` at the end."""

    def __init__(self, seat: Seat) -> None:
        self._seat, self._began, self._events = seat, time.perf_counter(), list[dict[str, Any]]()

    def now_us(self) -> float:
        """Microseconds since this trace was made."""
        return (time.perf_counter() - self._began) * 1e6

    def add(self, name: str, began_us: float, **details: int | None) -> None:
        """An event from ``began_us`` until now."""
        self._events.append({
            "name": name, "cat": name.partition(" ")[0], "ph": "X", "ts": round(began_us, 1),
            "dur": round(self.now_us() - began_us, 1), "pid": self._seat.mesh, "tid": self._seat.rank, "args": details,
        })  # fmt: skip

    def write(self, folder: str) -> None:
        """Write this rank's file into ``folder``."""
        names = [
            {"name": "process_name", "ph": "M", "pid": self._seat.mesh, "args": {"name": f"mesh {self._seat.mesh}"}},
            {"name": "thread_name", "ph": "M", "pid": self._seat.mesh, "tid": self._seat.rank,
             "args": {"name": self._seat.name}},
        ]  # fmt: skip
        path = Path(folder) / f"rank-{self._seat.rank:04d}.json"
        with whole_file(path) as file:
            file.write_text(json.dumps({"traceEvents": names + self._events, "displayTimeUnit": "ms"}))


def write_trace(trace: Trace | None, folder: str | None) -> None:
    """This rank's file into ``folder``, made if need be. Raises Failure if it cannot be written."""
    if trace is None or folder is None:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        trace.write(folder)
    except OSError as error:
        raise Failure(f"not written: {error.strerror or error}", where=folder) from error

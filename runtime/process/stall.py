"""Does a rank move? Its watcher asks the kernel, so that neither a long compilation nor Python's lock looks like a standstill.

A thread of the rank does nothing but wake up: ``beat``. Where the kernel lets it run, or the rank computes, the rank moves, also
when it only waits for others. What does not: a process that is stopped (SIGSTOP, a debugger), frozen, or that has waited for a
disk all the time. Loaded by the watcher as well, so the standard library only, and little of it.
"""

import os
import time

BEAT_AT, BEAT_BYTES = 1536, 16  # in the memory that rank and watcher share: how often it woke, and the thread's number
DEFAULT_S = 60.0
NAMED_S = "MESHWRIGHT_STALL_S"  # for tests: seconds after which a rank is named, in place of 60


def named_s() -> float:
    """Seconds without a move after which a rank is named."""
    try:
        asked = float(os.environ.get(NAMED_S, ""))
    except ValueError:
        return DEFAULT_S
    return asked if 0.1 <= asked <= 1e6 else DEFAULT_S


def tick_s() -> float:
    """Seconds between two looks, and between two beats."""
    return min(1.0, named_s() / 5)


def beat(memory: memoryview) -> None:
    """Start the thread that wakes up; ``memory`` is that of ``BEAT_AT``, ``BEAT_BYTES`` long."""
    import threading  # the watcher does without

    tick = tick_s()

    def wake() -> None:
        memory[8:16] = threading.get_native_id().to_bytes(8, "little")
        count = 0
        while True:
            count += 1
            memory[0:8] = count.to_bytes(8, "little")
            time.sleep(tick)

    threading.Thread(target=wake, daemon=True).start()


class Moves:
    """What the watcher knows of its rank's moves. ``still_s``: for how long it has seen none."""

    def __init__(self, pid: int, status_fd: int) -> None:
        self._pid, self._status_fd = pid, status_fd
        self._last: object = None
        self._looked_s = time.monotonic()
        self._named_s: float | None = None
        self.tick_s, self._limit_s = tick_s(), named_s()
        self.still_s = 0.0

    def look(self) -> str:
        """Look once -> what there is to say: that the rank has stood still for too long, or that it moves again; else "".

        Time in which this process was stopped itself does not count: it saw nothing.
        """
        now_s = time.monotonic()
        signs = self._signs()
        if signs != self._last:
            self._last, self.still_s = signs, 0.0
        else:
            self.still_s += min(now_s - self._looked_s, 2 * self.tick_s)
        self._looked_s = now_s
        if self._named_s is None and self.still_s >= self._limit_s:
            self._named_s = now_s - self.still_s
            return f"{self.standing()}{self._remedy()}"
        if self._named_s is not None and not self.still_s:
            since_s, self._named_s = self._named_s, None
            return f"moves again after {now_s - since_s:.0f} s"
        return ""

    def standing(self) -> str:
        """How long, where, and what the kernel says of it."""
        state = "".join(_stat(f"/proc/{self._pid}/stat")[:1])
        why = {"T": "it is stopped", "t": "it is stopped", "D": "it waits for a disk"}.get(
            state, "it gets no processor"
        )
        return f"has not moved for {self.still_s:.0f} s on host {os.uname().nodename}, process {self._pid}: {why}"

    def _remedy(self) -> str:
        return f"; kill -CONT {self._pid} lets it go on" if "stopped" in self.standing() else ""

    def _signs(self) -> object:
        """What is another when the rank has moved: its words, its beats, its processor time; on a disk, its main thread's."""
        words = os.pread(self._status_fd, BEAT_AT + BEAT_BYTES, 0)
        whole = _stat(f"/proc/{self._pid}/stat")
        if whole[:1] == ["D"]:
            return words[:1024], _stat(f"/proc/{self._pid}/task/{self._pid}/stat")[11:13]
        thread = int.from_bytes(words[BEAT_AT + 8 :], "little")
        return words, whole[11:13], _read(f"/proc/{self._pid}/task/{thread}/schedstat")


def _stat(path: str) -> list[str]:
    """State, parent, …; user time at 11, system time at 12."""
    return _read(path).rpartition(")")[2].split()


def _read(path: str) -> str:
    try:
        with open(path) as file:  # noqa: PTH123 pathlib costs each watcher a megabyte
            return file.read()
    except OSError:
        return ""

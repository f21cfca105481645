"""What counts as a move, of real processes: computing, waiting, holding Python's lock; and what does not: being stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.process.stall import BEAT_AT, NAMED_S, Moves, named_s, tick_s

ROOT = Path(__file__).parents[3]
BEATING = """
import ctypes, mmap, sys, time
from runtime.process.stall import BEAT_AT, BEAT_BYTES, beat
memory = mmap.mmap(int(sys.argv[1]), 2048)
beat(memoryview(memory)[BEAT_AT : BEAT_AT + BEAT_BYTES])
print(1, flush=True)
"""
WAITS = "time.sleep(60)"
COMPUTES = "while True: pass"
HOLDS_THE_LOCK = "ctypes.PyDLL(None).sleep(60)"  # as a native call may that waits for others


@contextmanager
def running(code: str) -> Generator[tuple[subprocess.Popen[bytes], Moves]]:
    memory = os.memfd_create("status")
    os.ftruncate(memory, 2048)
    command = [sys.executable, "-c", BEATING + code, str(memory)]
    with subprocess.Popen(command, pass_fds=[memory], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        yield process, Moves(process.pid, memory)
        process.kill()
    os.close(memory)


def watch(moves: Moves, seconds: float) -> list[str]:
    """What there is to say in this time."""
    said: list[str] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        said.append(moves.look())
        time.sleep(moves.tick_s)
    return [text for text in said if text]


@pytest.mark.parametrize("code", [WAITS, COMPUTES, HOLDS_THE_LOCK])
def test_alive_and_busy_moves(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMED_S, "1")
    with running(code) as (process, moves):
        assert watch(moves, 2) == []
        process.send_signal(signal.SIGSTOP)
        (said,) = watch(moves, 2)
        assert said.startswith("has not moved for 1 s on host ")
        assert said.endswith(f"process {process.pid}: it is stopped; kill -CONT {process.pid} lets it go on")
        process.send_signal(signal.SIGCONT)
        (said,) = watch(moves, 1)
        assert said in ("moves again after 2 s", "moves again after 3 s")


def test_a_watcher_that_was_stopped_itself_has_seen_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMED_S, "1")
    with running(WAITS) as (process, moves):
        moves.look()
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        moves.look()
        time.sleep(1.5)
        assert moves.look() == ""
        assert moves.still_s < 1


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-1", "0"])
def test_a_wrong_time_is_the_usual_one(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMED_S, text)
    assert named_s() == 60
    assert tick_s() == 1


def test_the_beats_lie_behind_the_letter() -> None:
    from runtime.process.watch import LETTER_AT, LETTER_BYTES, STATUS_BYTES, WORDS_BYTES

    assert WORDS_BYTES <= LETTER_AT
    assert LETTER_AT + LETTER_BYTES <= BEAT_AT < STATUS_BYTES

"""The door of a host's first rank: strangers and nonsense come to nothing, and a watcher that vanishes is noticed meanwhile."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.process import door as doors
from runtime.process.door import Door
from runtime.process.watch import MESSAGE_BYTES, may_speak, trusted

KEY = "0123456789abcdef"


GUESTS: list[socket.socket] = []


@pytest.fixture(autouse=True)
def guests() -> Iterator[None]:
    yield
    while GUESTS:
        GUESTS.pop().close()


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door(f"test-{os.urandom(8).hex()}", KEY, 4)
    yield made
    made.close()


def connect(door: Door, *messages: bytes) -> socket.socket:
    """A guest that says ``messages``."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    GUESTS.append(link)
    link.connect(door._socket.getsockname())
    for message in messages:
        link.send(message)
    return link


def settle(door: Door) -> list[int]:
    """All that the door makes of what was said up to now."""
    return [rank for _ in range(8) for rank in door.gone(0)]


def is_closed(link: socket.socket) -> bool:
    link.settimeout(0.2)
    try:
        return link.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def hello(rank: int) -> bytes:
    return f"hello {KEY} {rank}".encode()


def test_who_goes_without_a_farewell_is_missed(door: Door) -> None:
    links = [connect(door, hello(rank)) for rank in range(4)]
    assert settle(door) == []
    assert sorted(door.heard_s) == [0, 1, 2, 3]
    links[1].send(b"bye")
    links[1].close()
    links[2].send(b"beat")
    links[2].close()
    assert settle(door) == [2]
    assert sorted(door.heard_s) == [0, 3]


@pytest.mark.parametrize(
    "word",
    [
        b"hello", b"bye", b"beat", b"2\n", b"\0", b"hello wrong 2", b"hello  2", b"HELLO " + KEY.encode() + b" 2",
        hello(4), hello(-1), hello(10**30), f"hello {KEY} ²".encode(), hello(2) + b" ", hello(2) + b"\n", b"failed 2",
        hello(2) + b"0" * MESSAGE_BYTES, b"x" * 60_000,
    ],
)  # fmt: skip
def test_nonsense_is_sent_away(door: Door, word: bytes) -> None:
    mine = connect(door, hello(2))
    link = connect(door, word)
    assert settle(door) == []
    assert is_closed(link)
    link.close()
    assert settle(door) == []
    mine.close()
    assert settle(door) == [2]


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.booleans())
def test_no_words_without_the_key_end_or_silence_a_job(words: list[bytes], close: bool) -> None:
    door = Door(f"test-{os.urandom(8).hex()}", KEY, 4)
    mine, other = connect(door, hello(3)), connect(door)
    for word in words:
        try:
            other.send(word)
        except (BrokenPipeError, ConnectionResetError):
            break
        assert door.gone(0) == []
    if close:
        other.close()
    assert settle(door) == []
    mine.close()
    assert settle(door) == [3]
    other.close()
    door.close()


def test_nobody_takes_the_place_of_a_rank(door: Door) -> None:
    mine = connect(door, hello(1))
    settle(door)
    second = connect(door, hello(1), b"bye")
    assert settle(door) == []
    assert is_closed(second)
    mine.close()
    assert settle(door) == [1]


def test_a_watcher_of_another_version_may_say_more(door: Door) -> None:
    mine = connect(door, hello(1), b"news", b"x" * 1000)
    assert settle(door) == []
    mine.close()
    assert settle(door) == [1]


def test_who_says_nothing_has_to_go(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "HELLO_S", 0.05)
    held = connect(door)
    settle(door)
    time.sleep(0.1)
    assert settle(door) == []
    assert is_closed(held)


def test_a_crowd_that_says_nothing_keeps_nobody_out(door: Door) -> None:
    for _ in range(300):
        connect(door)
    mine = connect(door, hello(0))
    assert settle(door) == []
    assert 0 in door.heard_s
    assert len(door._guests) <= doors.MAX_SILENT + 1
    mine.close()
    assert settle(door) == [0]


def test_another_user_is_not_let_in() -> None:
    door = Door(f"test-{os.urandom(8).hex()}", KEY, 4, may_enter=lambda _: False)
    link = connect(door, hello(2))
    assert settle(door) == []
    assert is_closed(link)
    assert door.heard_s == {}
    door.close()


def as_nobody(name: str) -> int:
    """In a process of user 65534: bind, listen and connect at ``name`` -> its process id. It stays until killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.setresuid(65534, 65534, 65534)
        taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        taken.bind(f"\0{name}-said")
        taken.listen()
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link.connect(f"\0{name}")
        link.send(hello(2))
        os.write(writer, b"1")
        time.sleep(60)
        os._exit(0)
    os.read(reader, 1)
    os.close(reader)
    os.close(writer)
    return child


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_the_kernel_says_who_it_is(door: Door) -> None:
    name = door._socket.getsockname()[1:].decode()
    child = as_nobody(name)
    try:
        assert settle(door) == []
        assert door.heard_s == {}
        assert may_speak(name)  # a stranger who has taken the word silences nobody
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_one_process_speaks() -> None:
    name = f"test-{os.urandom(8).hex()}"
    assert may_speak(name)
    assert not may_speak(name)


def test_this_user_is_trusted() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    assert trusted(left)
    left.close()
    assert not trusted(left)
    right.close()

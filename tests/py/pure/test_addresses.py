"""At which address a host is reached: doors on this machine, and the choice among what was found."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dialects.errors import Failure, UserError
from runtime.devices import addresses
from runtime.devices.addresses import Card, choose_addresses
from runtime.process import launcher

A = Card("a", ["10.0.0.1", "172.17.0.1"], 1, "aa")
B = Card("b", ["172.17.0.1", "10.0.0.2"], 2, "bb")
C = Card("c", ["10.0.0.3"], 3, "cc")


def test_the_first_address_that_all_others_reached() -> None:
    reached = {
        0: {"2": ["10.0.0.2"], "4": ["10.0.0.3"]},
        2: {"0": ["10.0.0.1", "172.17.0.1"], "4": ["10.0.0.3"]},
        4: {"0": ["172.17.0.1"], "2": ["172.17.0.1", "10.0.0.2"]},
    }
    assert choose_addresses({0: A, 2: B, 4: C}, reached) == {0: "172.17.0.1", 2: "10.0.0.2", 4: "10.0.0.3"}


def test_a_host_that_another_does_not_reach_is_named_with_it() -> None:
    reached = {0: {"1": ["10.0.0.2"], "2": []}, 1: {"0": ["10.0.0.1"], "2": ["10.0.0.3"]}, 2: {"0": ["10.0.0.1"], "1": ["10.0.0.2"]}}  # fmt: skip
    with pytest.raises(Failure, match=r"host c is not reached from host a at 10\.0\.0\.3; let its ports"):
        choose_addresses({0: A, 1: B, 2: C}, reached)


def test_a_host_without_an_address() -> None:
    with pytest.raises(Failure, match="host c is not reached from host a at any address but its loopback"):
        choose_addresses({0: A, 1: replace(C, addresses=[])}, {0: {"1": []}, 1: {"0": ["10.0.0.1"]}})


def test_a_door_says_its_word_to_everybody() -> None:
    with addresses._Door() as door, addresses._Door() as other:
        here = replace(door.card, addresses=["127.0.0.1"])
        assert addresses._answering(here) == ["127.0.0.1"]
        assert addresses._answering(replace(here, port=other.card.port)) == []  # another's door
        for _ in range(3):  # who comes and runs away
            with socket.create_connection(("127.0.0.1", here.port)) as rude:
                rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert addresses._knock({7: here}) == {"7": ["127.0.0.1"]}
    assert addresses._answering(here) == []


def test_no_loopback_is_an_address() -> None:
    found = addresses.own_addresses()
    assert len(set(found)) == len(found)
    assert not any(address.startswith("127.") for address in found)


def test_named_interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(addresses.INTERFACES, "lo")
    assert addresses.own_addresses() == []
    monkeypatch.setenv(addresses.INTERFACES, "lo,ib7")
    with pytest.raises(UserError, match=r"got 'ib7', want an interface that has an address: .*lo"):
        addresses.own_addresses()


def test_a_launcher_that_waits_is_ended(tmp_path: Path) -> None:
    """An mpirun that ignores the first signal; one that is no ancestor is left alone."""
    mpirun = tmp_path / "mpirun"
    mpirun.write_text(Path("/bin/sh").read_bytes().decode("latin1"), "latin1")
    mpirun.chmod(0o755)
    lines = "from runtime.process import launcher; launcher.WAIT_S = 0.5; print(launcher._launcher())"
    asking = [str(mpirun), "-c", f"{sys.executable} -c '{lines}'; echo $$"]
    done = subprocess.run(asking, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    found, own = done.stdout.splitlines()
    assert found.startswith(f"({own}, ")
    assert launcher._launcher() is None
    waiting = subprocess.Popen([str(mpirun), "-c", "trap '' TERM; while :; do sleep 0.1; done"])
    start = launcher._stat(waiting.pid)
    assert start is not None
    began = time.monotonic()
    words = (
        f"launcher.WAIT_S = launcher.INSIST_S = 0.5; sys.argv[1:] = ['{waiting.pid}', '{start[2]}']; launcher.main()"
    )
    root = {"cwd": Path(__file__).parents[3], "check": True}
    subprocess.run([sys.executable, "-c", f"import sys; from runtime.process import launcher; {words}"], **root)
    assert waiting.wait(5) == -9
    assert time.monotonic() - began < 10
    assert not Path(f"/proc/{waiting.pid}").exists()

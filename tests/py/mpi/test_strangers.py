"""Other users of the machine can see a job's socket and its ports: they neither end nor silence it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import handmade
from conftest import Jobs
from test_runtime_failures import started

ATTACK = """
import os, socket, sys, time
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
name, held = "\\0" + sys.argv[1], []
for words in ([], [b"x" * 60_000], [b"2\\n"], [b"bye"], [b"beat"], [b"hello 0123456789abcdef 3"], [b"failed 3"], [b"\\0"]) * 20:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.connect(name)
    try:
        for word in words:
            link.send(word)
    except OSError:
        pass  # sent away already
    if words:
        link.close()
    else:
        held.append(link)
taken = socket.socket(socket.AF_UNIX)
taken.bind(name.rpartition("-")[0] + "-said")
taken.listen()
print("done", flush=True)
sys.stdin.read()
"""


def sockets(tag: str) -> list[str]:
    """The abstract names of the job whose launcher's daemon is ``tag``."""
    names = [line.rpartition("@")[2] for line in Path("/proc/net/unix").read_text().splitlines() if "@" in line]
    return sorted({name for name in names if name.startswith(tag)})


def listening(pids: set[int]) -> set[str]:
    """The hexadecimal addresses at which these processes listen on TCP ports that are theirs alone."""
    inodes: dict[str, set[int]] = {}
    for pid in pids:
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            found = re.fullmatch(r"socket:\[(\d+)\]", str(fd.readlink()))
            if found:
                inodes.setdefault(found[1], set()).add(pid)
    addresses: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and len(inodes.get(words[9], ())) == 1:
                addresses.add(words[1].partition(":")[0])
    return addresses


def test_strangers_come_to_nothing(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    job = started(jobs, tmp_path / "plan", 4)
    assert job.stdout is not None
    daemon = next(pid for pid, command in jobs.processes().items() if "hydra_pmi_proxy" in command[0])
    (name,) = sockets(f"meshwright-{os.geteuid()}-{daemon}-")
    command = [sys.executable, "-I", "-S", "-c", ATTACK, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stranger:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == "done\n"
        for _ in range(20):
            assert job.stdout.readline().startswith("step ")  # it goes on
        os.kill(jobs.rank(3), signal.SIGKILL)
        _, err = job.communicate(timeout=30)
        stranger.kill()
    assert job.returncode == 1
    assert err.startswith("error: rank 3 (mesh 1, stage 1), step ")
    assert "SIGKILL" in err


def test_a_job_on_one_host_listens_on_the_loopback_only(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 4)
    job = started(jobs, tmp_path / "plan", 4)
    addresses = listening({jobs.rank(number) for number in range(4)})
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=15)
    loopback = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    assert addresses
    assert addresses <= loopback


def test_watchers_inherit_nothing_that_they_do_not_need(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 1, 2)
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    pipe = str(Path(f"/proc/self/fd/{writing}").readlink())
    os.environ["SECRET_OF_THE_USER"] = "1"
    try:
        job = jobs.start(2, tmp_path / "plan", "--steps", 1_000_000, close_fds=False)
        assert job.stdout is not None
        while not job.stdout.readline().startswith("step 3 "):
            pass
    finally:
        del os.environ["SECRET_OF_THE_USER"]
        os.close(writing)
        os.close(reading)
    watchers = [pid for pid, command in jobs.processes().items() if "watch.py" in " ".join(command)]
    assert len(watchers) == 2
    for pid in watchers:
        assert b"SECRET_OF_THE_USER" not in Path(f"/proc/{pid}/environ").read_bytes()
        open_files = sorted(str(fd.readlink()).partition(":[")[0] for fd in Path(f"/proc/{pid}/fd").iterdir())
        memory = ["/memfd:log (deleted)", "/memfd:status (deleted)"]
        assert open_files == ["/dev/null", *memory, "pipe", "pipe", "socket", "socket"]  # PMI's and the door's
    for pid in (jobs.rank(0), jobs.rank(1)):  # what the launcher had open stays with the rank: no child of it gets that
        (fd,) = [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if str(fd.readlink()) == pipe]
        flags = int(re.findall(r"flags:\s*(\d+)", Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text())[0], 8)
        assert flags & os.O_CLOEXEC
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=15)

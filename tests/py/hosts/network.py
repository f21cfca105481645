"""Hosts of one machine: network namespaces at one bridge, each with a name, an /etc/hosts, process ids and shared memory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TOOLS = ("ip", "unshare", "mount")
# As ssh is called: options, the host, the command. What a host shares with others is the file system alone.
RSH = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
host=$1; shift
exec ip netns exec "$host" unshare --uts --ipc --mount --pid --fork --kill-child sh -c '
  hostname "$0"; mount -t tmpfs none /dev/shm; mount -t proc none /proc; exec sh -c "$*"' "$host" "$@"
"""


def missing() -> str | None:
    """Why there can be no such hosts here; None if there can be."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        return f"no {', '.join(lacking)} here (Debian: iproute2, util-linux)"
    tried = subprocess.run(["unshare", "--net", "--uts", "--ipc", "--mount", "--pid", "--fork", "true"], check=False, capture_output=True, text=True)  # fmt: skip
    return tried.stderr.strip() or None if tried.returncode else None


class Network:
    """``hosts``, by name. Each has address 10.97.0.n on eth0, and on ``lan`` one that all of them have, as container bridges do."""

    def __init__(self, number: int, folder: Path) -> None:
        self._bridge = f"mw{os.getpid() % 100_000}"
        self.hosts = [f"{self._bridge}h{n}" for n in range(1, number + 1)]
        self.rsh = folder / "rsh"
        self.rsh.write_text(RSH)
        self.rsh.chmod(0o755)
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("link", "set", self._bridge, "up")
            for n, host in enumerate(self.hosts, 1):
                self._add(n, host)
        except BaseException:
            self.remove()
            raise

    def _add(self, n: int, host: str) -> None:
        _ip("netns", "add", host)
        _ip("link", "add", self._cable(host), "type", "veth", "peer", "name", "eth0", "netns", host)
        _ip("link", "set", self._cable(host), "master", self._bridge, "up")
        _ip("-n", host, "link", "add", "bridge0", "type", "bridge")
        _ip("-n", host, "addr", "add", "172.17.0.1/16", "dev", "bridge0")
        _ip("-n", host, "addr", "add", f"10.97.0.{n}/24", "dev", "eth0")
        for interface in ("bridge0", "eth0", "lo"):
            _ip("-n", host, "link", "set", interface, "up")
        lines = ["127.0.0.1 localhost", f"127.0.1.1 {host}"]  # as Debian's installer writes it
        lines += [f"10.97.0.{n} {host}" for n, host in enumerate(self.hosts, 1)]
        table = Path("/etc/netns") / host / "hosts"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("\n".join([*lines, ""]))

    def cut(self, host: str) -> None:
        """Pull the cable of ``host``."""
        _ip("link", "set", self._cable(host), "down")

    def mend(self, host: str) -> None:
        """Put it back."""
        _ip("link", "set", self._cable(host), "up")

    def kill(self, host: str) -> None:
        """All that runs on ``host`` dies at once."""
        for pid in self._processes(host):
            os.kill(pid, signal.SIGKILL)

    def left_behind(self, host: str, grace_s: float = 8) -> list[int]:
        """The processes that still run on ``host`` after ``grace_s``."""
        deadline = time.monotonic() + grace_s
        while (left := self._processes(host)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def remove(self) -> None:
        """Everything that was made."""
        for host in self.hosts:
            self.kill(host)
            _ip("netns", "del", host, check=False)
            shutil.rmtree(Path("/etc/netns") / host, ignore_errors=True)
        _ip("link", "del", self._bridge, check=False)

    def _processes(self, host: str) -> list[int]:
        told = subprocess.run(["ip", "netns", "pids", host], check=False, capture_output=True, text=True)
        return [int(word) for word in told.stdout.split()]

    def _cable(self, host: str) -> str:
        return f"{self._bridge}c{host.rpartition('h')[2]}"


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


if __name__ == "__main__":
    why = missing()
    sys.exit(f"hosts: left out: {why}" if why else 0)

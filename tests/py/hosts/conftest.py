"""Jobs on several hosts; ``make test-hosts`` runs them. They need root, or all of a container's capabilities."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import network
import pytest

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Done:
    """How a job ended."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The readable errors; mpirun says a screen of its own where a host is gone."""
        return [line for line in self.err.splitlines() if line.startswith("error:")]


class Cluster(network.Network):
    """Hosts, and jobs on them, started from the first."""

    def start(self, hosts: int, per_host: int, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        """``mpirun`` on the first ``hosts``, ``per_host`` ranks each."""
        names = self.rsh.with_name(f"hosts-{hosts}-{per_host}")
        names.write_text("".join(f"{host}:{per_host}\n" for host in self.hosts[:hosts]))
        set_words = " ".join(f"{key}={word}" for key, word in {"JAX_PLATFORMS": "cpu", **environment}.items())
        mpirun = f"mpirun -launcher ssh -launcher-exec {self.rsh} -f {names} -np {hosts * per_host}"
        words = " ".join(str(argument) for argument in arguments)
        path = f"PATH={Path(sys.executable).parent}:$PATH"
        line = f"cd {ROOT}; {path} {set_words} {mpirun} {sys.executable} -m runtime.launch {words}"
        return subprocess.Popen(
            [str(self.rsh), self.hosts[0], line], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, hosts: int, per_host: int, *arguments: object, **environment: str) -> Done:
        """Run to the end."""
        return self.ended(self.start(hosts, per_host, *arguments, **environment))

    def ended(self, job: subprocess.Popen[str], limit_s: float = 120) -> Done:
        """Wait for the end of a job."""
        with job:
            try:
                out, err = job.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired:
                for host in self.hosts:
                    self.kill(host)
                raise
        return Done(job.returncode, out, err)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three hosts."""
    why = network.missing()
    if why is not None:
        pytest.fail(f"no hosts can be made: {why}")
    made = Cluster(3, tmp_path_factory.mktemp("network"))
    yield made
    made.remove()

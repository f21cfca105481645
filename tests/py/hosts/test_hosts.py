"""Plans on two and three hosts equal one device; a host that dies or is cut off is named, and the job ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, Cluster


def plan(out: Path, module: str, *words: str) -> Path:
    command = [sys.executable, "-m", "compiler", "plan", str(ROOT / "tests/modules" / module), "-o", str(out), *words]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return out


@pytest.mark.parametrize("intra", ["data", "zero3", "megatron"])
def test_a_mesh_over_two_hosts(cluster: Cluster, tmp_path: Path, intra: str) -> None:
    words = ("--hosts", "2", "--devices-per-host", "2", "--stages", "1", "--intra", intra)
    done = cluster.run(2, 2, plan(tmp_path / "plan", "gpt_small.mlirbc", *words), "--steps", 2, "--verify")
    assert (done.code, done.errors) == (0, []), done.err
    assert "in each of 2 steps against one device" in done.out


@pytest.mark.parametrize("stages", ["2", "3", "6"])
def test_stages_on_three_hosts(cluster: Cluster, tmp_path: Path, stages: str) -> None:
    """With 2 stages each mesh has a host and a half."""
    words = ("--hosts", "3", "--devices-per-host", "2", "--stages", stages)
    done = cluster.run(3, 2, plan(tmp_path / "plan", "jax_mlp.mlirbc", *words), "--steps", 2, "--verify")
    assert (done.code, done.errors) == (0, []), done.err
    assert "in each of 2 steps against one device" in done.out


def test_only_the_first_host_plans(cluster: Cluster) -> None:
    done = cluster.run(2, 2, ROOT / "tests/modules/jax_mlp.mlirbc", "--hosts", 2, "--devices-per-host", 2, "--verify")
    assert (done.code, done.errors) == (0, []), done.err
    assert "2 meshes x 2 devices" in done.out


def test_an_interface_that_is_not_there(cluster: Cluster, tmp_path: Path) -> None:
    words = ("--hosts", "2", "--devices-per-host", "1", "--stages", "1")
    made = plan(tmp_path / "plan", "jax_mlp.mlirbc", *words)
    done = cluster.run(2, 1, made, MESHWRIGHT_INTERFACES="ib0")
    assert done.code == 1 or done.code == 2
    assert (
        "MESHWRIGHT_INTERFACES: got 'ib0', want an interface that has an address: bridge0, eth0, lo" in done.errors[0]
    )
    done = cluster.run(2, 1, made, "--verify", MESHWRIGHT_INTERFACES="eth0")
    assert (done.code, done.errors) == (0, []), done.err


def test_addresses_that_other_hosts_have_too(cluster: Cluster, tmp_path: Path) -> None:
    made = plan(tmp_path / "plan", "jax_mlp.mlirbc", "--hosts", "2", "--devices-per-host", "1", "--stages", "1")
    done = cluster.run(2, 1, made, MESHWRIGHT_INTERFACES="bridge0")
    assert done.code == 1
    first, second = cluster.hosts[:2]
    assert f"host {first} is not reached from host {second} at 172.17.0.1; " in done.errors[0]


def steps_on_two_hosts(cluster: Cluster, folder: Path, stages: str) -> subprocess.Popen[str]:
    words = ("--hosts", "2", "--devices-per-host", "2", "--stages", stages)
    made = plan(folder / "plan", "jax_mlp.mlirbc", *words)
    job = cluster.start(2, 2, made, "--steps", 10**8, "--stall-timeout", 6)
    assert job.stdout is not None
    assert any(line.startswith("step 3 ") for line in job.stdout)
    return job


@pytest.mark.parametrize("stages", ["1", "2"])
def test_a_host_that_is_cut_off_is_named(cluster: Cluster, tmp_path: Path, stages: str) -> None:
    job, gone = steps_on_two_hosts(cluster, tmp_path, stages), cluster.hosts[1]
    try:
        cluster.cut(gone)
        done = cluster.ended(job, limit_s=40)
    finally:
        cluster.kill(gone)
        cluster.mend(gone)
    assert done.code != 0
    assert done.errors[0].startswith(f"error: host {gone} (ranks 2, 3) has said nothing for "), done.err
    assert len(done.errors) == 1


def test_a_host_that_speaks_again_in_time_is_fine(cluster: Cluster, tmp_path: Path) -> None:
    words = ("--hosts", "2", "--devices-per-host", "1", "--stages", "2")
    made = plan(tmp_path / "plan", "jax_mlp.mlirbc", *words)
    job = cluster.start(2, 1, made, "--steps", 400, "--verify", "--stall-timeout", 60)
    assert job.stdout is not None
    assert any(line.startswith("step 3 ") for line in job.stdout)
    cluster.cut(cluster.hosts[1])
    time.sleep(4)
    cluster.mend(cluster.hosts[1])
    done = cluster.ended(job)
    assert (done.code, done.errors) == (0, []), done.err


def test_a_host_whose_processes_die_ends_the_job_at_once(cluster: Cluster, tmp_path: Path) -> None:
    """All that the others print goes through mpirun, which ends with a screen of its own when a daemon of its is gone."""
    job = steps_on_two_hosts(cluster, tmp_path, "2")
    cluster.kill(cluster.hosts[1])
    done = cluster.ended(job, limit_s=15)
    assert done.code != 0
    assert "mpiexec" in done.err
    assert cluster.left_behind(cluster.hosts[0]) == []

"""``compiler calibrate`` on a few ranks and small sizes: it measures, fits, and writes a file that plans; its mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MPIRUN, ROOT, Done

from compiler.machine.files import load_machine
from runtime.measure.programs import KINDS

SPEC = {
    "message_bytes": [4096],
    "matrix_sizes": [32],
    "vector_bytes": [65536],
    "dtypes": ["f32", "bf16"],
    "batch_s": 0.002,
}


def calibrate(*arguments: object) -> Done:
    command = [sys.executable, "-m", "compiler", "calibrate", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return Done(done.returncode, done.stdout, done.stderr, 0)


def test_a_file_that_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "here.toml"
    done = calibrate("-np", 4, "--small", "-o", path, "--memory-per-device", "1GiB")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].startswith(f"wrote {path}")
    machine = load_machine(str(path), devices_per_host=4)
    assert (machine.name, machine.memory_bytes) == ("here", 2**30)
    assert 1e8 < machine.flops_per_s["f32"] < 1e13
    assert 1e-7 < machine.intra_host.latency_s < 0.1
    assert set(machine.slowdown) == {*KINDS} - {"collective_permute"}
    text = path.read_text()
    assert f"calibrate -np 4 --small -o {path}" in text
    for line in done.out.splitlines()[:-1]:
        assert f"#   {line}" in text, "the table is in the file"


@pytest.mark.parametrize("ranks", [2, 3])
def test_every_collective_runs_on(ranks: int) -> None:
    command = [str(MPIRUN), "-np", str(ranks), sys.executable, "-m", "runtime.measure.calibrate", json.dumps(SPEC)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    samples = found["samples"]
    assert (found["ranks"], found["hosts"], found["ranks_per_host"]) == (ranks, 1, ranks)
    assert [one["kind"] for one in samples if one["what"] == "collective"] == list(KINDS)
    assert {one["devices"] for one in samples if one["what"] == "collective"} == {ranks}
    assert all(one["seconds"] > 0 for one in samples)
    assert {one.get("dtype") for one in samples if one["what"] == "matmul"} == {"f32", "bf16"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-np", "1", "-o", "m.toml"], 2, "error: -np: got '1', want at least 2 ranks"),
        (["-np", "-1", "-o", "m.toml"], 2, "error: -np: got '-1', want at least 2 ranks"),
        (["-np", "two", "-o", "m.toml"], 2, "error: -np: got 'two', want at least 2 ranks"),
        (["-np", "1000000", "-o", "m.toml"], 2, "error: -np: got '1000000', want at most 4096"),
        (["-np", "9" * 5000, "-o", "m.toml"], 2, f"error: -np: got '{'9' * 40}…', want at most 4096"),
        (["-o", "m.toml", "--memory-per-device", "1e400"], 2, "error: --memory-per-device: got '1e400', want a size"),
        (["-o", "m.txt"], 2, "error: -o m.txt: want a name that ends in .toml"),
        (["-o", "no/such/m.toml"], 2, "error: -o no/such/m.toml: no such folder; make it first"),
        (["-o", "m.toml", "--memory-per-device", "lots"], 2, "error: --memory-per-device: got 'lots', want a size"),
        ([], 2, "error: Missing option '-o' / '--output'."),
    ],
)
def test_mistakes(arguments: list[str], code: int, message: str) -> None:
    done = calibrate(*arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(message)
    assert len(done.err.splitlines()) == 1


def test_a_spec_that_cannot_be_measured() -> None:
    spec = json.dumps({**SPEC, "dtypes": ["f12"]})
    command = [str(MPIRUN), "-np", "2", sys.executable, "-m", "runtime.measure.calibrate", spec]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "f12" in done.stderr

"""The command ``meshwright`` from a folder whose own packages have our names: none of them is imported, by no process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MPIRUN, ROOT

from compiler.frontends.probe import probe

HOSTILE = ("compiler", "compiler/frontends", "dialects", "meshwright", "passes", "runtime", "runtime/measure")
MODULE = ROOT / "tests/modules/jax_mlp.mlirbc"  # bytecode: another process reads it first
SCRIPT = "from meshwright.cli import main\nif __name__ == '__main__':\n    main()\n"  # as pip writes it


class Elsewhere:
    """A user's folder, and the command in another one."""

    def __init__(self, folder: Path) -> None:
        self.script, self.cwd = folder / "bin/meshwright", folder / "work"
        self.script.parent.mkdir()
        self.script.write_text(SCRIPT)
        for package in HOSTILE:
            (self.cwd / package).mkdir(parents=True)
            (self.cwd / package / "__init__.py").write_text(f"raise RuntimeError('the user's own {package}')\n")

    def run(self, *words: str, ranks: int = 0) -> subprocess.CompletedProcess[str]:
        """``meshwright words``, under mpirun where there are ranks."""
        under = [str(MPIRUN), "-np", str(ranks)] if ranks else []
        command = [*under, sys.executable, str(self.script), *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # as if installed
        return subprocess.run(
            command, cwd=self.cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    return Elsewhere(tmp_path_factory.mktemp("elsewhere"))


def test_plan_explain_and_run(elsewhere: Elsewhere) -> None:
    planned = elsewhere.run("plan", str(MODULE), "-o", "plan", "--hosts", "1", "--devices-per-host", "2")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.endswith("run it: mpirun -np 2 meshwright run plan\n")
    explained = elsewhere.run("explain", "plan")
    assert explained.returncode == 0, explained.stderr
    ran = elsewhere.run("run", "plan", "--verify", ranks=2)
    assert ran.returncode == 0, ran.stderr
    assert "verified" in ran.stdout


def test_the_probe_of_bytecode_is_ours(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot run is passed over in silence, so its exit code is looked at here."""
    codes: list[int] = []

    def run(*words: object, **how: object) -> subprocess.CompletedProcess[bytes]:
        done = real(*words, **how)
        codes.append(done.returncode)
        return done

    real = subprocess.run
    monkeypatch.chdir(elsewhere.cwd)
    monkeypatch.setattr(subprocess, "run", run)
    probe(MODULE.read_bytes(), "MODULE")
    assert codes == [0]


def test_calibrate(elsewhere: Elsewhere) -> None:
    done = elsewhere.run("calibrate", "--small", "-np", "2", "-o", "here.toml")
    assert "the user's own" not in done.stderr
    assert done.returncode == 0 or "measure again" in done.stderr, done.stderr  # a busy machine may make no sense


def test_names_and_version(elsewhere: Elsewhere) -> None:
    assert elsewhere.run("--version").stdout.startswith("meshwright ")
    assert elsewhere.run("plan", "--help").stdout.startswith("Usage: meshwright plan ")
    assert elsewhere.run("run", "--help").stdout.startswith("Usage: meshwright run ")
    assert " run " in elsewhere.run("--help").stdout
    assert "`meshwright plan`" in elsewhere.run("explain", ".").stderr


def test_nothing_is_loaded_before_a_rank_splits() -> None:
    heavy = ("click", "jaxlib", "mip", "mpi4py", "msgspec", "numpy")
    code = f"import sys, meshwright.cli, runtime.launch; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr

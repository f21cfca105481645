"""Every file of tests/lit as one pytest case, so that `pytest` alone runs all there is."""

import subprocess
import sys
from pathlib import Path

import pytest

LIT = Path(__file__).parents[1] / "lit"
FILES = sorted(str(path.relative_to(LIT)) for path in LIT.rglob("*.mlir") if "Inputs" not in path.parts)


@pytest.mark.parametrize("file", FILES)
def test_lit(file: str) -> None:
    lit = Path(sys.executable).with_name("lit")  # `python -m lit.main` does nothing and succeeds
    done = subprocess.run([lit, "-v", "-j1", str(LIT / file)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed: 1 (100.00%)" in done.stdout


def test_every_folder_has_tests() -> None:
    assert FILES, "tests/lit is empty"

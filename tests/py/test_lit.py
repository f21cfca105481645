"""Every file of tests/lit as one pytest case, so that `pytest` alone runs all there is."""

import subprocess
import sys
from pathlib import Path

import pytest

LIT = Path(__file__).parents[1] / "lit"
FILES = sorted(str(path.relative_to(LIT)) for path in LIT.rglob("*.mlir") if "Inputs" not in path.parts)


@pytest.mark.parametrize("file", FILES)
def test_lit(file: str) -> None:
    command = [sys.executable, "-m", "lit.main", "-q", "-v", "-j1", str(LIT / file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_folder_has_tests() -> None:
    assert FILES, "tests/lit is empty"

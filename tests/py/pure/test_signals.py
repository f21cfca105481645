"""A signal while a module is being loaded is raised once it is: native modules crash otherwise."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOADED = """
import os, time
os.kill(os.getpid(), {number})
time.sleep(0.2)
open("loaded", "w").close()
"""
PROGRAM = """
import sys
from dialects import interrupts
interrupts.hold()
try:
    interrupts.raise_at_signals()
    import being_loaded
    import time
    time.sleep(30)
except interrupts.Interrupted as stop:
    stop.say()
    sys.exit(stop.code)
"""


@pytest.mark.parametrize(("number", "code", "said"), [(2, 130, "interrupted"), (15, 143, "terminated")])
def test_a_signal_during_an_import(tmp_path: Path, number: int, code: int, said: str) -> None:
    (tmp_path / "being_loaded.py").write_text(LOADED.format(number=number))
    paths = f"{ROOT}:{tmp_path}"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, f"error: {said}\n")
    assert (tmp_path / "loaded").exists()

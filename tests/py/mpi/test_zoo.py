"""Every program of the zoo, planned as two stages with as many microbatches as it allows, equals one device: the end-to-end law.

One rank runs both stages (more fragments than ranks is the same code); tests/py/mpi/test_frontends.py uses 4 and 8 ranks.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.mpi

ROOT = Path(__file__).parents[3]
ZOO = ROOT / "tests" / "modules" / "zoo"
# Programs whose batch cannot be found: the message says what to pass, and with it they run.
ASKED = {"graph_convolution": ["--batch-args", "none"], "gru_time_major": ["--batch-args", "none"]}


def launch(*arguments: str, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
    """``runtime.launch`` as one process."""
    command = [sys.executable, "-m", "runtime.launch", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False)


@pytest.mark.parametrize("name", sorted(path.stem for path in ZOO.glob("*.mlirbc")))
def test_equals_one_device(name: str) -> None:
    inputs = ZOO / f"{name}_inputs.npz"
    arguments = [str(ZOO / f"{name}.mlirbc"), "--stages", "2", "--steps", "3", "--inputs", str(inputs), "--verify", "--json"]
    done = launch(*arguments)
    if name in ASKED:
        assert done.returncode == 2
        assert "--batch-args" in done.stderr
        done = launch(*arguments, *ASKED[name])
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["verify"]["ok"] is True

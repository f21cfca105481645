"""Programs that return arguments and constants as they are, whole and in two microbatches: equal to one device, no fragment needed."""

import json
from pathlib import Path

import pytest
from conftest import Jobs

pytestmark = pytest.mark.mpi

FOLDER = Path(__file__).parents[2] / "modules" / "cases" / "identities"
CASES = [
    (path, count)
    for path in sorted(FOLDER.glob("*.mlir"))
    for count in (1, 2)
    if count == 1 or "// batch:" in path.read_text()
]


@pytest.mark.parametrize(("path", "microbatches"), CASES, ids=[f"{path.stem}-{count}" for path, count in CASES])
def test_equals_one_device(path: Path, microbatches: int, jobs: Jobs) -> None:
    first = path.read_text().splitlines()[0]
    batch = ",".join(first.removeprefix("// batch: ").split()) if first.startswith("// batch:") else "none"
    asked = ["--batch-args", batch, "--microbatches", microbatches, "--hosts", 2, "--devices-per-host", 1]
    done = jobs.run(2, path, "--steps", 2, "--verify", "--json", *asked)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["verify"]["ok"] is True
    assert report["plan"]["microbatches"] == microbatches

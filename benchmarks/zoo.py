"""Claim: on eight ranks the optimum's plans of every program equal one device, and talk as they were priced.

python benchmarks/zoo.py [NAME …] [--mesh 2x4] [--machine tests/modules/slow-devices.toml] [--intra ilp] [--csv FILE]

Every program of tests/modules and of its zoo is planned, run for three steps on eight ranks of this machine, and compared with
one device by ``--verify``. On slow-devices.toml splitting always pays, so that everything that can be split is. A line a program:
how many collectives a step were priced, and whether the stage modules have the same; the seconds of planning; the median
milliseconds of a step. Ends with 1 if any program fails.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median

from jaxlib.mlir import ir
from truth import Collective, collectives_of, priced

from compiler.emit.parts import local_block
from compiler.plan.files import load_plan
from dialects.context import make_context
from dialects.ops import main_func
from dialects.values import PER_MICROBATCH

MODULES = Path(__file__).parents[1] / "tests/modules"
ASKED = {"graph_convolution": ("--batch-args", "none")}


@dataclass(frozen=True)
class Row:
    """What became of one program; ``error`` is empty if all went well."""

    name: str
    priced: float
    in_modules: float
    same: bool
    microbatches: int
    predicted_ms: float
    measured_ms: float
    plan_s: float
    error: str


def run(path: Path, mesh: str, machine: str, intra: str) -> Row:
    """Plan, launch, compare."""
    ranks = 1
    for size in mesh.split("x"):
        ranks *= int(size)
    inputs = path.with_name(f"{path.stem}_inputs.npz")
    words = ["--hosts", "1", "--devices-per-host", str(ranks), "--stages", "1", "--mesh", mesh]
    words += ["--machine", machine, "--intra", intra, *ASKED.get(path.stem, ())]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        done = _run([sys.executable, "-m", "compiler", "plan", str(path), "-o", folder, *words])
        plan_s = time.perf_counter() - began
        if done.returncode:
            return Row(path.stem, 0, 0, False, 0, 0, 0, plan_s, "plan: " + done.stderr.strip())
        plan = load_plan(folder)
        paid, made = priced(plan), Counter[Collective]()
        for fragment in plan.fragments:
            times = plan.microbatches if fragment.phase in PER_MICROBATCH else 1
            with make_context():
                module = ir.Module.parse((Path(folder) / fragment.file).read_bytes())
                for item, count in collectives_of(local_block(main_func(module)), float(times)):
                    made[item] += count  # type: ignore[assignment]  # loops of unknown length
        command = [str(Path(sys.executable).with_name("mpirun")), "-np", str(ranks), sys.executable]
        command += ["-m", "runtime.launch", folder, "--steps", "3", "--verify", "--json"]
        done = _run([*command, *(["--inputs", str(inputs)] if inputs.exists() else [])])
        numbers = float(paid.total()), float(made.total()), paid == made, plan.microbatches
        predicted = plan.prediction.step_s * 1e3
        if done.returncode:
            return Row(path.stem, *numbers, predicted, 0, plan_s, "run: " + done.stderr.strip())
        measured = median(step["seconds"] for step in json.loads(done.stdout)["steps"][1:]) * 1e3
        return Row(path.stem, *numbers, predicted, measured, plan_s, "")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=600, cwd=MODULES.parents[1])


def main() -> int:
    """A line a program as it ends, then the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--mesh", default="2x4")
    parser.add_argument("--machine", default=str(MODULES / "slow-devices.toml"))
    parser.add_argument("--intra", default="ilp")
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    paths = sorted([*MODULES.glob("*.mlirbc"), *(MODULES / "zoo").glob("*.mlirbc")])
    rows: list[Row] = []
    for path in paths:
        if not given.names or path.stem in given.names:
            rows.append(run(path, given.mesh, given.machine, given.intra))
            row = rows[-1]
            same = "equal" if row.same else f"DIFFER ({row.in_modules:g})"
            verdict = row.error or f"equals one device, {row.measured_ms:.1f} ms a step"
            print(
                f"{row.name:32} {row.priced:6g} collectives {same}, planned in {row.plan_s:.1f} s: {verdict}",
                flush=True,
            )
    if given.csv:
        with given.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Row)])
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)
    good, same = sum(not row.error for row in rows), sum(row.same for row in rows)
    print(f"{good} of {len(rows)} equal one device; collectives as priced in {same}")
    return int(good < len(rows))


if __name__ == "__main__":
    sys.exit(main())

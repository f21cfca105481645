"""How predicted and measured step times compare: plans of one module by several choosers, side by side in one run.

    python benchmarks/step_time.py [MODULE …] [--intra data,zero3,megatron,ilp] [--ranks 4] [--mesh 2x2]
                                  [--microbatches 2] [--machine local-cpu] [--rounds 5] [--steps 8]
    python benchmarks/step_time.py --layouts          hosts x devices and schedules of the default module instead

Plans are run in turn, ``rounds`` times, so that a busy moment of the machine hits all of them; a plan's time is the median over
its rounds of the median step, without the first two of a run. On fewer cores than ranks the machine must be calibrated with as
many ranks as run (``python -m compiler calibrate -np N``): then the ratio says how true the costs are.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MODULE = "tests/modules/gpt.mlirbc"
LAYOUTS = (
    (1, 1, "1f1b"),
    (1, 2, "1f1b"),
    (2, 1, "1f1b"),
    (2, 1, "gpipe"),
    (2, 2, "1f1b"),
)  # hosts, devices per host, schedule
WARM_UP = 2  # steps


@dataclass(frozen=True)
class Candidate:
    """A plan to be timed: its name in the table, its folder, its ranks and the predicted seconds of a step."""

    name: str
    folder: str
    ranks: int
    predicted_s: float


def main() -> None:
    """Print, per plan, predicted and median measured milliseconds and their ratio; then whether both put the plans in one order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=[MODULE])
    parser.add_argument("--intra", default="data,zero3,megatron,ilp")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--mesh", default="auto")
    parser.add_argument("--microbatches", default="2")
    parser.add_argument("--machine", default="local-cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="of each run, the first two not counted")
    parser.add_argument("--layouts", action="store_true")
    given = parser.parse_args()
    for module in given.modules:
        with tempfile.TemporaryDirectory() as folder:
            found = _layouts(module, folder) if given.layouts else _choosers(module, folder, given)
            report(module, found, measure(found, given.rounds, given.steps))


def _choosers(module: str, folder: str, given: argparse.Namespace) -> list[Candidate]:
    found: list[Candidate] = []
    for intra in given.intra.split(","):
        options = ["--hosts", "1", "--devices-per-host", str(given.ranks), "--stages", "1", "--intra", intra]
        options += ["--mesh", given.mesh, "--microbatches", given.microbatches, "--machine", given.machine]
        found.append(_planned(intra, module, f"{folder}/{intra}", given.ranks, options))
    return found


def _layouts(module: str, folder: str) -> list[Candidate]:
    found: list[Candidate] = []
    for hosts, devices, schedule in LAYOUTS:
        options = ["--hosts", str(hosts), "--devices-per-host", str(devices), "--schedule", schedule]
        name = f"{hosts}x{devices} {schedule}"
        found.append(_planned(name, module, f"{folder}/{hosts}x{devices}-{schedule}", hosts * devices, options))
    return found


def _planned(name: str, module: str, folder: str, ranks: int, options: list[str]) -> Candidate:
    _run([sys.executable, "-m", "compiler", "plan", module, "-o", folder, *options, "--json"])
    predicted = json.loads(Path(folder, "plan.json").read_text())["prediction"]["step_s"]
    return Candidate(name, folder, ranks, predicted)


def measure(plans: list[Candidate], rounds: int, steps: int) -> list[list[float]]:
    """Of each plan, the median seconds of a step in each round."""
    mpirun = str(Path(sys.executable).with_name("mpirun"))
    found: list[list[float]] = [[] for _ in plans]
    for _ in range(rounds):
        for plan, seconds in zip(plans, found, strict=True):
            launch = [sys.executable, "-m", "runtime.launch", plan.folder, "--steps", str(steps + WARM_UP), "--json"]
            report = json.loads(_run([mpirun, "-np", str(plan.ranks), *launch]))
            seconds.append(statistics.median(step["seconds"] for step in report["steps"][WARM_UP:]))
    return found


def report(module: str, plans: list[Candidate], seconds: list[list[float]]) -> None:
    """A row a plan; ``range``: the fastest and the slowest round."""
    print(f"{module}\n{'plan':>12} {'predicted ms':>12} {'measured ms':>11} {'range':>17} {'ratio':>6}")
    medians = [statistics.median(of_plan) for of_plan in seconds]
    for plan, of_plan, median in zip(plans, seconds, medians, strict=True):
        spread = f"{min(of_plan) * 1e3:.1f} … {max(of_plan) * 1e3:.1f}"
        ratio = median / plan.predicted_s
        print(f"{plan.name:>12} {plan.predicted_s * 1e3:12.1f} {median * 1e3:11.1f} {spread:>17} {ratio:6.2f}")
    by_prediction = sorted(plans, key=lambda plan: plan.predicted_s)
    by_clock = sorted(plans, key=lambda plan: medians[plans.index(plan)])
    print(f"fastest first, predicted: {', '.join(plan.name for plan in by_prediction)}")
    print(f"fastest first, measured:  {', '.join(plan.name for plan in by_clock)}\n", flush=True)


def _run(command: list[str]) -> str:
    """Standard output of a command that must succeed; what it says otherwise ends the benchmark."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()

"""How predicted and measured step times compare, one layout a row, side by side in one run: one device, data parallel, pipelines.

    python benchmarks/step_time.py [--steps 12]

On 2 cores more ranks cannot be faster; what counts is the ratio of measured to predicted between layouts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = "tests/modules/gpt.mlirbc"
LAYOUTS = (
    (1, 1, "1f1b"),
    (1, 2, "1f1b"),
    (2, 1, "1f1b"),
    (2, 1, "gpipe"),
    (2, 2, "1f1b"),
)  # hosts, devices per host, schedule


def main() -> None:
    """Print, per layout, predicted and median measured milliseconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    steps = parser.parse_args().steps
    mpirun = Path(sys.executable).with_name("mpirun")
    print(f"{'hosts':>5} {'devices':>7} {'schedule':>8} {'predicted ms':>12} {'measured ms':>11} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for hosts, devices, schedule in LAYOUTS:
            plan = f"{folder}/{hosts}x{devices}-{schedule}"
            shape = ["--hosts", str(hosts), "--devices-per-host", str(devices), "--schedule", schedule]
            run([sys.executable, "-m", "compiler", "plan", MODULE, "-o", plan, *shape, "--json"])
            predicted = json.loads(Path(plan, "plan.json").read_text())["prediction"]["step_s"] * 1e3
            launch = [sys.executable, "-m", "runtime.launch", plan, "--steps", str(steps), "--json"]
            report = json.loads(run([str(mpirun), "-np", str(hosts * devices), *launch]))
            measured = statistics.median(step["seconds"] for step in report["steps"][2:]) * 1e3
            print(
                f"{hosts:5} {devices:7} {schedule:>8} {predicted:12.1f} {measured:11.1f} {measured / predicted:6.1f}",
                flush=True,
            )


def run(command: list[str]) -> str:
    """Standard output of a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()

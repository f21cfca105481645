"""Claim: planning takes seconds. GPTs of growing depth, exported by examples/gpt.py, planned for 4 hosts x 8 devices.

python benchmarks/planning.py [--depths 4,12,24,48]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compiler.driver import make_plan
from compiler.options import PlanOptions

RUNS = 3


def main() -> None:
    """Print depth, bytes of the module, median seconds to plan, number of fragments and of values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depths", default="4,12,24,48")
    depths = [int(text) for text in parser.parse_args().depths.split(",")]
    print(f"{'layers':>6} {'module KiB':>10} {'plan s':>7} {'fragments':>9} {'values':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for depth in depths:
            export = [sys.executable, "examples/gpt.py", "--out", folder, "--layers", str(depth), "--steps", "1"]
            subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
            module = Path(folder) / "gpt.mlirbc"
            seconds: list[float] = []
            for _ in range(RUNS):
                began = time.perf_counter()
                plan = make_plan(str(module), f"{folder}/plan", PlanOptions(hosts=4, devices_per_host=8))
                seconds.append(time.perf_counter() - began)
            size = module.stat().st_size / 1024
            print(
                f"{depth:6} {size:10.0f} {statistics.median(seconds):7.2f} {len(plan.fragments):9} {len(plan.values):7}"
            )


if __name__ == "__main__":
    main()

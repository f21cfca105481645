"""``make bench``: every benchmark of this folder in turn; each prints a table and the command that makes it.

One script per claim, run by hand or here; medians of several runs, nothing asserts a wall-clock time.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = ("planning.py", "many_ranks.py", "step_time.py")


def main() -> None:
    """Run all, stop at the first that fails."""
    for script in SCRIPTS:
        print(f"\n== python benchmarks/{script}", flush=True)
        subprocess.run([sys.executable, str(HERE / script)], check=True, cwd=HERE.parent)


if __name__ == "__main__":
    main()

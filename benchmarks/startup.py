"""How long commands take to start: medians of whole processes, what of the heavy parts each loads, and the planner beside them.

python benchmarks/startup.py [RUNS]
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
HEAVY = ("jaxlib", "numpy", "passes", "rich", "msgspec")
STARTS = {
    "nothing": "",
    "explain --help": "sys.argv[1:] = ['explain', '--help']; from compiler.__main__ import run; run()",
    "plan --help": "sys.argv[1:] = ['plan', '--help']; from compiler.__main__ import run; run()",
    "modules of explain": "import compiler.explain.text, compiler.explain.diff, compiler.explain.why, compiler.plan.files",
    "the planner": "import compiler.driver",
}


def run(code: str) -> str:
    """What a process that runs ``code`` says on stderr."""
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys\n{code}"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    return done.stderr


def main() -> None:
    """A row a start."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print(f"{'start':<24}{'seconds':>8}  loads")
    for name, code in STARTS.items():
        times: list[float] = []
        for _ in range(runs):
            began = time.perf_counter()
            run(code)
            times.append(time.perf_counter() - began)
        seen = f"import atexit; atexit.register(lambda: sys.stderr.write(' '.join(x for x in {HEAVY} if x in sys.modules)))"
        print(f"{name:<24}{median(times):>8.2f}  {run(f'{seen}{chr(10)}{code}') or '-'}")


if __name__ == "__main__":
    main()

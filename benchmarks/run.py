"""``make bench``: every benchmark of this folder in turn, the long ones on a few models; each prints a table.

One script per claim, run by hand or here; medians of several runs, nothing asserts a wall-clock time. Left out are
peers/compare.py, which sets up Alpa's solver in an environment of its own, solver_audit.py, which judges a version of a solver, and
digests.py, which compares two states of the code.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = (
    "startup.py",
    "planning.py",
    "many_ranks.py",
    "step_time.py",
    "transfers.py --rounds 5",
    "solver.py --depths 2,8,32",
    "choosers.py --modules tests/modules/jax_mlp.mlirbc tests/modules/linen_cnn.mlirbc tests/modules/gpt_small.mlirbc",
    "truth.py tests/modules/jax_mlp.mlirbc tests/modules/linen_cnn.mlirbc",
    "zoo.py jax_mlp gpt_small moe_top_k batch_norm odd_batch",
    "ablation.py --models gpt_350M_f16 moe_380M_f16 wresnet_250M",
    "paper.py",
)


def main() -> None:
    """Run all, stop at the first that fails."""
    for script in SCRIPTS:
        name, *words = script.split()
        print(f"\n== python benchmarks/{script}", flush=True)
        subprocess.run([sys.executable, str(HERE / name), *words], check=True, cwd=HERE.parent)


if __name__ == "__main__":
    main()

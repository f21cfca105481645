"""Claim: the sharding problem of a training step is solved in seconds, with its certificate. Here: synthetic transformers.

python benchmarks/solver.py [--depths 2,4,8,16,32,48] [--backend cbc|highs] [--npz FILE …] [--limit-gib G]

--npz: problems written by `compiler solve --dump`, instead. --limit-gib: put this limit on every memory row.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from transformer_problem import transformer

from passes.solvers.shardings.files import load_npz
from passes.solvers.shardings.problem import ShardingProblem
from passes.solvers.shardings.solve import solve_sharding

RUNS = 3


def main() -> None:
    """Print name, nodes, edges, core, median seconds of processor time, objective, gap and how it was proved."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depths", default="2,4,8,16,32,48")
    parser.add_argument("--backend", choices=("cbc", "highs"), default="highs")
    parser.add_argument("--npz", nargs="*", default=[])
    parser.add_argument("--limit-gib", type=float)
    options = parser.parse_args()
    print(f"{'problem':>12} {'nodes':>6} {'edges':>6} {'core':>11} {'cpu s':>7} {'objective s':>12} {'gap':>8}  method")
    for name, problem in _problems(options.npz, [int(text) for text in options.depths.split(",")]):
        if options.limit_gib is not None:
            rows = tuple(replace(row, limit_bytes=options.limit_gib * 2**30) for row in problem.rows)
            problem = replace(problem, rows=rows)
        seconds: list[float] = []
        for _ in range(RUNS):
            began = time.process_time()
            got = solve_sharding(problem, backend=options.backend).certificate
            seconds.append(time.process_time() - began)
        core = f"{got.core_nodes}/{got.core_edges}"
        print(
            f"{name:>12} {got.num_nodes:6} {got.num_edges:6} {core:>11} {statistics.median(seconds):7.2f} "
            f"{got.objective_s:12.6f} {got.gap:8.1e}  {got.method}"
        )


def _problems(files: list[str], depths: list[int]) -> Iterator[tuple[str, ShardingProblem]]:
    if files:
        yield from ((Path(file).stem, load_npz(file)) for file in files)
    else:
        yield from ((f"{depth} layers", transformer(depth, limit_bytes=(1e18,))) for depth in depths)


if __name__ == "__main__":
    main()

"""Claim: on the same cost matrices our solver is never worse than Alpa's ILP (alpa 0.2.3 from PyPI), and many times faster.

    python benchmarks/peers/compare.py --synthetic 2,4,8,16
    python benchmarks/peers/compare.py --gpt 2,4,8,16,32 --mesh 2x4
    python benchmarks/peers/compare.py problem.npz …

Each problem is solved without memory rows, and with rows halfway between what the free optimum uses and the least possible.
Both solvers take turns in one run, `--runs` times; the table has medians, by the clock and of processor time (theirs with
CBC's process), which other work on the machine changes little. Alpa's answers are evaluated with our arithmetic.
"""

import argparse
import json
import math
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alpa_arrays import MICROSECONDS, alpa_arrays
from gpt_problem import gpt_problem
from passes.solvers.shardings.files import load_npz
from passes.solvers.shardings.problem import MemoryRow, OutOfMemory, ShardingProblem, ShardingSolution
from passes.solvers.shardings.solve import solve_sharding
from scratch import Scratch, make_scratch
from synthetic import layered_problem

HERE = Path(__file__).resolve().parent
SLACK = 1e-6  # relative; CBC's own tolerance


@dataclass(frozen=True)
class Theirs:
    """Alpa's answer. `objective_s` is None when CBC had none in its time."""

    objective_s: float | None
    proved: bool
    seconds: float
    solver_seconds: float
    cpu_seconds: float


def alpa_solve(problem: ShardingProblem, scratch: Scratch, forbidden_s: float, time_limit_s: float) -> Theirs:
    """Run Alpa's ILP in its environment. Raises AssertionError if its answer does not add up under our costs and limits."""
    arrays = alpa_arrays(problem, forbidden_s)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arrays.npz"
        np.savez(path, allow_pickle=False, **arrays.arguments)
        command = [scratch.python, HERE / "alpa_ilp.py", scratch.wheel, path, "--time-limit", str(time_limit_s)]
        done = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True, cwd=folder)
    answer = json.loads(done.stdout.splitlines()[-1])
    if answer["choice"] is None:
        return Theirs(None, answer["proved"], answer["seconds"], answer["solver_seconds"], answer["cpu_seconds"])
    choice = arrays.choice_of(answer["choice"])
    objective = problem.objective(choice)
    said = answer["objective"] / MICROSECONDS
    assert not math.isfinite(objective) or math.isclose(objective, said, rel_tol=SLACK), (objective, said)
    for row, use in zip(problem.rows, problem.used_bytes(choice), strict=True):
        assert use <= row.limit_bytes * (1 + SLACK), (row.name, use, row.limit_bytes)
    return Theirs(objective, answer["proved"], answer["seconds"], answer["solver_seconds"], answer["cpu_seconds"])


def tightened(problem: ShardingProblem, free: ShardingSolution) -> ShardingProblem:
    """Rows with a limit that the free optimum breaks: halfway from the least possible to what it uses."""
    rows: list[MemoryRow] = []
    for row, used in zip(problem.rows, problem.used_bytes(free.choice), strict=True):
        least = sum(float(use[np.isfinite(problem.nodes[n].cost)].min()) for n, use in row.bytes_of.items())
        rows.append(replace(row, limit_bytes=(least + used) / 2))
    return replace(problem, rows=tuple(rows))


def with_and_without(name: str, problem: ShardingProblem) -> Iterator[tuple[str, ShardingProblem]]:
    """The problem without memory rows, and with tight ones if it has any that can be tightened."""
    free = replace(problem, rows=())
    yield name, free
    if problem.rows:
        tight = tightened(problem, solve_sharding(free))
        try:
            solve_sharding(tight)
        except OutOfMemory:
            print(f"{name}: rows halfway to the least possible cannot be kept at once")
            return
        yield f"{name}, memory", tight


def compare(name: str, problem: ShardingProblem, scratch: Scratch, runs: int, time_limit_s: float) -> None:
    """Print one line of the table."""
    ours: list[ShardingSolution] = []
    theirs: list[Theirs] = []
    spent: list[float] = []
    for _ in range(runs):
        began = time.process_time()
        ours.append(solve_sharding(problem))
        spent.append(time.process_time() - began)
        # Ten times the optimum forbids as well as Alpa's 1e13 does, which would drown CBC's tolerances.
        theirs.append(alpa_solve(problem, scratch, 10 * ours[-1].certificate.objective_s, time_limit_s))
    mine, other = ours[-1].certificate, theirs[-1]
    seconds = statistics.median(run.certificate.seconds for run in ours)
    their_seconds = statistics.median(run.seconds for run in theirs)
    cpu, their_cpu = statistics.median(spent), statistics.median(run.cpu_seconds for run in theirs)
    columns = alpa_arrays(problem, 1.0).num_columns
    objective = "none" if other.objective_s is None else f"{other.objective_s * 1e3:.6g}"
    ratio = "" if other.objective_s is None else f"{mine.objective_s / other.objective_s:.6f}"
    print(
        f"{name:22} {mine.num_nodes:6} {mine.num_edges:6} {columns:8} "
        f"{mine.objective_s * 1e3:11.6g} {mine.gap:7.1e} {seconds:8.3f} {cpu:8.3f} "
        f"{objective:>11} {'yes' if other.proved else 'no':>6} {their_seconds:8.2f} {their_cpu:8.2f} "
        f"{ratio:>10} {their_seconds / seconds:8.1f}x {their_cpu / cpu:8.1f}x",
        flush=True,
    )
    if other.objective_s is not None:
        assert mine.objective_s <= other.objective_s * (1 + SLACK), "worse than the ancestor"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="*", type=Path, help="problems that `compiler solve --dump FILE.npz` wrote")
    parser.add_argument("--synthetic", default="", help="numbers of layers, e.g. 2,4,8")
    parser.add_argument("--gpt", default="", help="numbers of layers of a GPT of Alpa's paper, e.g. 2,4,8")
    parser.add_argument("--size", default="1.3B", help="for --gpt: the GPT whose other numbers are taken")
    parser.add_argument("--mesh", default="2x4", help="the logical mesh for --gpt: 8, 2x4, 2x2x2")
    parser.add_argument("--machine", default="v100-p3.16xlarge", help="for --gpt")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--time-limit", type=float, default=600.0, help="for CBC under Alpa; 600 is Alpa's own")
    parser.add_argument(
        "--scratch", type=Path, default=HERE.parents[1] / "build/peers", help="where the peer is set up"
    )
    args = parser.parse_args()

    scratch = make_scratch(args.scratch.resolve())
    print(
        f"{'problem':22} {'nodes':>6} {'edges':>6} {'columns':>8} {'ours ms':>11} {'gap':>7} {'ours s':>8} {'cpu s':>8} "
        f"{'alpa ms':>11} {'proved':>6} {'alpa s':>8} {'cpu s':>8} {'ours/alpa':>10} {'faster':>9} {'by cpu':>9}"
    )
    for name, problem in problems(args):
        for title, variant in with_and_without(name, problem):
            compare(title, variant, scratch, args.runs, args.time_limit)


def problems(args: argparse.Namespace) -> Iterator[tuple[str, ShardingProblem]]:
    """What the command line asks for."""
    for path in args.problems:
        yield path.stem, load_npz(path)
    for layers in map(int, filter(None, args.synthetic.split(","))):
        yield f"synthetic-{layers}", layered_problem(layers)
    mesh = tuple(map(int, args.mesh.split("x")))
    for layers in map(int, filter(None, args.gpt.split(","))):
        yield f"gpt-{layers} {args.mesh}", gpt_problem(layers, args.size, args.machine, mesh)


if __name__ == "__main__":
    main()

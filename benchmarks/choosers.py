"""Claim: under the same costs no rule that people use is better than the optimum, on any model of the zoo.

python benchmarks/choosers.py [--modules 'tests/modules/*.mlirbc' …] [--machine a100-dgx] [--mesh 2x2] [--memory 2GiB]
                               [--microbatches 1] [--time-limit 30] [--markdown]

A cell is predicted seconds of a step and the fullest device's bytes; OOM where these are more than a device has. The last line
counts the cells below the optimum: they must be 0. A cell that does not fit the memory is no violation.
"""

import argparse
import sys
import time
from pathlib import Path

from jaxlib.mlir import ir

from compiler.frontends.load import load_module
from compiler.pipeline.run import run_pipeline
from compiler.pipeline.text import parse_pipeline
from compiler.units import show_bytes
from dialects.context import make_context
from dialects.errors import UserError
from passes.analysis.shardings.cases import Case, read_cases
from passes.analysis.shardings.machine_attr import read_machine
from passes.choosers.base import SolverOptions
from passes.rules import write_rules
from passes.shardings.choose_shardings import CHOOSERS
from passes.solvers.shardings.problem import OutOfMemory

PATH = (
    "normalize,assign-roles,microbatch{{microbatches={microbatches}}},copy-views,mark-phases,choose-stages{{stages=1}},place,"
    "realize,use-machine{{machine={machine} mesh={mesh}{memory}}}"
)
ROUNDING = 1e-9  # relative: sums of the same numbers in another order


def main() -> None:
    """One row a module, one column a chooser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="*", default=["tests/modules/*.mlirbc"])
    parser.add_argument("--machine", default="a100-dgx")
    parser.add_argument("--mesh", default="2x2")
    parser.add_argument("--memory", default="")
    parser.add_argument("--microbatches", default="1")
    parser.add_argument("--time-limit", type=float, default=30.0)
    parser.add_argument("--markdown", action="store_true")
    said = parser.parse_args()
    memory = f" memory={said.memory}" if said.memory else ""
    path = PATH.format(microbatches=said.microbatches, machine=said.machine, mesh=said.mesh, memory=memory)
    options = SolverOptions(time_limit_s=said.time_limit)
    paths = sorted(str(found) for pattern in map(Path, said.modules) for found in pattern.parent.glob(pattern.name))
    between = " | " if said.markdown else "  "
    print(between.join([f"{'model':28}", *(f"{name:>17}" for name in CHOOSERS)]))
    if said.markdown:
        print("|".join(["---", *("--:" for _ in CHOOSERS)]))
    violations = cells = 0
    for module_path in paths:
        name = module_path.rpartition("/")[2].removesuffix(".mlirbc")
        with make_context() as context, ir.Location.unknown():
            try:
                module = load_module(module_path, context).module  # the case lives as long as it does
                case = read_case(module, path)
            except UserError as error:
                print(f"{name:28}{between}left out: {str(error)[:120]}")
                continue
            row, wrong = compare(case, options)
        violations, cells = violations + len(wrong), cells + len(row)
        print(between.join([f"{name:28}", *(f"{text:>17}" for text in row)]), flush=True)
        for text in wrong:
            print(f"  VIOLATION {name}: {text}")
    print(f"{cells} cells, {violations} violations of ilp <= chooser")
    sys.exit(1 if violations else 0)


def read_case(module: ir.Module, path: str) -> Case:
    """The problem of a module on one mesh, by the passes of ``path``."""
    run_pipeline(module, parse_pipeline(path))
    costs = read_machine(module)
    assert costs is not None
    write_rules(module)
    return read_cases(module, costs)[0]


def compare(case: Case, options: SolverOptions) -> tuple[list[str], list[str]]:
    """A row of cells, and what is wrong in it."""
    limit = case.problem.rows[0].limit_bytes if case.problem.rows else float("inf")
    row: list[str] = []
    wrong: list[str] = []
    least: float | None = None
    for name, chooser in CHOOSERS.items():
        began = time.perf_counter()
        try:
            solution = chooser(case, options)
        except OutOfMemory:
            row.append("OOM")
            continue
        seconds = solution.certificate.objective_s
        used = max(solution.used_bytes, default=0.0)
        if name == "ilp":
            least = seconds
        if abs(case.problem.objective(solution.choice) - seconds) > ROUNDING * seconds:
            wrong.append(f"{name} says {seconds}, the problem says {case.problem.objective(solution.choice)}")
        if used > limit:
            row.append(f"OOM {show_bytes(used)}")
            continue
        if least is None or seconds < least * (1 - ROUNDING):
            wrong.append(f"{name} has {seconds} s and ilp {least} s")
        row.append(f"{show_seconds(seconds)} {show_bytes(used)}")
        if time.perf_counter() - began > options.time_limit_s:
            print(f"  {name} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return row, wrong


def show_seconds(seconds: float) -> str:
    """``1.23 ms``."""
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


if __name__ == "__main__":
    main()

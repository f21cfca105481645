"""Which versions of a back end can be trusted: small random problems by the solvers, against trying everything.

python benchmarks/solver_audit.py [--backend highs|cbc] [--problems N] [--first SEED] [--seconds S] [--only CHECK]

sharding:   `solve_sharding`, as the planner calls it: a back end in doubt hands over to the other one ("asked CBC").
program:    the same problem as one program, not shrunk and with no second opinion.
placement:  `place`.

Run it in an environment that has the version in question; pyproject.toml and passes/solvers/program.py hold what was found.
Every problem is solved in a child process that a timer ends, since a back end that loops cannot be interrupted.
"""

import argparse
import importlib.metadata
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from unittest import mock

import numpy as np
from random_problems import (
    WHERE_HIGHS_WAS_WRONG,
    allowed,
    least_bytes,
    least_seconds,
    random_placement,
    random_sharding,
)

from passes.solvers import program as program_file
from passes.solvers.placement.placement import Placement, place
from passes.solvers.program import Backend, Program, new_program
from passes.solvers.shardings import relax
from passes.solvers.shardings.core import core_of
from passes.solvers.shardings.problem import OutOfMemory, ShardingProblem
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.solve import NoFiniteChoice, solve_sharding
from passes.solvers.shardings.tables import Tables

GOOD, NEAR = "good", 1e-9
TICKS = 2.0**40  # a second


def main() -> None:
    """Print how many problems end in which way, and the first seeds of each way that is not good."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=("highs", "cbc"), default="highs")
    parser.add_argument("--problems", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=15.0, help="of processor time for one problem")
    parser.add_argument("--only", choices=tuple(CHECKS), action="append")
    options = parser.parse_args()
    installed = importlib.metadata.version("highspy" if options.backend == "highs" else "cbcbox")
    print(f"{options.backend} {installed}, python-mip {importlib.metadata.version('mip')}")
    program_file.refuse_wrong_highs = lambda: None  # the wrong ones are what this is about
    for name in options.only or CHECKS:
        seeds = range(options.first, options.first + options.problems)
        ends: defaultdict[str, list[int]] = defaultdict(list)
        for seed, verdict in _verdicts(CHECKS[name], options.backend, seeds, options.seconds):
            ends[verdict].append(seed)
        print(f"{name}: {len(ends.pop(GOOD, []))} of {len(seeds)} good", flush=True)
        for verdict, which in sorted(ends.items()):
            print(f"  {len(which)} {verdict}, such as seeds {', '.join(map(str, which[:4]))}", flush=True)


def _verdicts(
    check: Callable[[int, Backend], str], backend: Backend, seeds: Sequence[int], seconds: float
) -> Iterator[tuple[int, str]]:
    """(seed, how it ended), by a child that goes on until it is ended; then the next child starts after that seed."""
    fork = get_context("fork")
    while seeds:
        ours, its = fork.Pipe(duplex=False)
        child = fork.Process(target=_work, args=(check, backend, seeds, seconds, its))
        child.start()
        its.close()
        while True:
            try:
                verdict = ours.recv()
            except EOFError:
                break
            yield seeds[0], verdict
            seeds = seeds[1:]
        child.join()
        if seeds:
            yield (
                seeds[0],
                "does not end" if child.exitcode == -signal.SIGPROF else f"ends the process ({child.exitcode})",
            )
            seeds = seeds[1:]


def _work(
    check: Callable[[int, Backend], str], backend: Backend, seeds: Sequence[int], seconds: float, to: Connection
) -> None:
    for seed in seeds:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF with no handler: inside the back end none would run
        try:
            to.send(check(seed, backend))
        except Exception as error:  # noqa: BLE001 any is a finding
            to.send(f"raises {type(error).__name__}")


def _problem(seed: int) -> ShardingProblem:
    """The first seeds are the known cases; the others are mostly of the hard kind: full of equal choices, with three rows."""
    if seed < len(WHERE_HIGHS_WAS_WRONG):
        its_seed, nodes, forbidden, density = WHERE_HIGHS_WAS_WRONG[seed]
        return random_sharding(its_seed, nodes=nodes, rows=3, ties=True, forbidden=forbidden, density=density)
    rng = np.random.default_rng((seed, 1))
    return random_sharding(
        seed,
        nodes=int(rng.integers(4, 8)),
        rows=int(rng.choice([1, 2, 3, 3])),
        ties=bool(rng.integers(4)),
        forbidden=float(rng.choice([0.0, 0.1, 0.4])),
        density=float(rng.choice([0.3, 0.6, 1.0])),
    )


def _sharding(seed: int, backend: Backend) -> str:
    problem = _problem(seed)
    best = least_seconds(problem)
    with mock.patch.object(relax, "new_program", wraps=new_program) as asked:
        try:
            solution = solve_sharding(problem, backend=backend)
        except (NoFiniteChoice, OutOfMemory):
            return GOOD if best == np.inf else "is said not to fit"
    certificate = solution.certificate
    if abs(certificate.objective_s - best) > NEAR * best or certificate.bound_s > best * (1 + NEAR):
        return "differs"
    if certificate.gap:
        return "is not proved"
    return GOOD if all(call.args == (backend,) for call in asked.call_args_list) else "good, asked CBC"


def _program(seed: int, backend: Backend) -> str:
    problem = _problem(seed)
    best = least_seconds(problem) * TICKS
    statuses: list[str] = []
    with mock.patch.object(Program, "optimize", _telling(statuses)):
        try:
            graph = Graph(Tables(TICKS), problem, problem.rows)
            core, _ = core_of(graph)
            found = relax.solve_core(core, backend, 600.0, None, np.inf)
        except NoFiniteChoice:
            return GOOD if best == np.inf else "is said to be infinite"
        except _Doubt:
            if best == np.inf and "INFEASIBLE" in statuses[-1]:
                return GOOD
            return f"is {statuses[-1]} {'and has a choice' if np.isfinite(best) else 'and has none'}"
    if found.choice is None:
        return "differs" if found.proved and np.isfinite(best) else GOOD if best == np.inf else "is not found"
    cost = core.objective(found.choice) + graph.constant
    rounding = len(core.costs) + len(core.edges)  # of costs to whole ticks
    return GOOD if abs(cost - best) <= NEAR * best + rounding or not found.proved else "differs"


class _Doubt(Exception):
    pass


def _telling(statuses: list[str]) -> Callable[..., str]:
    optimize = Program.optimize

    def told(self: Program, **how: Any) -> str:
        statuses.append(optimize(self, **how))
        if statuses[-1] not in ("OPTIMAL", "FEASIBLE"):
            raise _Doubt
        return statuses[-1]

    return told


def _placement(seed: int, backend: Backend) -> str:
    problem = random_placement(seed)
    best, found = least_bytes(problem), place(problem, backend)
    if best is None or not isinstance(found, Placement):
        return GOOD if best is None and not isinstance(found, Placement) else "differs on whether there is one"
    if not allowed(problem, found.stages) or abs(found.cost_bytes - best) > NEAR * best:
        return "differs"
    return GOOD if found.integral else "is not integral"


CHECKS = {"sharding": _sharding, "program": _program, "placement": _placement}

if __name__ == "__main__":
    main()

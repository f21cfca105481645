"""Alpa's own ILP call on arrays that we prepared. Runs in the scratch environment: PuLP, the unpacked wheel, nothing of ours.

    python alpa_ilp.py WHEEL_FOLDER ARRAYS.npz [--time-limit 600]

Loads `_call_solver_serialized_args` from the wheel's `alpa/shard_parallel/auto_sharding.py` as it was published. Its other imports
(a jax of 2022, a forked jaxlib, Ray) are not needed by that function: modules with placeholders stand for them. Prints one
JSON object: objective, choice (one strategy a node), proved (CBC finished), solver_seconds (writing the file for CBC, CBC,
reading its answer) and seconds (the whole call, so also building the PuLP model).
"""

import argparse
import importlib.util
import json
import resource
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pulp

ARGUMENTS = ("N", "M", "s_len", "s_follow", "E", "A", "L", "c", "d", "m", "r", "v")
STUBS = (
    "jax jax._src jax._src.lib jax.core jax.interpreters jax.interpreters.pxla "
    "alpa alpa.global_env alpa.parallel_plan alpa.timer alpa.util alpa.wrapped_hlo"
).split()


class Stub(ModuleType):
    """A module that has every public name: all are placeholders."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Stub(name)


def load_alpa(wheel: Path) -> ModuleType:
    """The module auto_sharding of the unpacked wheel."""
    sys.modules.update({name: Stub(name) for name in STUBS})
    name = "alpa.shard_parallel.auto_sharding"
    spec = importlib.util.spec_from_file_location(name, wheel / "alpa/shard_parallel/auto_sharding.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Watch:
    """Sees PuLP's solve from outside: how long it takes, and whether its answer is proved. Sets the time limit, nothing else."""

    def __init__(self, time_limit_s: float) -> None:
        self.seconds, self.proved = 0.0, False
        self._solve, self._command, self._limit = pulp.LpProblem.solve, pulp.PULP_CBC_CMD, time_limit_s
        pulp.LpProblem.solve = lambda problem, *args, **options: self.solve(problem, *args, **options)
        pulp.PULP_CBC_CMD = self.command

    def solve(self, problem: Any, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        status = self._solve(problem, *args, **options)
        self.seconds = time.perf_counter() - began
        self.proved = problem.sol_status == pulp.LpSolutionOptimal
        return status

    def command(self, **options: Any) -> Any:
        return self._command(**{**options, "timeLimit": self._limit})


def _processor_seconds() -> float:
    """Of this process and of CBC, which is a process of its own."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("arrays", type=Path)
    parser.add_argument("--time-limit", type=float, default=600.0, help="seconds; 600 is what Alpa asks for")
    args = parser.parse_args()

    alpa = load_alpa(args.wheel)
    with np.load(args.arrays) as file:
        arrays = [file[name].item() if file[name].ndim == 0 else file[name] for name in ARGUMENTS]
    watch = Watch(args.time_limit)
    answer: dict[str, Any] = {"objective": None, "choice": None}
    began, spent = time.perf_counter(), _processor_seconds()
    try:
        choice, _, objective, _ = alpa._call_solver_serialized_args(*arrays)  # noqa: SLF001  the peer's function
        answer = {"objective": objective, "choice": choice.tolist()}
    except AssertionError:
        answer["error"] = "no integral choice in the time limit"
    except RuntimeError as error:
        answer["error"] = str(error)
    seconds, cpu = time.perf_counter() - began, _processor_seconds() - spent
    answer |= {"proved": watch.proved, "solver_seconds": watch.seconds, "seconds": seconds, "cpu_seconds": cpu}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

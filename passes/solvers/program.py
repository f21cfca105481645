"""A linear or mixed program of python-mip with this project's settings: a back end, one thread, silence, and what failing means.

All of python-mip that the solvers use comes through here. It has no types, so what it hands out is Any.
"""

import importlib
import importlib.metadata
import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from dialects.errors import fail
from passes.solvers.quiet import quiet

Backend = Literal["cbc", "highs"]

# By benchmarks/solver_audit.py. From 1.16 on highspy hides the functions that python-mip 2.0 calls: none is found then.
WRONG_HIGHS = ("1.12.", "1.13.", "1.14.", "1.15.")
HIGHS = "highspy>=1.11,<1.12"  # as in pyproject.toml
_PACKAGES = {"cbc": "cbcbox", "highs": HIGHS}
_NO_LIMIT = 2**31 - 1  # nodes


@dataclass(frozen=True, slots=True)
class Program:
    """``mip``: the package, for its constants and sums. ``model``: a minimization that is empty at first."""

    mip: Any
    model: Any

    def optimize(self, *, relax: bool, seconds: float = math.inf, most_nodes: int = _NO_LIMIT) -> str:
        """Solve; the name of python-mip's status, "ERROR" too where HiGHS gives up and says no more than that."""
        try:
            with quiet():
                status = self.model.optimize(relax=relax, max_seconds=seconds, max_nodes=most_nodes)
        except self.mip.InterfacingError:
            return "ERROR"
        return str(status.name)


def new_program(backend: Backend) -> Program:
    """An empty program. UserError where the back end is not installed, or is one that is known to answer wrongly."""
    mip: Any = importlib.import_module("mip")  # here: it takes 0.1 s, which commands that solve nothing need not pay
    if backend == "highs":
        refuse_wrong_highs()
    try:
        model = mip.Model(sense=mip.MINIMIZE, solver_name=mip.CBC if backend == "cbc" else mip.HIGHS)
    except (FileNotFoundError, NameError):  # python-mip 2.0 meets a missing CBC as a NameError
        fail(f"python-mip finds no solver {backend} that it can call", remedy=f"pip install '{_PACKAGES[backend]}'")
    model.verbose, model.threads = 0, 1
    return Program(mip, model)


@cache
def refuse_wrong_highs() -> None:
    """UserError where the installed HiGHS is one of those that `benchmarks/solver_audit.py` found wrong."""
    try:
        version = importlib.metadata.version("highspy")
    except importlib.metadata.PackageNotFoundError:
        return  # python-mip says so, or has been given a HiGHS of the user's own
    if version.startswith(WRONG_HIGHS):
        fail(
            f"highspy {version} is installed, which finds programs infeasible that are not, or does not end",
            remedy=f"pip install '{HIGHS}'",
        )

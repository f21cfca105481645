"""The optimum is one: on thirty tiny programs no choice of shardings is better than the solver's, and no chooser is.

The machines of these tests are so slow at arithmetic that splitting even twelve numbers pays: on a real one all would be replicated.
Between ``fast`` links nearly everything is split; between ``slow`` ones little is, so that a memory limit changes the choice.
"""

import math
from dataclasses import replace
from itertools import product
from pathlib import Path
from unittest import mock

import pytest
from exhaustive import Exhaustive
from jaxlib.mlir import ir

from compiler.frontends.load import load_module
from compiler.intra.bytes import least_bytes
from compiler.intra.room import least as shortage_of
from compiler.pipeline.run import run_pipeline
from compiler.pipeline.text import parse_pipeline
from dialects.context import make_context
from dialects.sharding import MeshShape
from passes.analysis.shardings import cases as decide_shardings
from passes.analysis.shardings.cases import Case, read_cases
from passes.analysis.shardings.strategies import Strategies
from passes.choosers.base import SolverOptions
from passes.rules import write_rules
from passes.shardings.choose_shardings import CHOOSERS
from passes.solvers.costs.mesh_costs import AxisLink, MeshCosts
from passes.solvers.shardings.problem import OutOfMemory, ShardingProblem
from passes.solvers.shardings.solve import solve_sharding

TINY = sorted((Path(__file__).parents[2] / "modules" / "tiny").glob("*.mlir"))
PATH = "normalize,assign-roles,microbatch{microbatches=1},copy-views,mark-phases,choose-stages{stages=1},place,realize"
MESHES = {"2": (2,), "2x2": (2, 2)}
LINKS = {"fast": AxisLink(1e-8, 4e9), "slow": AxisLink(2e-7, 1e9)}


def costs_of(mesh: str, links: str) -> MeshCosts:
    """A device does 1 Gflop/s and reads 4 GB/s; the second axis has half the bandwidth of the first."""
    shape = MeshShape(tuple(zip("xy", MESHES[mesh], strict=False)))
    first = LINKS[links]
    second = replace(first, bandwidth_bytes_per_s=first.bandwidth_bytes_per_s / 2)
    types = tuple((name, 1e9) for name in ("f16", "bf16", "f32", "f64"))
    return MeshCosts(shape, (first, second)[: len(shape.axes)], types, 4e9, 1e12)


def read(path: Path, mesh: str, links: str, context: ir.Context) -> tuple[ir.Module, Case]:
    """The module, which must live as long as its case, and the case."""
    module = load_module(str(path), context).module
    run_pipeline(module, parse_pipeline(PATH))
    write_rules(module)
    (case,) = read_cases(module, costs_of(mesh, links))
    return module, case


def tightened(problem: ShardingProblem, share: float = 0.5) -> ShardingProblem:
    """All rows have ``share`` of what the free optimum uses in its fullest."""
    limit = max(solve_sharding(problem).used_bytes) * share
    return replace(problem, rows=tuple(replace(row, limit_bytes=limit) for row in problem.rows))


def least(problem: ShardingProblem) -> float:
    """What the solver says, infinity if nothing fits; the objective is that of its choice, and the choice fits."""
    try:
        solution = solve_sharding(problem)
    except OutOfMemory:
        return math.inf
    assert solution.certificate.gap == 0.0
    assert problem.objective(solution.choice) == pytest.approx(solution.certificate.objective_s, rel=1e-9)
    used = problem.used_bytes(solution.choice)
    assert all(use <= row.limit_bytes for use, row in zip(used, problem.rows, strict=True))
    return solution.certificate.objective_s


def test_there_are_thirty() -> None:
    assert len(TINY) == 30


@pytest.mark.parametrize("links", LINKS)
@pytest.mark.parametrize("mesh", MESHES)
@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
def test_equals_exhaustive_search(path: Path, mesh: str, links: str) -> None:
    with make_context() as context, ir.Location.unknown():
        _module, case = read(path, mesh, links, context)
        assert least(case.problem) == pytest.approx(Exhaustive(case.problem).run(), rel=1e-9)
        for share in (0.5, 0.9):
            tight = tightened(case.problem, share)
            assert least(tight) == pytest.approx(Exhaustive(tight).run(), rel=1e-9), share


@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
def test_no_chooser_is_better(path: Path) -> None:
    with make_context() as context, ir.Location.unknown():
        _module, case = read(path, "2x2", "slow", context)
        best = CHOOSERS["ilp"](case, SolverOptions()).certificate.objective_s
        for name, chooser in CHOOSERS.items():
            solution = chooser(case, SolverOptions())
            assert case.problem.objective(solution.choice) >= best * (1 - 1e-9), name


def test_the_search_equals_trying_every_choice() -> None:
    with make_context() as context, ir.Location.unknown():
        _module, case = read(next(path for path in TINY if path.stem == "residual"), "2", "slow", context)
        for problem in (case.problem, tightened(case.problem)):
            limits = [row.limit_bytes for row in problem.rows]
            found = math.inf
            for choice in product(*(range(len(node.cost)) for node in problem.nodes)):
                if all(use <= limit for use, limit in zip(problem.used_bytes(choice), limits, strict=True)):
                    found = min(found, problem.objective(choice))
            assert Exhaustive(problem).run() == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize(
    "name", ["tiny/conv_pool.mlir", "tiny/convolution.mlir", "linen_cnn.mlirbc", "keras_cnn.mlirbc"]
)
def test_where_images_are_enough_rows_of_images_gain_nothing(name: str) -> None:
    """``needless`` leaves no better plan out."""
    path = TINY[0].parents[1] / name
    with make_context() as context, ir.Location.unknown():
        _module, case = read(path, "2x2", "fast", context)
        with mock.patch.object(decide_shardings, "Strategies", lambda mesh, **_: Strategies(mesh, all_windows=True)):
            _other, whole = read(path, "2x2", "fast", context)
        assert sum(len(node.cost) for node in case.problem.nodes) < sum(len(node.cost) for node in whole.problem.nodes)
        assert least(case.problem) == pytest.approx(least(whole.problem), rel=1e-9)


@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
def test_the_shortage_is_of_the_row_that_needs_most(path: Path) -> None:
    """As if each row were asked for its least; with limits of their own, so that the fullest is not simply the largest."""
    with make_context() as context, ir.Location.unknown():
        _module, case = read(path, "2x2", "fast", context)
        rows = tuple(replace(row, limit_bytes=10.0 + 7 * (n % 3)) for n, row in enumerate(case.problem.rows))
        case = replace(case, problem=replace(case.problem, rows=rows))
        used = [case.problem.used_bytes(least_bytes(case, (row,)))[n] for n, row in enumerate(rows)]
        shares = [use / row.limit_bytes for use, row in zip(used, rows, strict=True)]
        found = shortage_of(case)
        assert found.total_bytes / found.limit_bytes == pytest.approx(max(shares), rel=1e-9)

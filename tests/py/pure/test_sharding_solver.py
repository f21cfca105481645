"""The sharding solver against brute force on random small problems; what a certificate says; errors; repeated layers."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.random_problems import WHERE_HIGHS_WAS_WRONG, least_seconds, random_sharding
from passes.solvers.program import Backend
from passes.solvers.shardings.ascent import ascend
from passes.solvers.shardings.bound import Duals, dual_bound
from passes.solvers.shardings.core import core_of
from passes.solvers.shardings.elimination import eliminate, plan_elimination
from passes.solvers.shardings.files import dump_npz, load_npz, write_mps
from passes.solvers.shardings.prices import price_bytes
from passes.solvers.shardings.problem import Edge, MemoryRow, Node, OutOfMemory, ShardingProblem
from passes.solvers.shardings.relax import solve_core
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.solve import NoFiniteChoice, solve_sharding
from passes.solvers.shardings.solve_inside import solve_inside
from passes.solvers.shardings.tables import Tables

EXAMPLES = int(os.environ.get("MESHWRIGHT_EXAMPLES", "200"))  # thousands before a release


def check(problem: ShardingProblem, backend: Backend = "highs") -> None:
    """The solver's answer is the best of all choices, or there is none."""
    best = least_seconds(problem)
    try:
        solution = solve_sharding(problem, backend=backend)
    except (NoFiniteChoice, OutOfMemory):
        assert best == np.inf
        return
    certificate = solution.certificate
    assert certificate.objective_s == pytest.approx(best, rel=1e-9, abs=1e-15)
    assert certificate.objective_s == problem.objective(solution.choice)
    assert certificate.bound_s <= best * (1 + 1e-9) + 1e-15
    assert certificate.gap == 0.0
    assert all(u <= row.limit_bytes for u, row in zip(solution.used_bytes, problem.rows, strict=True))


cases = given(
    seed=st.integers(0, 2**32 - 1),
    nodes=st.integers(1, 7),
    ties=st.booleans(),
    forbidden=st.sampled_from([0.0, 0.1, 0.4]),
    density=st.sampled_from([0.3, 0.6, 1.0]),
)


@settings(max_examples=EXAMPLES, deadline=None)
@cases
def test_equals_least_seconds(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    check(random_sharding(seed, nodes=nodes, rows=0, ties=ties, forbidden=forbidden, density=density))


@settings(max_examples=EXAMPLES, deadline=None)
@cases
def test_equals_brute_force_inside_memory_rows(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    check(random_sharding(seed, nodes=nodes, rows=1 + seed % 3, ties=ties, forbidden=forbidden, density=density))


@pytest.mark.parametrize("backend", ["cbc", "highs"])
def test_the_best_choice_is_free_and_does_not_fit(backend: Backend):
    node = Node("n", np.array([0.0, 1.0, 2.0]))
    check(ShardingProblem((node,), (), (MemoryRow("row", 5.1, {0: np.array([7.0, 5.0, 3.0])}),)), backend)


def layers(count: int, seed: int = 0) -> ShardingProblem:
    """A chain of equal random blocks of six nodes; the blocks share their arrays, as repeated layers do."""
    rng = np.random.default_rng(seed)
    costs = [rng.random(5) for _ in range(6)]
    pairs = [(a, b) for a in range(6) for b in range(a + 1, 6)]
    inner = [rng.random((5, 5)) for _ in pairs]
    bridges = [rng.random((5, 5)) for _ in range(2)]
    nodes = tuple(Node(f"{block}.{i}", cost) for block in range(count) for i, cost in enumerate(costs))
    edges = [Edge(6 * x + a, 6 * x + b, cost) for x in range(count) for (a, b), cost in zip(pairs, inner, strict=True)]
    edges += [Edge(6 * x + 4 + i, 6 * x + 6 + i, bridges[i]) for x in range(count - 1) for i in range(2)]
    return ShardingProblem(nodes, tuple(edges))


def by_transfer(problem: ShardingProblem, count: int) -> float:
    """The optimum of `layers`, by dynamic programming over whole blocks: 5 ** 6 states each, reduced to the bridge nodes."""
    choices = np.array(list(product(range(5), repeat=6)))
    inside = sum(problem.nodes[i].cost[choices[:, i]] for i in range(6))
    for edge in problem.edges:
        if edge.b < 6:
            inside = inside + edge.cost[choices[:, edge.a], choices[:, edge.b]]
    bridges = [edge.cost for edge in problem.edges if (edge.a, edge.b) in ((4, 6), (5, 7))]
    ends = np.zeros((5, 5))
    before = np.zeros((5, 5))  # what earlier blocks cost at least, by the first two nodes of this one
    for _ in range(count):
        total = inside + before[choices[:, 0], choices[:, 1]]
        ends = np.full((5, 5), np.inf)
        np.minimum.at(ends, (choices[:, 4], choices[:, 5]), total)
        moved = ends[:, :, None, None] + bridges[0][:, None, :, None] + bridges[1][None, :, None, :]
        before = moved.min(axis=(0, 1))
    return float(ends.min())


@pytest.mark.parametrize("seed", range(3))
def test_forty_eight_equal_blocks_are_solved_exactly(seed: int):
    problem = layers(48, seed)
    certificate = solve_sharding(problem).certificate
    assert certificate.gap == 0.0
    assert certificate.objective_s == pytest.approx(by_transfer(problem, 48), rel=1e-9)


def test_equal_blocks_are_shrunk_once():
    few, many = (Tables(2.0**40) for _ in range(2))
    for tables, count in ((few, 8), (many, 40)):
        Graph(tables, layers(count)).shrink()
    assert len(many) == len(few)


@settings(max_examples=60, deadline=None)
@cases
def test_any_multipliers_bound_from_below(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    problem = random_sharding(seed, nodes=nodes, rows=seed % 3, ties=ties, forbidden=0.0, density=density)
    graph = Graph(Tables(2.0**40), problem, problem.rows)  # not shrunk: the core is the whole problem
    core, _ = core_of(graph)
    rng = np.random.default_rng(seed)
    messages = tuple(
        (rng.normal(size=cost.shape[0]) * 2**40, rng.normal(size=cost.shape[1]) * 2**40) for *_, cost in core.edges
    )
    bound = dual_bound(core, Duals(messages, rng.random(len(problem.rows)) * 2**40)) + graph.constant
    assert bound <= least_seconds(problem) * 2.0**40 * (1 + 1e-9) + 1.0


@settings(max_examples=100, deadline=None)
@cases
def test_dual_ascent_bounds_and_its_choice_fits(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    problem = random_sharding(seed, nodes=nodes, rows=seed % 3, ties=ties, forbidden=forbidden / 4, density=density)
    try:
        graph = Graph(Tables(2.0**40), problem, problem.rows)
        graph.shrink()
    except NoFiniteChoice:
        return
    core, numbers = core_of(graph)
    if not core.edges:
        return
    ascent = ascend(core, 40, graph.constant)
    best = least_seconds(problem) * 2.0**40
    assert ascent.bound + graph.constant <= best * (1 + 1e-9) + 1.0
    if ascent.choice is not None and np.isfinite(ascent.cost):
        assert core.fits(ascent.choice)
        choice = graph.extend(dict(zip(numbers, ascent.choice, strict=True)))
        assert problem.objective(choice) * 2.0**40 == pytest.approx(ascent.cost + graph.constant, rel=1e-9)
        assert not ascent.closed or problem.objective(choice) * 2.0**40 <= best * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@cases
def test_large_cores_with_rows_have_an_honest_gap(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    """The way for large cores, on small ones: with no column allowed in a program at once, prices and fixing must do."""
    problem = random_sharding(seed, nodes=nodes, rows=1 + seed % 2, ties=ties, forbidden=0.0, density=density)
    best = least_seconds(problem) * 2.0**40
    graph = Graph(Tables(2.0**40), problem, problem.rows)
    found = solve_inside(graph, "highs", 10.0, small=0)
    assert found.bound <= best * (1 + 1e-9) + 1.0 or (found.choice is None and best == np.inf)
    if found.choice is not None:
        cost = problem.objective(found.choice) * 2.0**40
        assert best * (1 - 1e-9) - 1.0 <= cost
        assert not found.proved or cost <= best * (1 + 1e-9) + 1.0


def test_elimination_equals_the_program():
    for seed in range(20):
        problem = random_sharding(seed, nodes=7, rows=0, ties=False, forbidden=0.0, density=1.0)
        graph = Graph(Tables(2.0**40), problem)
        graph.shrink()
        core, numbers = core_of(graph)
        choice, cost = eliminate(graph, plan_elimination(graph, 1e9))
        if not core.costs:
            continue
        mine = [choice[number] for number in numbers]
        assert core.objective(mine) == pytest.approx(cost, rel=1e-12)
        relaxed = solve_core(core, "cbc", 10.0, None, cost)
        assert relaxed.choice is not None
        assert core.objective(relaxed.choice) == pytest.approx(cost, rel=1e-9)


@settings(max_examples=25, deadline=None)
@cases
def test_both_back_ends_agree(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    check(random_sharding(seed, nodes=nodes, rows=2, ties=ties, forbidden=forbidden, density=density), "cbc")


@pytest.mark.parametrize("backend", ["cbc", "highs"])
@pytest.mark.parametrize(
    ("seed", "nodes", "forbidden", "density"),
    WHERE_HIGHS_WAS_WRONG,
)
def test_where_highs_was_wrong(seed: int, nodes: int, forbidden: float, density: float, backend: Backend) -> None:
    check(random_sharding(seed, nodes=nodes, rows=3, ties=True, forbidden=forbidden, density=density), backend)


def test_same_problem_same_answer():
    problem = random_sharding(7, nodes=7, rows=2, ties=True, forbidden=0.1, density=1.0)
    first, *others = (solve_sharding(problem) for _ in range(3))
    assert all(other.choice == first.choice and other.used_bytes == first.used_bytes for other in others)


_ONE_PROCESS = """
import sys
from passes.solvers.shardings.files import load_npz
from passes.solvers.shardings.solve import solve_sharding
found = solve_sharding(load_npz(sys.argv[1]))
print(found.choice, found.certificate.bound_s.hex())
"""


def crowd(rows: int) -> ShardingProblem:
    """Larger than any search over all choices."""
    return random_sharding(5, nodes=60, rows=rows, ties=True, forbidden=0.0, density=0.1)


@pytest.mark.parametrize("rows", [0, 1])
def test_every_process_gives_the_same_answer(tmp_path: Path, rows: int):
    dump_npz(crowd(rows), tmp_path / "problem.npz")
    command = [sys.executable, "-c", _ONE_PROCESS, str(tmp_path / "problem.npz")]
    root = Path(__file__).parents[3]
    answers = {
        subprocess.run(
            command, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(answers) == 1


def test_no_time_leaves_an_honest_gap():
    problem = random_sharding(5, nodes=70, rows=0, ties=True, forbidden=0.0, density=0.2)
    hurried = solve_sharding(problem, time_limit_s=0.0).certificate
    assert hurried.gap > 0.0
    assert hurried.bound_s <= solve_sharding(problem, time_limit_s=2.0).certificate.objective_s


@settings(max_examples=60, deadline=None)
@cases
def test_prices_on_bytes_bound_from_below(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    problem = random_sharding(seed, nodes=nodes, rows=1 + seed % 2, ties=ties, forbidden=0.0, density=density)

    def solve(free: ShardingProblem) -> tuple[tuple[int, ...] | None, float]:
        found = solve_sharding(free)
        return found.choice, found.certificate.bound_s

    free, _ = solve(ShardingProblem(problem.nodes, problem.edges))
    assert free is not None
    priced = price_bytes(problem, problem.rows, free, solve)
    assert priced.bound_s <= least_seconds(problem) * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_prices_on_bytes_start_where_the_free_choice_costs_nothing(scale: float):
    """Whole (0 s, 4 bytes) or split (1 s, 0 bytes) with room for 2 bytes: half of each, so the bound is half a second."""
    node = Node("w", np.array([0.0, 1.0]) * scale)
    row = MemoryRow("forward", 2.0, {0: np.array([4.0, 0.0])})

    def solve(free: ShardingProblem) -> tuple[tuple[int, ...] | None, float]:
        found = solve_sharding(free)
        return found.choice, found.certificate.bound_s

    priced = price_bytes(ShardingProblem((node,), (), (row,)), (row,), (0,), solve)
    assert priced.bound_s == pytest.approx(0.5 * scale, rel=1e-4)
    assert set(priced.choices) == {(0,), (1,)}


def test_never_worse_than_a_start():
    problem = layers(3)
    start = [0] * len(problem.nodes)
    assert solve_sharding(problem, start=[start]).certificate.objective_s <= problem.objective(start)


def test_out_of_memory_names_the_least_of_every_row():
    node = Node("w", np.array([1.0, 2.0, np.inf]))
    row = MemoryRow("update", 3.0, {0: np.array([8.0, 4.0, 2.0])})
    fine = MemoryRow("forward", 9.0, {0: np.array([8.0, 4.0, 2.0])})
    with pytest.raises(OutOfMemory) as error:
        solve_sharding(ShardingProblem((node,), (), (row, fine)))
    assert error.value.smallest == {"update": 4.0, "forward": 4.0}
    assert error.value.limits == {"update": 3.0, "forward": 9.0}


def test_nothing_finite_is_said():
    with pytest.raises(NoFiniteChoice, match="finite"):
        solve_sharding(ShardingProblem((Node("w", np.array([np.inf])),), ()))


def test_files_hold_the_problem(tmp_path: Path):
    problem = random_sharding(3, nodes=6, rows=2, ties=False, forbidden=0.2, density=0.8)
    dump_npz(problem, tmp_path / "problem.npz")
    back = load_npz(tmp_path / "problem.npz")
    assert [n.name for n in back.nodes] == [n.name for n in problem.nodes]
    assert [(e.a, e.b) for e in back.edges] == [(e.a, e.b) for e in problem.edges]
    assert all(
        np.array_equal(x.cost, y.cost)
        for x, y in zip((*back.nodes, *back.edges), (*problem.nodes, *problem.edges), strict=True)
    )
    assert [(r.name, r.limit_bytes) for r in back.rows] == [(r.name, r.limit_bytes) for r in problem.rows]
    choice = [0] * len(problem.nodes)
    assert back.used_bytes(choice) == problem.used_bytes(choice)


def test_any_solver_finds_the_same_optimum_in_the_mps(tmp_path: Path):
    import mip

    for seed in range(10):
        problem = random_sharding(seed, nodes=5, rows=1, ties=False, forbidden=0.1, density=0.6)
        best = least_seconds(problem)
        write_mps(problem, tmp_path / "problem.mps")
        model = mip.Model(solver_name=mip.CBC)
        model.verbose = 0
        model.read(str(tmp_path / "problem.mps"))
        status = model.optimize()
        if best == np.inf:
            assert status in (mip.OptimizationStatus.INFEASIBLE, mip.OptimizationStatus.INT_INFEASIBLE)
        else:
            assert model.objective_value is not None
            assert model.objective_value / 1e6 == pytest.approx(best, rel=1e-6)

"""Problems with charges against brute force, and which of them are equal: a latency a bucket is part of the costs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.random_problems import least_seconds, random_sharding
from passes.choosers import charged
from passes.choosers.base import SolverOptions
from passes.choosers.charged import solve_charged
from passes.solvers.shardings.problem import Charge, NoneFound, ShardingProblem, ShardingSolution


def with_charges(seed: int, nodes: int, forbidden: float = 0.0) -> ShardingProblem:
    """A random problem, and up to three classes: each edge that may use one puts something in for some pairs of strategies."""
    problem = random_sharding(seed, nodes=nodes, rows=0, ties=False, forbidden=forbidden, density=1.0)
    random = np.random.default_rng(seed)
    charges: list[Charge] = []
    for number in range(1 + seed % 3):
        users = [e for e in range(len(problem.edges)) if random.random() < 0.7]
        sizes = {e: random.integers(0, 3, problem.edges[e].cost.shape).astype(np.float64) for e in users}
        charges.append(Charge(f"class {number}", float(random.uniform(0.1, 3.0)), float(random.integers(2, 9)), sizes))
    return replace(problem, charges=tuple(charges))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.sampled_from([0.0, 0.2]))
def test_bound_holds_and_what_is_proved_is_best(seed: int, nodes: int, forbidden: float) -> None:
    problem = with_charges(seed, nodes, forbidden)
    best = least_seconds(problem)
    if best == np.inf:
        return
    found = solve_charged(problem, SolverOptions())
    certificate = found.certificate
    assert certificate.objective_s == problem.objective(found.choice)
    assert certificate.bound_s <= best * (1 + 1e-9)
    assert certificate.gap == pytest.approx((certificate.objective_s - certificate.bound_s) / certificate.objective_s)
    if certificate.gap == 0.0:
        assert certificate.objective_s == pytest.approx(best, rel=1e-9)


def test_a_solve_that_finds_nothing_in_time_leaves_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its bound stays a bound; the first solve has nothing to fall back on."""
    problem = next(p for p in (with_charges(seed, 5) for seed in range(50)) if solves(p, monkeypatch) > 1)
    best = solve_charged(problem, SolverOptions())
    real, count = charged.solve_sharding, 0

    def later(*args: object, **options: object) -> ShardingSolution:
        nonlocal count
        count += 1
        if count > 1:
            raise NoneFound(0.0)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(charged, "solve_sharding", later)
    found = solve_charged(problem, SolverOptions())
    assert count == 2
    assert found.certificate.bound_s <= best.certificate.objective_s <= found.certificate.objective_s
    with pytest.raises(NoneFound):
        solve_charged(problem, SolverOptions())


def solves(problem: ShardingProblem, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many problems without charges are solved for ``problem``."""
    real, count = charged.solve_sharding, 0

    def counted(*args: object, **options: object) -> ShardingSolution:
        nonlocal count
        count += 1
        return real(*args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(charged, "solve_sharding", counted)
        solve_charged(problem, SolverOptions())
    return count


def test_charges_are_part_of_what_is_equal() -> None:
    """So that what one mesh decided answers only for a mesh whose buckets cost the same."""
    problem = with_charges(7, 5)
    first, *rest = problem.charges
    edge, table = next(iter(first.bytes_of.items()))
    others = (
        replace(first, seconds=first.seconds * 2),
        replace(first, limit_bytes=first.limit_bytes + 1),
        replace(first, bytes_of={**first.bytes_of, edge: table + 1}),
        replace(first, bytes_of={e: sizes for e, sizes in first.bytes_of.items() if e != edge}),
    )
    keys = {replace(problem, charges=(other, *rest)).cost_key() for other in (first, *others)}
    keys |= {replace(problem, charges=tuple(rest)).cost_key(), replace(problem, charges=()).cost_key()}
    assert len(keys) == 2 + len(others) + (1 if rest else 0)
    assert replace(problem, charges=(replace(first, name="another"), *rest)).cost_key() == problem.cost_key()

"""The cut DP against brute force, and its speed at the sizes of real programs."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.solvers.stages.cut import choose_cuts

items = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=9)


def brute_force(
    costs: list[int], crossings: list[int], num_stages: int, speeds: tuple[int, ...] = (1,) * 5
) -> tuple[float, int]:
    """Least (bottleneck, total crossing) over all cuts whose stages all hold work."""
    count = min(num_stages, max(1, sum(cost > 0 for cost in costs)))
    best: tuple[float, int] = (10**9, 10**9)
    for inner in itertools.combinations(range(1, len(costs)), count - 1):
        bounds = (0, *inner, len(costs))
        spans = list(itertools.pairwise(bounds))
        if any(costs) and not all(any(costs[a:b]) for a, b in spans):
            continue
        paid = [crossings[a - 1] if a else 0 for a, _ in spans]
        stages = [sum(costs[a:b]) / speed + extra for (a, b), extra, speed in zip(spans, paid, speeds, strict=False)]
        best = min(best, (max(stages), sum(paid)))
    return best


@settings(max_examples=400, deadline=None)
@given(items, st.integers(1, 5))
def test_equals_brute_force(pairs: list[tuple[int, int]], num_stages: int) -> None:
    costs, crossings = [a for a, _ in pairs], [b for _, b in pairs]
    cut = choose_cuts(costs, crossings, num_stages)
    bottleneck, crossing = brute_force(costs, crossings, num_stages)
    assert cut.bottleneck_s == pytest.approx(bottleneck)
    assert cut.crossing_s == pytest.approx(crossing)
    assert cut.starts[0] == 0
    assert list(cut.starts) == sorted(set(cut.starts))
    assert len(cut.stages(len(costs))) == len(costs)
    assert bool(cut.remark) == (cut.num_stages < num_stages)


@settings(max_examples=200, deadline=None)
@given(items, st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_stages_of_different_speeds_equal_brute_force(pairs: list[tuple[int, int]], speeds: list[int]) -> None:
    costs, crossings = [a for a, _ in pairs], [b for _, b in pairs]
    cut = choose_cuts(costs, crossings, len(speeds), speeds=speeds)
    bottleneck, crossing = brute_force(costs, crossings, len(speeds), tuple(speeds))
    assert cut.bottleneck_s == pytest.approx(bottleneck)
    assert cut.crossing_s == pytest.approx(crossing)


@pytest.mark.parametrize("speeds", [[1.0], [1.0, 0.0], [1.0, float("nan")]])
def test_one_speed_a_stage(speeds: list[float]) -> None:
    with pytest.raises(ValueError, match="speeds for 2 stages, want one above 0 for each"):
        choose_cuts([1, 1], [0, 0], 2, speeds=speeds)


def test_cuts_where_little_crosses() -> None:
    cut = choose_cuts([1, 1, 1, 1], [9, 0.5, 9, 0], 2)
    assert cut.starts == (0, 2)
    assert cut.stage_s == pytest.approx((2.0, 2.5))


def test_slack_buys_less_crossing() -> None:
    costs, crossings = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.1, 0.01, 0.8, 0.8, 0.8, 0.0]
    assert choose_cuts(costs, crossings, 2).starts == (0, 3)
    assert choose_cuts(costs, crossings, 2, slack=0.2).starts == (0, 2)


def test_slack_is_not_spent_on_less_than_it_costs() -> None:
    costs, crossings = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.1, 0.01, 0.3, 0.3, 0.3, 0.0]
    assert choose_cuts(costs, crossings, 2, slack=0.3).starts == (0, 3)


def test_latency_chooses_and_is_charged_to_no_stage() -> None:
    costs, crossings = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.0] * 6
    cut = choose_cuts(costs, crossings, 2, 0.4, [9.0, 0.0, 9.0, 9.0, 9.0, 0.0])
    assert (cut.starts, cut.stage_s) == ((0, 2), (2.0, 4.0))
    assert choose_cuts(costs, crossings, 2, 0.2, [9.0, 0.0, 9.0, 9.0, 9.0, 0.0]).starts == (0, 3)


def test_fewer_items_with_cost_than_stages_says_so() -> None:
    cut = choose_cuts([0, 3, 0, 2, 0], [1] * 5, 4)
    assert cut.num_stages == 2
    assert cut.remark == "4 stages asked for, but only 2 can hold work"


def test_no_item_costs_anything() -> None:
    assert choose_cuts([0, 0, 0], [1, 1, 1], 2).starts == (0,)


@pytest.mark.parametrize(
    ("costs", "crossings", "num_stages"),
    [([], [], 1), ([1], [1, 2], 1), ([1], [1], 0), ([-1], [0], 1), ([1], [float("nan")], 1)],
)
def test_bad_numbers_are_refused(costs: list[float], crossings: list[float], num_stages: int) -> None:
    with pytest.raises(ValueError, match=r"got|must"):
        choose_cuts(costs, crossings, num_stages)


def test_twenty_thousand_items_into_sixty_four_stages() -> None:
    random = np.random.default_rng(0)
    costs = random.exponential(1e-4, 20_000) * (random.random(20_000) < 0.6)
    start = time.process_time()
    cut = choose_cuts(list(costs), list(random.exponential(1e-3, 20_000)), 64)
    assert time.process_time() - start < 10, "a second on an idle core"
    assert cut.num_stages == 64
    assert cut.bottleneck_s < 1.2 * costs.sum() / 64 + costs.max()

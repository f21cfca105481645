"""The halo of a window, against what a window is: every device's results from its own rows and its neighbours', or a refusal."""

from random import Random

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from passes.analysis.ops.halo import Halo, Window, halo, picking_halos, splits_results, splits_window

TEXTBOOK = Window(size=8, results=8, length=3, low=1)


def slide(
    values: np.ndarray, weights: np.ndarray, window: Window, padding: tuple[int, int], results: int
) -> np.ndarray:
    """``results`` windows over ``values``: numpy's words for the definition."""
    spaced = np.zeros(max(0, (len(values) - 1) * window.spacing + 1))
    spaced[:: window.spacing] = values
    low, high = padding
    row = np.concatenate([np.zeros(max(low, 0)), spaced[max(-low, 0) :], np.zeros(max(high, 0))])
    row = row[: len(row) + min(high, 0)]
    reach = (len(weights) - 1) * window.dilation + 1
    assert (len(row) - reach) // window.stride + 1 == results, "the local op has another number of results"
    starts = range(0, len(row) - reach + 1, window.stride)
    return np.array([row[start : start + reach : window.dilation] @ weights for start in starts])


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, int, int, bool]:
    """A window, its padding behind, a number of parts, and whether it is contracted: half of them with sizes that go together."""
    parts, contracted = draw(st.integers(1, 4)), draw(st.booleans())
    stride, spacing, dilation = (draw(st.sampled_from([1, 1, 2, 3])) for _ in range(3))
    size = parts * draw(st.integers(1, 4)) * stride * dilation
    low, high = draw(st.integers(-1, 4)), draw(st.integers(-1, 4))
    length = draw(st.integers(1, 5))
    if contracted:
        length = size * spacing // dilation
    elif draw(st.booleans()):
        results = size * spacing // stride
        high = (results - 1) * stride + (length - 1) * dilation - low - (size - 1) * spacing
    room = (size - 1) * spacing + low + high - (length - 1) * dilation
    assume(room >= 0)
    return Window(size, room // stride + 1, length, stride, low, spacing, dilation), high, parts, contracted


@given(windows())
def test_parts_make_up_the_whole_or_are_refused(drawn: tuple[Window, int, int, bool]) -> None:
    window, high, parts, contracted = drawn
    found = halo(window, parts, contracted=contracted)
    if found is None:
        return
    values, weights = np.arange(1.0, window.size + 1), np.arange(1.0, window.length + 1) ** 2
    whole = slide(values, weights, window, (window.low, high), window.results)
    own = window.size // parts
    below, above = max(found.low, 0), max(found.high, 0)
    rows = np.concatenate([np.zeros(below), values, np.zeros(above)])
    local: list[np.ndarray] = []
    for i in range(parts):
        mine = rows[i * own + below - found.low : (i + 1) * own + below + found.high]
        if contracted:
            share = weights[i * window.length // parts : (i + 1) * window.length // parts]
            local.append(slide(mine, share, window, found.padding, window.results))
        else:
            local.append(slide(mine, weights, window, found.padding, window.results // parts))
    got = sum(local) if contracted else np.concatenate(local)
    assert np.array_equal(got, whole)


def test_the_textbook_needs_a_row_on_each_side() -> None:
    found = halo(TEXTBOOK, 2, contracted=False)
    assert found is not None
    assert (found.low, found.high, found.padding) == (1, 1, (0, 0))


def test_a_stride_needs_a_row_on_one_side() -> None:
    found = halo(
        Window(size=16, results=8, length=3, stride=2), 4, contracted=False
    )  # SAME: nothing in front, one behind
    assert found is not None
    assert (found.low, found.high, found.padding) == (0, 1, (0, 0))


def test_a_window_of_one_needs_nothing() -> None:
    found = halo(Window(size=16, results=8, length=1, stride=2), 4, contracted=False)
    assert found is not None
    assert (found.low, found.high, found.padding) == (0, 0, (0, 0))


def test_the_gradient_of_the_input_spreads_rows() -> None:
    found = halo(Window(size=8, results=16, length=3, low=2, spacing=2), 4, contracted=False)
    assert found is not None
    assert (found.low, found.high, found.padding) == (1, 0, (0, 1))


def test_the_gradient_of_the_kernel_splits_the_window() -> None:
    window = Window(size=16, results=3, length=8, dilation=2)
    assert (splits_results(window), splits_window(window)) == (1, 8)
    found = halo(window, 4, contracted=True)
    assert found is not None
    assert (found.low, found.high, found.padding) == (0, 1, (0, 0))


def test_what_cannot_be_split() -> None:
    assert halo(Window(size=8, results=6, length=3), 2, contracted=False) is None  # no padding: parts begin unlike
    assert halo(TEXTBOOK, 3, contracted=False) is None  # 3 does not divide 8
    assert (
        halo(Window(size=8, results=8, length=5, low=4), 4, contracted=False) is None
    )  # 4 rows, and neighbours have 2
    assert (
        halo(Window(size=8, results=8, length=8, low=7), 2, contracted=False) is None
    )  # a running sum reads everything


def test_a_pooling_gradient_runs_the_windows_that_touch_own_rows() -> None:
    found = picking_halos(Window(size=16, results=8, length=3, stride=2), 4)  # windows 2o … 2o + 2
    assert found is not None
    operand, source = found
    assert (operand.low, operand.high, source.low, source.high) == (2, 1, 1, 0)


def test_poolings_that_do_not_overlap_exchange_nothing() -> None:
    found = picking_halos(Window(size=16, results=8, length=2, stride=2), 4)
    assert found == (Halo(0, 0, (0, 0)), Halo(0, 0, (0, 0)))


def pick(values: np.ndarray, handed: np.ndarray, window: Window, low: int) -> np.ndarray:
    """Each window hands its value to the first of its greatest elements; padding is never picked."""
    given_to = np.zeros(len(values))
    for o, value in enumerate(handed):
        start = o * window.stride - low
        inside = range(max(start, 0), min(start + window.length, len(values)))
        given_to[max(inside, key=lambda row: (values[row], -row))] += value
    return given_to


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(1, 6), st.integers(0, 5), st.randoms())
def test_parts_of_a_pooling_gradient(parts: int, few: int, stride: int, length: int, low: int, random: Random) -> None:
    size = parts * few * stride
    window = Window(size, size // stride, length, stride, low)
    assume(low < length and (window.results - 1) * stride - low < size)  # no window lies in padding alone
    found = picking_halos(window, parts)
    if found is None:
        return
    values = np.array([float(random.randrange(4)) for _ in range(size)])
    handed = np.array([float(random.randrange(1, 9)) for _ in range(window.results)])
    operand, source = found
    rows = np.concatenate([np.full(operand.low, -np.inf), values, np.full(operand.high, -np.inf)])
    more = np.concatenate([np.zeros(source.low), handed, np.zeros(source.high)])
    own, results = size // parts, window.results // parts
    local: list[np.ndarray] = []
    for i in range(parts):
        mine = rows[i * own : (i + 1) * own + operand.low + operand.high]
        its = more[i * results : (i + 1) * results + source.low + source.high]
        assert (len(mine) - length) // stride + 1 == len(its), "the local op has another number of windows"
        local.append(pick(mine, its, window, 0)[operand.low : operand.low + own])
    assert np.array_equal(np.concatenate(local), pick(values, handed, window, low))

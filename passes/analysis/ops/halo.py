"""A window that slides along a split dim: which rows of the neighbours each device needs. Arithmetic, no IR.

Result ``o`` reads the positions ``o * stride - low + t * dilation`` for ``t < length``; element ``q`` of the operand lies at
position ``q * spacing``, the rest is padding. With n parts, device i makes results ``i * M/n …`` from elements ``i * N/n …``:

    N = 8, length 3, stride 1, low 1, two devices:      device 0 has 0 1 2 3, needs -1 … 4:   padding, own, one row from above
                                                        device 1 has 4 5 6 7, needs  3 … 8:   one row from below, own, padding

All devices run one program, so every device takes the same: below the first and above the last, padding comes instead. That
works where parts begin at the same distance everywhere (``M * stride == N * spacing``) and windows reach the next part at most.

A kernel's gradient slides along what it contracts: ``sum over t of image[o * stride - low + t * dilation] * change[t]``. There the
window itself is split (``K * dilation == N * spacing``): each device makes a part of every sum, and needs the same kind of rows.
Source: GSPMD (Xu et al. 2021), section 4.3 and appendix A; XLA's spmd/convolution_handler.cc.
"""

from dataclasses import dataclass
from math import gcd


@dataclass(frozen=True, slots=True)
class Window:
    """Sizes along one dim, in elements: ``size`` of the operand, ``results``, ``length`` of the window; ``low``: padding in front.

    ``spacing``: positions from one element of the operand to the next; ``dilation``: from one element of the window to the next.
    """

    size: int
    results: int
    length: int
    stride: int = 1
    low: int = 0
    spacing: int = 1
    dilation: int = 1


@dataclass(frozen=True, slots=True)
class Halo:
    """``low`` rows of the device before, ``high`` of the one behind; then the local op has ``padding`` instead of its own.

    Negative: so many of its own rows on that side are cut off, since no window of the device reads them. ``padding`` is never
    negative: XLA (jaxlib 0.10.2) ends the process on a window of one element with such a padding.
    """

    low: int
    high: int
    padding: tuple[int, int]


def splits_results(window: Window) -> int:
    """The greatest number of parts that results and operand could be split in together; 1 if they cannot."""
    even = window.results * window.stride == window.size * window.spacing
    return gcd(window.results, window.size) if even else 1


def splits_window(window: Window) -> int:
    """The greatest number of parts that window and operand could be split in together; 1 if they cannot."""
    even = window.length * window.dilation == window.size * window.spacing
    return gcd(window.length, window.size) if even else 1


def halo(window: Window, parts: int, *, contracted: bool) -> Halo | None:
    """What each device needs with the operand and the results (the window if ``contracted``) in ``parts``; None if it cannot be."""
    most = splits_window(window) if contracted else splits_results(window)
    if parts < 1 or most % parts:
        return None
    own, results, length = window.size // parts, window.results, window.length
    if contracted:
        length //= parts
    else:
        results //= parts
    last = (results - 1) * window.stride - window.low + (length - 1) * window.dilation
    behind = last - (own - 1) * window.spacing  # how far the last window reaches beyond the last own row
    low = window.low // window.spacing
    high = 0 if -window.stride < behind < 0 else behind // window.spacing  # what is too little for a window may stay
    if max(low, high) > own or min(low, high) <= -own:
        return None
    return Halo(low, high, (window.low - low * window.spacing, max(0, behind - high * window.spacing)))


def picking_halos(window: Window, parts: int) -> tuple[Halo, Halo] | None:
    """Of the gradient of a max-pooling: what a device needs of the operand, and of the values that windows hand to what they pick.

    A device runs all windows that touch its rows, with all of their rows, and what they hand to other devices' rows is dropped.
    """
    if window.spacing != 1 or window.dilation != 1 or not 0 <= window.low < window.length:
        return None
    if parts < 1 or splits_results(window) % parts:
        return None
    own, results, stride = window.size // parts, window.results // parts, window.stride
    first = -((window.length - 1 - window.low) // stride)  # the first and the last window that touch own rows
    last = (own - 1 + window.low) // stride
    low = window.low - first * stride
    high = max(0, last * stride - window.low + window.length - own)
    if max(low, high) > own or max(-first, last + 1 - results) > results:
        return None
    return Halo(low, high, (0, 0)), Halo(-first, last + 1 - results, (0, 0))

"""jaxlib's LAPACK kernels: the shapes, element types, attributes and layouts that each is called with, as jax calls them.

The kernels believe the shapes that they are told, and write out of bounds where those are false: what is not as here is never run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Sizes = dict[str, int]
Letters = Mapping[str, str]
Rule = Callable[[Sizes, Letters], str]

ELEMENTS = {"s": "f32", "d": "f64", "c": "complex<f32>", "z": "complex<f64>"}
_BITS = {"s": "32", "c": "32", "d": "64", "z": "64"}
INTEGER, FLAG = "i32", "flag"  # of an attribute that is no letter


@dataclass(frozen=True)
class Kernel:
    """``operands`` and ``results``: one word each, its dims after those of the batch; k is min(m, n) and p is n - 1.

    After ":" stands the element type: i (i32), r and c (the real and complex ones of this precision), else the kernel's own.
    ``attributes``: the letters that each may have. ``aliases``: operands that may share their buffer with a result.
    ``rule`` gives what is wrong with the sizes, or "".
    """

    operands: str
    results: str
    attributes: Letters = field(default_factory=dict[str, str])
    aliases: tuple[tuple[int, int], ...] = ((0, 0),)
    rule: Rule = lambda _sizes, _letters: ""


def reflectors(sizes: Sizes, _letters: Letters) -> str:
    """What is wrong with ``t`` reflectors of an m x n matrix that they are to make; "" too where there are none."""
    m, n, t = sizes.get("m", sizes["n"]), sizes["n"], sizes.get("t", 0)
    return "" if "t" not in sizes or t <= n <= m else f"{t} reflectors of a {m}x{n} matrix"


def _applied(sizes: Sizes, letters: Letters) -> str:
    m, n, t = sizes["m"], sizes["n"], sizes["t"]
    want = sizes["x"] if letters["left"] == "true" else sizes["y"]
    if m != want:
        return f"reflectors of {m} elements, want {want}"
    return "" if t <= min(m, n) else f"{t} reflectors of a {m}x{n} matrix"


def _solved(sizes: Sizes, letters: Letters) -> str:
    want = sizes["m"] if letters["side"] == "L" else sizes["n"]
    return "" if sizes["a"] == want else f"a {sizes['a']}x{sizes['a']} matrix, want {want}x{want}"


def _some(sizes: Sizes, _letters: Letters) -> str:
    """Kernels that divide by the size of a matrix, and end the process where it is 0."""
    return "" if all(size for name, size in sizes.items() if name != "p") else "an empty matrix"


def _balanced(sizes: Sizes, letters: Letters) -> str:
    low, high, n = int(letters["low"]), int(letters["high"]), sizes["n"]
    return "" if 1 <= low <= high <= n else f"rows {low} to {high} of {n}"


def _factors(sizes: Sizes, letters: Letters) -> str:
    """U and V of an SVD have min(m, n) vectors or all of them; jax makes room for either when neither is computed."""
    all_, few = (sizes["m"], sizes["n"]), (sizes["k"], sizes["k"])
    fits = {"A": (all_,), "S": (few,), "N": (all_, few)}[letters["mode"]]
    found = sizes["u"], sizes["v"]
    return _some(sizes, letters) or (
        "" if found in fits else f"{found[0]} and {found[1]} singular vectors, want {fits[0]}"
    )


_UPLO = {"uplo": "LU"}
_SVD = Kernel("mn", "mn k:r mu vn :i", {"mode": "ASN"}, rule=_factors)
_HERMITIAN = Kernel("nn", "nn n:r :i", {"mode": "VN", **_UPLO}, rule=_some)
_TRIDIAGONAL = Kernel("nn", "nn n:r p:r p :i", _UPLO, rule=_some)
_FORM_Q = Kernel("mn t", "mn", rule=reflectors)
_APPLY_Q = Kernel("mn t xy", "xy", {"left": FLAG, "transpose": FLAG}, ((2, 0),), _applied)
_EIGEN = {"compute_left": "VN", "compute_right": "VN"}
_SCHUR = {"mode": "VN", "sort": "N"}  # to sort, LAPACK calls a function that nobody gives it
_OF_ANY = {
    "getrf": Kernel("mn", "mn k:i :i", rule=_some),
    "potrf": Kernel("nn", "nn :i", _UPLO, rule=_some),
    "geqrf": Kernel("mn", "mn k"),
    "geqp3": Kernel("mn n:i", "mn n:i k", aliases=((0, 0), (1, 1))),
    "gehrd": Kernel("nn", "nn p :i", {"low": INTEGER, "high": INTEGER}, rule=_balanced),
    "gesdd": _SVD,
    "gesvd": _SVD,
    "gtsv": Kernel("n n n nm", "n n n nm :i", aliases=((0, 0), (1, 1), (2, 2), (3, 3)), rule=_some),
    "trsm": Kernel(
        "aa mn", "mn", {"side": "LR", **_UPLO, "trans_x": "NTC", "diag": "NU"}, aliases=((1, 0),), rule=_solved
    ),
}
_OF_REALS = {
    "orgqr": _FORM_Q,
    "ormqr": _APPLY_Q,
    "syevd": _HERMITIAN,
    "sytrd": _TRIDIAGONAL,
    "geev": Kernel("nn", "n n nn:c nn:c :i", _EIGEN, (), _some),
    "gees": Kernel("nn", "nn nn n n :i :i", _SCHUR, rule=_some),
}
_OF_COMPLEX = {
    "ungqr": _FORM_Q,
    "unmqr": _APPLY_Q,
    "heevd": _HERMITIAN,
    "hetrd": _TRIDIAGONAL,
    "geev": Kernel("nn", "n nn nn :i", _EIGEN, (), _some),
    "gees": Kernel("nn", "nn nn n :i :i", _SCHUR, rule=_some),
}
PERTURBED = "tridiagonal_solve_perturbed_ffi"  # one name for all element types
_PERTURBED = Kernel("n n n nm", "nm", aliases=(), rule=_some)

KERNELS: dict[str, tuple[Kernel, str]] = {  # target -> its kernel and the letter of its element type
    f"lapack_{letter}{name}_ffi": (kernel, letter)
    for letter in ELEMENTS
    for name, kernel in (_OF_ANY | (_OF_REALS if letter in "sd" else _OF_COMPLEX)).items()
}


def kernel_of(target: str, element: str) -> tuple[Kernel, str] | None:
    """The kernel that ``target`` calls and its letter; ``element``: that of the first operand. None for other targets."""
    if target == PERTURBED:
        return next(((_PERTURBED, letter) for letter, name in ELEMENTS.items() if name == element), None)
    return KERNELS.get(target)


def element_of(kind: str, letter: str) -> str:
    """MLIR's name of the element type that ``kind`` (behind the ":" of a word) means for a kernel of ``letter``."""
    bits = _BITS[letter]
    return {"": ELEMENTS[letter], "i": "i32", "r": f"f{bits}", "c": f"complex<f{bits}>"}[kind]

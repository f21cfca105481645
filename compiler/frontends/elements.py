"""Element types that XLA's CPU client cannot hold, and the few ops that its compiler lacks for narrow ones: refused here, by name.

Tried op by op on jaxlib 0.10.2. What is refused ends the process natively when it is compiled, or is rejected by XLA.
"""

from collections.abc import Callable

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.ops import describe, element_type

KNOWN = frozenset(
    "i1 i2 i4 i8 i16 i32 i64 ui2 ui4 ui8 ui16 ui32 ui64 f16 bf16 f32 f64 complex<f32> complex<f64> f4E2M1FN f8E3M4 f8E4M3 "
    "f8E4M3FN f8E4M3FNUZ f8E4M3B11FNUZ f8E5M2 f8E5M2FNUZ f8E8M0FNU".split()
)
_PRODUCTS = ("stablehlo.dot", "stablehlo.dot_general", "stablehlo.convolution")
_NOT_ON_TWO_BITS = ("stablehlo.concatenate", "stablehlo.sort", *_PRODUCTS)


def check_element(item: ir.RankedTensorType, place: Callable[[], str]) -> None:
    """Refuse a tensor whose element type no array of the runtime can have; ``place`` says where it was found."""
    element = str(item.element_type)
    if element in KNOWN:
        return
    wider = "f8E4M3FN" if element.startswith("f6") else "a type of StableHLO that XLA has"
    fail(
        f"got the element type {element}, which XLA's CPU client does not have",
        where=place(),
        remedy=f"convert such values to {wider} before they are exported",
    )


def check_narrow(op: ir.Operation, shown: str) -> None:
    """Refuse what XLA's CPU compiler cannot do on elements of 2 bits, and products of 4 bits that widen."""
    if op.name not in _NOT_ON_TWO_BITS or not all(isinstance(v.type, ir.RankedTensorType) for v in op.operands):
        return
    for value in op.operands:
        element = element_type(value)
        bits = getattr(element, "width", 64)
        if bits == 2 or (bits == 4 and op.name in _PRODUCTS and element != element_type(op.results[0])):
            fail(
                f"XLA's CPU compiler has no {op.name.removeprefix('stablehlo.')} of {element}",
                where=f"{shown}: {describe(op)}",
                remedy="convert the operands to i8 or a wider type in front of it",
            )

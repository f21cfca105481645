"""What an element is while it travels between the devices of a mesh, and how many bytes it then takes.

In a device's memory XLA packs i4, ui4, f4E2M1FN, i2 and ui2 (``dialects/ops.py``), and so do its collectives those of four bits.
Tried on jaxlib 0.10.2: gloo's and the in-process collectives give right results for 4 bits, of odd sizes too; of 2 bits they give
wrong ones or crash.
"""

from jaxlib.mlir import ir

from dialects.ops import element_bytes

_SUMS = ("all_reduce", "reduce_scatter")


def wire_type(element: ir.Type, kind: str) -> ir.Type:
    """What travels when a collective of ``kind`` moves a tensor of ``element``.

    Sums of narrow floats travel and add up as f32, as the whole op would add them inside; booleans and small integers as i32:
    XLA's CPU collectives have neither. What is only copied travels as it is, two bits as i8.
    """
    if kind in _SUMS and isinstance(element, ir.FloatType) and element.width < 32:
        return ir.F32Type.get()
    if kind in _SUMS and isinstance(element, ir.IntegerType) and element.width < 32:
        return ir.IntegerType.get_signless(32)
    return widened(element)


def widened(element: ir.Type) -> ir.Type:
    """i8 for i2 and ui2, which XLA's CPU compiler neither moves between devices nor concatenates."""
    two_bits = isinstance(element, ir.IntegerType) and element.width == 2
    return ir.IntegerType.get_signless(8) if two_bits else element


def moved_bytes(element: ir.Type) -> float:
    """Bytes that an element takes on the way when it is only copied: 0.5 for i4."""
    return element_bytes(widened(element))


def sum_bytes(element: ir.Type) -> float:
    """Bytes that an element takes on the way when it is summed over devices: narrow types travel as 32 bits."""
    return max(4.0, element_bytes(element))

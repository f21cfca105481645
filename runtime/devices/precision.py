"""f32 is f32: on GPUs XLA computes dots and convolutions of f32 in TF32 (10 bits of mantissa) unless more precision is asked for.

Two plans of one program then differ in the third digit, and from one device by as much. So they are computed in full; a program
that wants TF32 says so: ``precision=jax.lax.DotAlgorithmPreset.TF32_TF32_F32``, an ``algorithm`` in StableHLO.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxlib.mlir import ir

OPS = ("stablehlo.dot_general", "stablehlo.dot", "stablehlo.convolution")


def in_full_precision(module: ir.Module) -> None:
    """Ask for the highest precision in each dot and convolution of f32 that names no algorithm, in place.

    Input:   %1 = dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<4x8xf32>, …)
    Output:  %1 = dot_general %a, %b, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<4x8xf32>, …)
    """
    from jaxlib.mlir import ir

    from dialects.ops import all_ops

    for op in all_ops(module.operation):
        if op.name in OPS and "algorithm" not in op.attributes and _in_f32(op):
            highest = ", ".join(["#stablehlo<precision HIGHEST>"] * 2)
            op.attributes["precision_config"] = ir.Attribute.parse(f"[{highest}]", op.context)


def _in_f32(op: ir.Operation) -> bool:
    from dialects.ops import element_type

    return any(str(element_type(operand)) in ("f32", "complex<f32>") for operand in op.operands)

"""One MLIR context with every dialect the project reads, made from jaxlib alone (importing jax costs seconds and 200 MB)."""

from jaxlib.mlir import ir
from jaxlib.mlir._mlir_libs import _jax_mlir_ext
from jaxlib.mlir.dialects import chlo, sdy, stablehlo


def make_context() -> ir.Context:
    """A fresh context with builtin, func, stablehlo, chlo, sdy and the StableHLO passes registered.

    Use it as ``with make_context(): ...`` and leave the block before the interpreter exits (an open one crashes there).
    """
    context = ir.Context()
    registry = ir.DialectRegistry()
    _jax_mlir_ext.register_dialects(registry)
    context.append_dialect_registry(registry)
    context.load_all_available_dialects()
    sdy.register_dialect(context)
    stablehlo.register_dialect(context)
    chlo.register_dialect(context)
    stablehlo.register_stablehlo_passes()
    return context

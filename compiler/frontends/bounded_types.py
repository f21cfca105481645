"""Tensor types with bounds, ``tensor<?x8xf32, #stablehlo.bounds<16, ?>>``: the dims that they bound, the type at the bound."""

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo


def bounded_dims(kind: ir.Type) -> dict[int, int]:
    """Dim -> its bound, of the dims that have no size but a bound; {} for all other types."""
    if not isinstance(kind, ir.RankedTensorType) or kind.has_static_shape or kind.encoding is None:
        return {}
    try:
        bounds = stablehlo.TypeExtensions(kind.encoding).bounds
    except ValueError:
        return {}
    dynamic = ir.ShapedType.get_dynamic_size()
    return {dim: bound for dim, bound in enumerate(bounds) if kind.is_dynamic_dim(dim) and bound != dynamic}


def at_bound(kind: ir.Type) -> ir.Type:
    """The static type whose bounded dims are as long as they can be; other types are as they are."""
    bounds = bounded_dims(kind)
    if (
        not isinstance(kind, ir.RankedTensorType)
        or not bounds
        or len(bounds) < sum(map(kind.is_dynamic_dim, range(kind.rank)))
    ):
        return kind
    shape = [bounds.get(dim, 0) if kind.is_dynamic_dim(dim) else kind.get_dim_size(dim) for dim in range(kind.rank)]
    return ir.RankedTensorType.get(shape, kind.element_type)

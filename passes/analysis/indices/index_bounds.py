"""Which integers a program can take: the bound below which an argument's values are valid indices (for generated inputs)."""

from jaxlib.mlir import ir

from dialects.ops import entry_block, shape_of

_FOLLOW = frozenset(
    f"stablehlo.{name}"
    for name in (
        "convert reshape broadcast_in_dim transpose slice concatenate select add clamp dynamic_slice optimization_barrier"
    ).split()
)
MAX_STEPS = 2000  # values followed per argument; enough for every index computation seen


def index_bounds(func: ir.OpView) -> dict[int, int]:
    """Per integer argument that is used as an index or compared with an iota: the smallest size that it indexes."""
    bounds: dict[int, int] = {}
    for i, argument in enumerate(entry_block(func).arguments):
        element = ir.RankedTensorType(argument.type).element_type
        if isinstance(element, ir.IntegerType) and element.width > 1:
            found = _follow(argument)
            if found:
                bounds[i] = min(found)
    return bounds


def _follow(argument: ir.Value) -> list[int]:
    found: list[int] = []
    pending, seen = [argument], {argument}
    while pending and len(seen) < MAX_STEPS:
        value = pending.pop()
        for use in value.uses:
            op, position = use.owner.operation, use.operand_number
            found += _bound(op, position)
            if op.name in _FOLLOW:
                fresh = [result for result in op.results if result not in seen]
            elif op.name == "stablehlo.while":
                fresh = [region.blocks[0].arguments[position] for region in op.regions]
            else:
                fresh = []
            seen.update(fresh)
            pending += fresh
    return found


def _bound(op: ir.Operation, position: int) -> list[int]:
    shape = shape_of(op.operands[0])
    if op.name in ("stablehlo.gather", "stablehlo.scatter") and position == len(op.results):
        key = "dimension_numbers" if op.name == "stablehlo.gather" else "scatter_dimension_numbers"
        listed = "start_index_map = [" if op.name == "stablehlo.gather" else "scatter_dims_to_operand_dims = ["
        _, found, rest = str(op.attributes[key]).partition(listed)
        dims = [int(item) for item in rest.partition("]")[0].split(",") if item.strip()] if found else []
        return [shape[dim] for dim in dims if shape[dim] > 1]
    if op.name == "stablehlo.dynamic_slice" and position >= 1:
        return [shape[position - 1]] if shape[position - 1] > 1 else []
    if op.name == "stablehlo.compare":
        other = op.operands[1 - position].owner
        dim = _iota_dim(other)
        return [shape[dim]] if dim is not None else []
    return []


def _iota_dim(owner: ir.OpView | ir.Operation | ir.Block) -> int | None:
    """The dim along which a value counts up, seen through broadcasts and converts; None when it is no iota."""
    if isinstance(owner, ir.Block):
        return None
    op = owner.operation
    if op.name == "stablehlo.iota":
        return ir.IntegerAttr(op.attributes["iota_dimension"]).value
    if op.name == "stablehlo.convert":
        return _iota_dim(op.operands[0].owner)
    if op.name == "stablehlo.broadcast_in_dim":
        inner = _iota_dim(op.operands[0].owner)
        return None if inner is None else list(ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"]))[inner]
    return None

"""Which result is the loss: the scalar that the rest of the step is the derivative of."""

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.op_sets import OpSet
from passes.analysis.roles.dependence import Dependence
from passes.analysis.roles.names import Signature, sounds_like_loss, sounds_like_metric

HEAVY = ("stablehlo.dot_general", "stablehlo.convolution", "stablehlo.while")


def given_loss(signature: Signature, chosen: int) -> str:
    """Check the user's choice. Raises UserError on a bad index or a result that is no scalar float."""
    if not 0 <= chosen < len(signature.result_types):
        fail(f"got index {chosen}, want 0 to {len(signature.result_types) - 1}", where="--loss")
    if not is_scalar_float(signature.result_types[chosen]):
        fail(f"result {chosen} is {signature.result_types[chosen]}, want a scalar of floating point", where="--loss")
    return "said by --loss"


def find_loss(signature: Signature, graph: Dependence, taken: frozenset[int]) -> tuple[int, str] | None:
    """The loss among the results that are not ``taken`` (as state), and how it was found; None when no scalar float is left.

    By name; else the first scalar float that is computed from an argument with dims, is not called accuracy or norm, is no
    update of a scalar argument, and needs no more than 3/4 of all matmuls (a gradient norm needs the backward as well).
    """
    scalars = [i for i, kind in enumerate(signature.result_types) if i not in taken and is_scalar_float(kind)]
    for index in scalars:
        if sounds_like_loss(signature.result_names[index]):
            return index, f"its name, '{signature.result_names[index]}'"
    data = {
        node
        for node, kind in zip(graph.arguments, signature.argument_types, strict=True)
        if isinstance(kind, ir.RankedTensorType) and kind.rank
    }
    cones = {index: graph.cone([graph.results[index]]) for index in scalars}
    computed = [index for index in scalars if cones[index] & data and graph.results[index] not in data]
    plain = [index for index in computed if not sounds_like_metric(signature.result_names[index])] or computed
    plain = [index for index in plain if not _updates_scalar(signature, graph, index)] or plain
    total = _heavy_ops(graph, graph.cone(graph.results))
    fitting = [index for index in plain if _heavy_ops(graph, cones[index]) <= 0.75 * total] or plain
    return (fitting[0], "the first scalar float that is computed from data") if fitting else None


def is_scalar_float(kind: ir.Type) -> bool:
    """Whether a type is a scalar of floating point."""
    return isinstance(kind, ir.RankedTensorType) and kind.rank == 0 and is_float(kind)


def is_float(kind: ir.Type) -> bool:
    """Whether a tensor type has real or complex floating point elements."""
    element = ir.RankedTensorType(kind).element_type
    return isinstance(element, ir.FloatType | ir.ComplexType)


def _updates_scalar(signature: Signature, graph: Dependence, result: int) -> bool:
    """Whether a scalar result is an elementwise function of a scalar argument: a trained temperature, not a loss."""
    near = graph.elementwise_distances(graph.results[result])
    kind = signature.result_types[result]
    return any(
        node in near and item == kind for node, item in zip(graph.arguments, signature.argument_types, strict=True)
    )


def _heavy_ops(graph: Dependence, cone: frozenset[int]) -> int:
    return len(OpSet(op for node in cone if (op := graph.ops[node]) is not None and op.name in HEAVY))

"""Which loops run over layers: those whose matmuls take a different slice of a parameter in each iteration.

A loop over time multiplies each step with the same weights; writing it out brings nothing but ops, so it is none.
"""

from jaxlib.mlir import ir

from dialects.attributes import ROLE
from dialects.ops import BARRIER, all_ops, body_ops, defining_op, main_func, parent_op, shape_of
from dialects.signature import attr_dicts, text_of

_HEAVY = ("stablehlo.dot_general", "stablehlo.convolution")
_VIEWS = (
    "stablehlo.bitcast_convert",
    "stablehlo.broadcast_in_dim",
    "stablehlo.convert",
    "stablehlo.reshape",
    "stablehlo.slice",
    "stablehlo.transpose",
)
_OWN_ROLES = ("parameter", "constant", "")  # "": roles have not been assigned


def is_layer_loop(loop: ir.Operation, module: ir.Module) -> bool:
    """Whether a matmul or convolution in ``loop`` has an operand that the loop cuts out of a parameter."""
    own = _own(module)
    return any(_is_layer_weight(operand, own) for op in all_ops(loop) if op.name in _HEAVY for operand in op.operands)


def stacks_of(loop: ir.Operation, module: ir.Module) -> set[int]:
    """The parameters that ``loop`` cuts rows of, along dim 0, as positions of arguments of @main: norms and biases too."""
    own, found = _own(module), set[int]()
    for op in all_ops(loop):
        stack = _origin(op.operands[0]) if op.name == "stablehlo.dynamic_slice" else None
        if not isinstance(stack, ir.BlockArgument) or parent_op(stack).name != "func.func":
            continue
        if stack.arg_number in own and shape_of(op.results[0])[:1] < shape_of(stack)[:1]:
            found.add(stack.arg_number)
    return found


def _own(module: ir.Module) -> set[int]:
    tables = attr_dicts(main_func(module), "arg_attrs")
    return {index for index, table in enumerate(tables) if text_of(table, ROLE) in _OWN_ROLES}


def _is_layer_weight(value: ir.Value, own: set[int]) -> bool:
    """A slice of a parameter, or of a slice that an outer loop takes: layers in groups, each under a checkpoint of its own."""
    stack = _origin(value)
    while (op := defining_op(stack)) is not None and op.name == "stablehlo.dynamic_slice" and _is_inside_loop(op):
        stack = _origin(op.operands[0])
    if stack == _origin(value) or not isinstance(stack, ir.BlockArgument) or parent_op(stack).name != "func.func":
        return False
    return stack.arg_number in own


def _origin(value: ir.Value) -> ir.Value:
    """What ``value`` is a view of, also where a loop passes it around unchanged."""
    while True:
        op = defining_op(value)
        if op is None:
            outer = _before_loop(ir.BlockArgument(value))
            if outer is None:
                return value
            value = outer
        elif op.name == BARRIER:
            value = op.operands[ir.OpResult(value).result_number]
        elif op.name in _VIEWS:
            value = op.operands[0]
        else:
            return value


def _before_loop(variable: ir.BlockArgument) -> ir.Value | None:
    """The initial value of a loop variable that the body never changes."""
    loop = parent_op(variable)
    if loop.name != "stablehlo.while":
        return None
    end = body_ops(loop.regions[1].blocks[0])[-1]
    after = end.operands[variable.arg_number]
    return loop.operands[variable.arg_number] if after == variable else None


def _is_inside_loop(op: ir.Operation) -> bool:
    return op.parent is not None and op.parent.operation.name == "stablehlo.while"

"""Bounded dynamic dims, as TensorFlow's sparse gradients have them, run at their bound where that is the same.

Before: ``%u = stablehlo.set_dimension_size %x, %n, dim = 0 : … -> tensor<?x8xf32, #stablehlo.bounds<16, ?>>``, after: ``%x``,
of which rows from n on are padding that nobody may see. ``bounded_ops.py`` knows the ops that keep padding apart; any other op
on such a dim is refused. Two sizes of one dim must be the same value: what differs when it runs cannot be compared here.
"""

from jaxlib.mlir import ir

from compiler.frontends.bounded_ops import RULES, Sizes, root
from compiler.frontends.bounded_types import at_bound, bounded_dims
from dialects.build import make, tensor_type
from dialects.errors import UserError, fail
from dialects.ops import all_operands, all_ops, body_ops, describe, element_type, entry_block, main_func, shape_of
from passes.native import run_native
from passes.normalize.inline import Inline

_REMEDY = "densify the gradient, tf.convert_to_tensor(gradient), or export with static shapes"


def fix_bounds(module: ir.Module, shown: str) -> None:
    """Make every bounded type of ``module`` static. Raises UserError, naming the op, where the bound cannot stand for the size."""
    if not any(bounded_dims(value.type) for op in all_ops(module.operation) for value in op.results):
        return
    Inline().run(module)
    run_native(module, "symbol-dce")
    sizes: dict[ir.Value, Sizes] = {}
    with module.context:
        for op in body_ops(entry_block(main_func(module))):
            place = f"{shown}: {describe(op)}"
            try:
                with ir.InsertionPoint(op), op.location:
                    _fix(op, sizes)
            except UserError as error:
                fail(error.message, where=place, remedy=_REMEDY)


def _fix(op: ir.Operation, sizes: dict[ir.Value, Sizes]) -> None:
    """One op, whose operands have static types already."""
    if op.name == "stablehlo.set_dimension_size":
        _set(op, sizes)
        return
    if op.name == "stablehlo.get_dimension_size":
        _get(op, sizes)
        return
    given = [sizes.get(value, {}) for value in op.operands]
    concerned = any(value in sizes for value in all_operands(op))
    bounded = [value for inner in all_ops(op) for value in inner.results if bounded_dims(value.type)]
    if not concerned and not bounded:
        return
    rule = RULES.get(op.name)
    if rule is None or not any(given) or (concerned and len(all_operands(op)) > len(op.operands)):
        fail("it works on a dim whose size is known only when it runs, and padding up to its bound would be seen")
    found = rule(op, given)
    for value, kept in zip(op.results, found, strict=True):
        if not set(bounded_dims(value.type)) <= set(kept):
            fail(f"nothing says what size {value.type} has when it runs")
        value.set_type(at_bound(value.type))
        if kept:
            sizes[value] = kept


def _set(op: ir.Operation, sizes: dict[ir.Value, Sizes]) -> None:
    value, size = op.operands[0], op.operands[1]
    dim, known = ir.IntegerAttr(op.attributes["dimension"]).value, sizes.get(value, {})
    if dim in known and root(known[dim]) != root(size):
        fail("it gives a dim with one size another")
    # a value of its own: what else reads the operand sees all of it
    alone = make("stablehlo.reshape", [tensor_type(shape_of(value), element_type(value))], [value])
    sizes[alone] = {**known, dim: size}
    op.results[0].replace_all_uses_with(alone)
    op.erase()


def _get(op: ir.Operation, sizes: dict[ir.Value, Sizes]) -> None:
    dim = ir.IntegerAttr(op.attributes["dimension"]).value
    size = sizes.get(op.operands[0], {}).get(dim)
    if size is not None:
        op.results[0].replace_all_uses_with(size)
        op.erase()

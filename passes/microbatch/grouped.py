"""Values of the whole batch again for each group of rows: ``[M, …]`` beside ``[…]``, from the reductions on."""

from collections.abc import Mapping

from jaxlib.mlir import ir

from dialects.build import after, i64s, make, splat, tensor_type
from dialects.ops import defining_op, element_type, shape_of
from passes.analysis.ops.folds import body_fold
from passes.analysis.ops.forms import WHOLE, Form
from passes.analysis.ops.local_rules import ELEMENTWISE
from passes.analysis.ops.rules import RULE


class GivenUp(Exception):
    """An op on the way has no rule here."""


class Grouped:
    """One use: ``rows(value, dim)``; ``reductions`` are the ops whose groups it took."""

    def __init__(self, forms: Mapping[ir.Value, Form], groups: int) -> None:
        self.forms, self.groups = forms, groups
        self.reductions: list[ir.Operation] = []
        self._known: dict[ir.Value, ir.Value] = {}

    def rows(self, value: ir.Value, dim: int) -> ir.Value:
        """``value``, which is equal along ``dim``, the rows, with what belongs to the group of each row."""
        op, shape, form = defining_op(value), shape_of(value), self.forms.get(value, WHOLE)
        if not form.after and not form.is_partial:
            return value
        if op is None or shape[dim] % self.groups:
            raise GivenUp
        if self._is_elementwise(op, shape):
            rows = [self.rows(operand, dim) if shape_of(operand) == shape else operand for operand in op.operands]
            return self._again(op, rows, shape)
        if op.name != "stablehlo.broadcast_in_dim":
            raise GivenUp
        source, dims = op.operands[0], list(ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"]))
        if dim in dims and shape_of(source)[dims.index(dim)] != 1:
            raise GivenUp
        each = self.each(source)
        cut = (*shape[:dim], self.groups, shape[dim] // self.groups, *shape[dim + 1 :])
        placed = [dim, *(d + (d >= dim) for d in dims)]
        with ir.InsertionPoint.after(op), op.location:
            kind = tensor_type(cut, element_type(value))
            wide = make("stablehlo.broadcast_in_dim", [kind], [each], {"broadcast_dimensions": i64s(placed)})
            return make("stablehlo.reshape", [value.type], [wide])

    def each(self, value: ir.Value) -> ir.Value:
        """``[M, …]``: the value of each group."""
        if value not in self._known:
            self._known[value] = self._each(value)
        return self._known[value]

    def _each(self, value: ir.Value) -> ir.Value:
        form, op, shape = self.forms.get(value, WHOLE), defining_op(value), shape_of(value)
        if form.is_partial and op is not None:
            return self._reduce(op)
        if op is None or not form.after:
            return self._same(value)
        if self._is_elementwise(op, shape):
            each = [self.each(operand) if shape_of(operand) == shape else operand for operand in op.operands]
            return self._again(op, each, (self.groups, *shape))
        if op.name in ("stablehlo.broadcast_in_dim", "stablehlo.reshape", "stablehlo.transpose"):
            changed: dict[str, ir.Attribute] = {}
            for name, front in (("broadcast_dimensions", 0), ("permutation", 0)):
                if name in op.attributes:
                    changed[name] = i64s([front, *(d + 1 for d in ir.DenseI64ArrayAttr(op.attributes[name]))])
            return self._again(op, [self.each(op.operands[0])], (self.groups, *shape), changed)
        if op.name == "stablehlo.reduce" and len(op.results) == 1:
            dims = i64s([d + 1 for d in ir.DenseI64ArrayAttr(op.attributes["dimensions"])])
            operands = [self.each(op.operands[0]), op.operands[1]]
            return self._again(op, operands, (self.groups, *shape), {"dimensions": dims})
        raise GivenUp

    def _is_elementwise(self, op: ir.Operation, shape: tuple[int, ...]) -> bool:
        """Scalars beside tensors, the predicate of a select or the bounds of a clamp, must be the same for all groups."""
        scalars = [operand for operand in op.operands if shape_of(operand) != shape]
        same = all(not (form := self.forms.get(operand, WHOLE)).after and not form.is_partial for operand in scalars)
        return op.name in ELEMENTWISE and len(op.results) == 1 and same and all(not shape_of(s) for s in scalars)

    def _reduce(self, op: ir.Operation) -> ir.Value:
        """The reduction of each group's rows; a sum is scaled to what the whole batch would have."""
        source = op.operands[0]
        form, fold = self.forms.get(source, WHOLE), body_fold(op) if op.name == "stablehlo.reduce" else None
        if fold is None or fold == "product" or not form.is_split or form.outer != 1 or len(op.results) != 1:
            raise GivenUp
        self.reductions.append(op)
        shape, dim, element = shape_of(source), form.dim, element_type(source)
        cut = (*shape[:dim], self.groups, shape[dim] // self.groups, *shape[dim + 1 :])
        order = [dim, *(d for d in range(len(cut)) if d != dim)]
        with ir.InsertionPoint.after(op), op.location:
            blocks = make("stablehlo.reshape", [tensor_type(cut, element)], [source])
            kind = tensor_type([cut[d] for d in order], element)
            turned = make("stablehlo.transpose", [kind], [blocks], {"permutation": i64s(order)})
        dims = i64s([d + 1 for d in ir.DenseI64ArrayAttr(op.attributes["dimensions"])])
        found = self._again(op, [turned, op.operands[1]], (self.groups, *shape_of(op.results[0])), {"dimensions": dims})
        if fold != "sum":
            return found
        with after(found), op.location:
            times = splat(shape_of(found), element_type(found), _literal(self.groups, element_type(found)))
            return make("stablehlo.multiply", [found.type], [found, times])

    def _same(self, value: ir.Value) -> ir.Value:
        shape = shape_of(value)
        op = defining_op(value)
        point = (
            ir.InsertionPoint.at_block_begin(ir.BlockArgument(value).owner)
            if op is None
            else ir.InsertionPoint.after(op)
        )
        with point, ir.Location.unknown():
            kind = tensor_type((self.groups, *shape), element_type(value))
            dims = i64s(range(1, len(shape) + 1))
            return make("stablehlo.broadcast_in_dim", [kind], [value], {"broadcast_dimensions": dims})

    def _again(
        self,
        op: ir.Operation,
        operands: list[ir.Value],
        shape: tuple[int, ...],
        changed: Mapping[str, ir.Attribute] = {},
    ) -> ir.Value:
        """``op`` on other operands, behind the last of them."""
        last = _last([op, *(maker for operand in operands if (maker := defining_op(operand)) is not None)])
        copy = op.clone(ir.InsertionPoint.after(last)).operation
        for i, operand in enumerate(operands):
            copy.operands[i] = operand
        if RULE in copy.attributes:  # of other shapes
            del copy.attributes[RULE]
        for name, attribute in changed.items():
            copy.attributes[name] = attribute
        copy.results[0].set_type(tensor_type(shape, element_type(op.results[0])))
        return copy.results[0]


def _last(ops: list[ir.Operation]) -> ir.Operation:
    """The op that comes last in their block."""
    last = ops[0]
    for op in ops[1:]:
        if last.is_before_in_block(op):
            last = op
    return last


def _literal(number: int, element: ir.Type) -> str:
    return str(number) if isinstance(element, ir.IntegerType) else f"{float(number)}"

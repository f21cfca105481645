"""Which values are computed alike: equal ops with equal attributes on values that are alike. A barrier's results are its operands.

Global value numbering (Alpern, Wegman, Zadeck, POPL'88) that looks through optimization barriers: a checkpoint computes its layer a
second time behind one, and only the barrier keeps CSE from making both one.
"""

from collections.abc import Hashable

from jaxlib.mlir import ir

from dialects.ops import BARRIER, all_operands, body_ops, captured, op_key

_VIEWS = frozenset(
    f"stablehlo.{name}" for name in ("reshape", "transpose", "convert", "broadcast_in_dim", "bitcast_convert")
)


class Same:
    """A number for every value of a block: equal numbers, equal values. Visit ops in program order."""

    def __init__(self, block: ir.Block) -> None:
        self._number: dict[ir.Value, int] = {}
        self._root: dict[ir.Value, int] = {}
        self._known: dict[Hashable, int] = {}
        self.constant: set[int] = set()  # what no argument has a part in
        for i, argument in enumerate(block.arguments):
            self._number[argument] = self._root[argument] = self._of(("argument", i))

    def add(self, op: ir.Operation) -> None:
        """Number the results of ``op``, whose operands have numbers."""
        if op.name == BARRIER:
            for operand, result in zip(op.operands, op.results, strict=True):
                self._number[result], self._root[result] = self._number[operand], self._root[operand]
            return
        operands = tuple(self._number[value] for value in all_operands(op))
        key, constant = _key(op, operands), self.constant.issuperset(operands)
        for i, result in enumerate(op.results):
            self._number[result] = self._of((key, i))
            self._root[result] = self._root[op.operands[0]] if op.name in _VIEWS else self._number[result]
            if constant:
                self.constant.add(self._number[result])

    def __getitem__(self, value: ir.Value) -> int:
        return self._number[value]

    def root(self, value: ir.Value) -> int:
        """The number of what ``value`` is a view of: the same elements in another order, shape or type."""
        return self._root[value]

    def _of(self, key: Hashable) -> int:
        return self._known.setdefault(key, len(self._known))


def _key(op: ir.Operation, operands: tuple[int, ...]) -> Hashable:
    outer = {value: i for i, value in enumerate(captured(op))} if len(op.regions) else {}
    regions = tuple(_region(block, dict(outer)) for region in op.regions for block in region.blocks)
    return op.name, _attributes(op), tuple(value.type for value in op.results), operands, regions


def _region(block: ir.Block, number: dict[ir.Value, int]) -> Hashable:
    """The ops of a region, its values by the order in which they are made."""
    for argument in block.arguments:
        number[argument] = len(number)
    found: list[Hashable] = []
    for op in body_ops(block):
        inner = tuple(_region(nested, dict(number)) for region in op.regions for nested in region.blocks)
        found.append((op.name, _attributes(op), tuple(number[value] for value in op.operands), inner))
        for result in op.results:
            number[result] = len(number)
    return tuple(argument.type for argument in block.arguments), tuple(found)


def _attributes(op: ir.Operation) -> Hashable:
    """All but ours, which say what was decided of the op and not what it computes."""
    kept = [name for name in op.attributes if not name.startswith(("mw.", "sdy."))]
    try:
        return tuple((name, op.attributes[name]) for name in kept)
    except TypeError:  # jaxlib 0.10 cannot hold a complex elements attribute: such an op is like no other
        return op_key(op)

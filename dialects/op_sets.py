"""Sets and maps of ops that stay good while the ops are changed.

The bindings hash an op by its content (jaxlib 0.10): a plain ``set`` or ``dict`` loses an op as soon as a pass writes an
attribute on it or changes an operand. Here an op is known by its first result, as by ``op_key``, or by itself if it has none.
A member must not be erased; one without results must stay in its block. Order is that of insertion.
"""

from collections.abc import Iterable, Iterator, MutableMapping, MutableSet
from typing import TypeVar

from jaxlib.mlir import ir

T = TypeVar("T")


class _Same:
    """An op without results as a key. Its block alone, as in ``op_key``, would take two of them for one."""

    __slots__ = ("op",)

    def __init__(self, op: ir.Operation) -> None:
        self.op = op

    def __hash__(self) -> int:
        return hash(self.op.block)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.op == other.op


def _key(op: ir.Operation) -> ir.Value | _Same:
    results = op.results  # not op_key: making the list of results is what takes the time
    return results[0] if len(results) else _Same(op)


class OpMap(MutableMapping[ir.Operation, T]):
    """A ``dict`` with ops as keys."""

    def __init__(self, items: Iterable[tuple[ir.Operation, T]] = ()) -> None:
        self._items = {_key(op): (op, value) for op, value in items}

    def __getitem__(self, op: ir.Operation) -> T:
        return self._items[_key(op)][1]

    def __setitem__(self, op: ir.Operation, value: T) -> None:
        self._items[_key(op)] = op, value

    def __delitem__(self, op: ir.Operation) -> None:
        del self._items[_key(op)]

    def __contains__(self, op: object) -> bool:
        return isinstance(op, ir.Operation | ir.OpView) and _key(op.operation) in self._items

    def __iter__(self) -> Iterator[ir.Operation]:
        return (op for op, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)


class OpSet(MutableSet[ir.Operation]):
    """A ``set`` of ops."""

    def __init__(self, ops: Iterable[ir.Operation] = ()) -> None:
        self._ops = {_key(op): op for op in ops}

    def __contains__(self, op: object) -> bool:
        return isinstance(op, ir.Operation | ir.OpView) and _key(op.operation) in self._ops

    def add(self, value: ir.Operation) -> None:
        """Make an op a member; nothing happens if it is one."""
        self._ops[_key(value)] = value

    def discard(self, value: ir.Operation) -> None:
        """Leave an op out; nothing happens if it is no member."""
        self._ops.pop(_key(value), None)

    def __iter__(self) -> Iterator[ir.Operation]:
        return iter(self._ops.values())

    def __len__(self) -> int:
        return len(self._ops)

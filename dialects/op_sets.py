"""Sets and maps of ops that stay good while the ops are changed.

The bindings hash an op by its content (jaxlib 0.10): a plain ``set`` or ``dict`` loses an op as soon as a pass writes an
attribute on it or changes an operand. Here an op is hashed by ``op_key`` and equal to itself only. It must not be erased, and
one without results must not move to another block, while it is a member. Order is that of insertion, the same in every run.
"""

from collections.abc import Iterable, Iterator, MutableMapping, MutableSet
from typing import TypeVar

from jaxlib.mlir import ir

from dialects.ops import op_key

T = TypeVar("T")


class _Same:
    """An op as a key. ``op_key`` alone would take two ops without results in one block for one."""

    __slots__ = ("_hash", "op")

    def __init__(self, op: ir.Operation) -> None:
        self.op, self._hash = op, hash(op_key(op))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.op == other.op


class OpMap(MutableMapping[ir.Operation, T]):
    """A ``dict`` with ops as keys."""

    def __init__(self, items: Iterable[tuple[ir.Operation, T]] = ()) -> None:
        self._values = {_Same(op): value for op, value in items}

    def __getitem__(self, op: ir.Operation) -> T:
        return self._values[_Same(op)]

    def __setitem__(self, op: ir.Operation, value: T) -> None:
        self._values[_Same(op)] = value

    def __delitem__(self, op: ir.Operation) -> None:
        del self._values[_Same(op)]

    def __iter__(self) -> Iterator[ir.Operation]:
        return (key.op for key in self._values)

    def __len__(self) -> int:
        return len(self._values)


class OpSet(MutableSet[ir.Operation]):
    """A ``set`` of ops."""

    def __init__(self, ops: Iterable[ir.Operation] = ()) -> None:
        self._keys = {_Same(op): None for op in ops}

    def __contains__(self, op: object) -> bool:
        return isinstance(op, ir.Operation | ir.OpView) and _Same(op.operation) in self._keys

    def add(self, value: ir.Operation) -> None:
        """Make an op a member; nothing happens if it is one."""
        self._keys[_Same(value)] = None

    def discard(self, value: ir.Operation) -> None:
        """Leave an op out; nothing happens if it is no member."""
        self._keys.pop(_Same(value), None)

    def __iter__(self) -> Iterator[ir.Operation]:
        return (key.op for key in self._keys)

    def __len__(self) -> int:
        return len(self._keys)

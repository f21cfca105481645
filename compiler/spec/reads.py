"""Which parameters each forward op reads, as they are or through what setup makes of them: casts, slices of stacked layers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from jaxlib.mlir import ir

from compiler.spec.paths import Path, parts_of
from dialects import attributes as names
from dialects.op_sets import OpMap
from dialects.ops import all_operands, body_ops, entry_block, num_bytes, shape_of
from dialects.signature import attr_dicts, text_of

_OWN_ROLES = ("parameter", "constant")
_MOST = 8  # parameters in one value: what holds more is of no layer


class Read(NamedTuple):
    """A parameter, or slice ``layer`` of one that holds a stack of layers along its first dim."""

    argument: int
    layer: int | None = None


class Reads:
    """``of[i]``: what op i of ``chain`` reads."""

    def __init__(self, func: ir.OpView, chain: Sequence[ir.Operation]) -> None:
        entries = attr_dicts(func, "arg_attrs")
        self._arguments = list(entry_block(func).arguments)
        self._names = [_path(entry) for entry in entries]
        self._own = {i for i, entry in enumerate(entries) if text_of(entry, names.ROLE) in _OWN_ROLES}
        self._made: dict[ir.Value, frozenset[Read]] = {}
        forward = OpMap((op, i) for i, op in enumerate(chain))
        self.of: list[frozenset[Read]] = [frozenset()] * len(chain)
        for op in body_ops(entry_block(func))[:-1]:
            found = frozenset[Read]().union(*(self._value(value) for value in all_operands(op)))
            if op in forward:
                self.of[forward[op]] = _sliced(op, found)
            elif len(found) <= _MOST:
                for result in op.results:
                    self._made[result] = _sliced(op, found)

    def name_of(self, read: Read) -> Path:
        """The words of its name; a slice of a stack has its number before the last one: ``blocks.3.w``."""
        path = self._names[read.argument]
        return path if read.layer is None else (*path[:-1], str(read.layer), *path[-1:])

    def num_bytes(self, ops: Iterable[int]) -> float:
        """Bytes of all that these ops read, each once."""
        return sum(self._size(read) for read in frozenset[Read]().union(*(self.of[at] for at in ops)))

    def _size(self, read: Read) -> float:
        value = self._arguments[read.argument]
        return num_bytes(value) / (1 if read.layer is None else shape_of(value)[0])

    def _value(self, value: ir.Value) -> frozenset[Read]:
        if not isinstance(value.owner, ir.Block):
            return self._made.get(value, frozenset())
        number = ir.BlockArgument(value).arg_number
        inside = number < len(self._arguments) and value == self._arguments[number] and number in self._own
        return frozenset((Read(number),)) if inside else frozenset()


def _path(entry: Mapping[str, ir.Attribute]) -> Path:
    """The words of an argument's name; a layer of a stack has its number before the last: ``blocks.3.w`` of ``blocks['w'][3]``."""
    path = parts_of(text_of(entry, names.NAME))
    return (*path[:-2], path[-1], path[-2]) if names.PART in entry and len(path) > 1 else path


def _sliced(op: ir.Operation, found: frozenset[Read]) -> frozenset[Read]:
    """What a slice of one place along the first dim takes of a stack."""
    if op.name != "stablehlo.slice" or len(found) != 1 or len(shape_of(op.operands[0])) < 2:
        return found
    (read,) = found
    start, limit = (next(iter(ir.DenseI64ArrayAttr(op.attributes[f"{key}_indices"]))) for key in ("start", "limit"))
    one = limit - start == 1 < shape_of(op.operands[0])[0]
    return frozenset((Read(read.argument, start),)) if one and read.layer is None else found

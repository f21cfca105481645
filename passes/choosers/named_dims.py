"""Names of dims for a whole program: dims that share a factor of some op's sharding rule are one name.

    %h = dot_general %x, %w   ([i, k], [k, j])->([i, j])      %x: (0, 1)   %w: (1, 2)   %h: (0, 2)

Where a reshape merges factors into one dim, the major factor gives the name. Size-one dims have none (-1), and constants join
nothing: the same zeros may be read in places that have nothing to do with each other.
"""

from collections.abc import Iterable
from functools import cached_property

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import BARRIER, CONTROL_FLOW, all_ops, body_ops, entry_block, num_bytes, parent_op, shape_of
from dialects.signature import attr_dicts, text_of
from dialects.values import kind_of
from passes.analysis.ops.op_costs import is_free, is_free_value
from passes.analysis.ops.rules import read_rule
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Site
from passes.choosers.base import batch_dim

Place = tuple[ir.Value, int]


class NamedDims:
    """``of(value)``: the name of each dim, numbered in the order of the program. Shardy's rules must be on the ops."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._parent: dict[Place, Place] = {}
        self._values: dict[ir.Value, None] = {}
        self._ports: dict[int, ir.Value] = {}
        for func in case.funcs:
            self._function(func)
        self._number: dict[Place, int] = {}
        self._names = {value: self._number_all(value) for value in self._values}

    def of(self, value: ir.Value) -> tuple[int, ...]:
        """-1 for a dim of size one."""
        return self._names.get(value) or (-1,) * len(shape_of(value))

    def of_site(self, site: Site) -> tuple[int, ...] | None:
        """Of a port, copy or carry; None when it is no value."""
        value = site.value if site.value is not None else self._ports.get(site.index)
        return None if value is None else self.of(value)

    def largest(self, count: int) -> tuple[int, ...]:
        """The names that most bytes of the program's values have, the batch's first."""
        weight: dict[int, float] = {}
        for value, mine in self._names.items():
            for name in mine:
                weight[name] = weight.get(name, 0.0) + num_bytes(value)
        ordered = sorted((name for name in weight if name >= 0), key=lambda name: (-weight[name], name))
        return tuple(dict.fromkeys((*sorted(self.batch), *ordered)))[:count]

    @cached_property
    def batch(self) -> frozenset[int]:
        """The names of the dims that the batch runs along in the batch arguments."""
        found = {
            self.of(self._ports[port.index])[port.batch_dim]
            for value_id, port in self.case.graph.ports.items()
            if kind_of(value_id) == "batch" and port.batch_dim >= 0 and port.index in self._ports
        }
        return frozenset(found - {-1})

    def batch_dim(self, value: ir.Value) -> int:
        """The dim that the batch runs along; -1 if none.

        What the passes before know counts most. They know nothing inside of loops, nor of what is the same for every row, such as
        a weight repeated for each: there it is the first dim with the batch's name.
        """
        known = batch_dim(value)
        if known >= 0 or (isinstance(value, ir.BlockArgument) and parent_op(value).name == "func.func"):
            return known
        return next((dim for dim, name in enumerate(self.of(value)) if name in self.batch), -1)

    def _function(self, func: ir.OpView) -> None:
        block = entry_block(func)
        returned = body_ops(block)[-1].operands
        for which, values in (("arg_attrs", block.arguments), ("res_attrs", returned)):
            for value, entry in zip(values, attr_dicts(func, which), strict=True):
                value_id = text_of(entry, names.VALUE)
                port = self.case.graph.ports.get(self.case.aliases.get(value_id, value_id))
                if port is not None:
                    self._same(self._ports.setdefault(port.index, value), value)
        for op in all_ops(func.operation)[1:]:
            if op.name in CONTROL_FLOW:
                self._control_flow(op)
            elif op.name == BARRIER:
                for value, result in zip(op.operands, op.results, strict=True):
                    self._same(value, result)
            elif op.name not in ("func.return", "stablehlo.return"):
                self._leaf(op)

    def _leaf(self, op: ir.Operation) -> None:
        values = (*op.operands, *op.results)
        self._values.update(dict.fromkeys(values))
        rule = None if is_free(op) else read_rule(op)
        if rule is None:
            return
        first: dict[int, Place] = {}
        for value, mapping in zip(values, (*rule.operands, *rule.results), strict=True):
            if is_free_value(value):
                continue
            for dim, factors in enumerate(mapping):
                major = next((factor for factor in factors if rule.sizes[factor] > 1), None)
                if major is not None:
                    self._join((value, dim), first.setdefault(major, (value, dim)))

    def _control_flow(self, op: ir.Operation) -> None:
        for number, region in enumerate(op.regions):
            block = region.blocks[0]
            loop = op.name == "stablehlo.while"
            groups: list[Iterable[ir.Value]] = [block.arguments]
            if not (loop and number == 0):
                groups.append(body_ops(block)[-1].operands)
            if loop:
                groups.append(op.operands)
            for group in groups:
                for value, result in zip(group, op.results, strict=False):
                    self._same(value, result)

    def _same(self, first: ir.Value, second: ir.Value) -> None:
        self._values.update({first: None, second: None})
        for dim in range(min(len(shape_of(first)), len(shape_of(second)))):
            self._join((first, dim), (second, dim))

    def _join(self, first: Place, second: Place) -> None:
        a, b = self._root(first), self._root(second)
        if a != b:
            self._parent[b] = a

    def _root(self, place: Place) -> Place:
        while (above := self._parent.get(place, place)) != place:
            self._parent[place] = self._parent.get(above, above)
            place = above
        return place

    def _number_all(self, value: ir.Value) -> tuple[int, ...]:
        return tuple(
            self._number.setdefault(self._root((value, dim)), len(self._number)) if size > 1 else -1
            for dim, size in enumerate(shape_of(value))
        )

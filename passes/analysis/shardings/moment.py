"""Which reshards travel together: when in a fragment each is made, if others may be made at the same moment.

Reshards of one moment do not wait for each other, so their collectives can be one (``passes/partition/buckets.py``):

- in a fragment that runs once a step (setup, update): those of one depth, the number of reductions between what the fragment is
  given and the value: sums of gradients have depth 0, sums of their norms depth 1;
- in forward and backward: the argument of the step that is gathered (FSDP's parameters), and the sum that is only added to an
  accumulator (ZeRO-2's gradients). What else is resharded there is between two ops that wait for it.

In loops nothing is joined, no element of less than a byte, and nothing that arrives from another mesh: how that lands, and so how
it is resharded, is decided later (``land-transfers``).
"""

from collections import Counter
from collections.abc import Container, Sequence

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import all_operands, body_ops, element_bits, element_type, entry_block
from dialects.signature import attr_dicts, op_text, text_of
from dialects.values import PER_MICROBATCH, kind_of
from passes.analysis.ops.local_rules import ELEMENTWISE
from passes.analysis.ops.op_costs import is_free
from passes.analysis.shardings.graph import ShardingGraph, Use

GIVEN, ADDED = 0, 1  # moments of forward and backward
_VIEWS = frozenset(
    f"stablehlo.{name}"
    for name in ("reshape", "transpose", "broadcast_in_dim", "convert", "slice", "concatenate", "pad")
)


def mark_moments(graph: ShardingGraph, funcs: Sequence[ir.OpView], arriving: Container[str] = ()) -> None:
    """Say of every use, link and copy of ``graph``, which was built of ``funcs``, at what moment it reshards.

    ``arriving``: ids of values that other meshes make.
    """
    numbers = {entry_block(func): number for number, func in enumerate(funcs)}
    moments = [Moments(func, arriving) for func in funcs]
    crossing = [use for use in graph.uses if use.value in graph.source_of]
    crossing = [use for use in crossing if graph.source_of[use.value][0] is not use.reader]
    readers = Counter(use.value for use in crossing)
    only: dict[ir.Value, Use] = {use.value: use for use in crossing if readers[use.value] == 1}
    for use in crossing:
        home = _home(use.value)
        if home in numbers and use.op.block == home:
            use.moment = moments[numbers[home]].of(use.value, use.op if use.value in only else None)
    for link in graph.links:
        home = _home(link.value)
        if home in numbers and (link.block is None or link.block == home):
            reader = only[link.value].op if link.value in only else None
            link.fragment, link.moment = numbers[home], moments[numbers[home]].of(link.value, reader)
            if link.block is None:
                link.target.moment = link.moment


def _home(value: ir.Value) -> ir.Block:
    return value.owner if isinstance(value.owner, ir.Block) else value.owner.operation.block


class Moments:
    """Of one fragment; ``of(value)`` is the moment of a reshard of ``value`` in the fragment's own block."""

    def __init__(self, func: ir.OpView, arriving: Container[str]) -> None:
        self.block = entry_block(func)
        self.repeats = op_text(func.operation, names.PHASE) in PER_MICROBATCH
        ids = [text_of(entry, names.VALUE) for entry in attr_dicts(func, "arg_attrs")]
        pairs = list(zip(self.block.arguments, ids, strict=True))
        self.alone = {value for value, each in pairs if each in arriving}
        self.state = {value for value, each in pairs if kind_of(each) == "arg"}
        self.accumulators = {value for value, each in pairs if kind_of(each) == "acc"}
        self.depth: dict[ir.Value, int] = dict.fromkeys(self.block.arguments, 0)
        for op in () if self.repeats else body_ops(self.block)[:-1]:
            below = max((self.depth.get(value, 0) for value in all_operands(op)), default=0)
            same = op.name in ELEMENTWISE or op.name in _VIEWS or is_free(op)
            self.depth.update(dict.fromkeys(op.results, below if same else below + 1))

    def of(self, value: ir.Value, reader: ir.Operation | None) -> int | None:
        """None: its collectives travel alone. ``reader``: who reads the value, None if several do."""
        if value in self.alone or element_bits(element_type(value)) < 8:
            return None
        if not self.repeats:
            return self.depth.get(value)
        if value in self.state:
            return GIVEN
        if reader is None or reader.name != "stablehlo.add":
            return None
        return ADDED if any(operand in self.accumulators for operand in reader.operands) else None

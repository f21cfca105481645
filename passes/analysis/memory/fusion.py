"""Which values get memory of their own once XLA has fused a block, each rule with its reason in XLA's CPU compiler.

- An elementwise value, a broadcast, a slice … is computed where it is read (instruction_fusion.cc). It gets a buffer when an
  op that cannot take it in reads it (dot, convolution, scatter, loop, collective, the end of the block), or when it is dear
  (exp, tanh, divide …) and read twice or spread by a broadcast.
- A transpose that moves data is a copy (layout_assignment.cc), which loops take in and libraries for reductions do not.
- A reshape is its operand's own buffer. So is what a barrier gives; what it reads is in memory.
"""

from collections.abc import Iterator, Sequence

from jaxlib.mlir import ir

from dialects.ops import BARRIER, shape_of
from passes.analysis.ops.local_rules import ELEMENTWISE
from passes.analysis.ops.op_costs import is_free

SHARED = frozenset(("stablehlo.reshape", BARRIER))  # the operand's own buffer
FUSED = ELEMENTWISE | frozenset(
    f"stablehlo.{name}"
    for name in (
        *("bitcast_convert", "broadcast_in_dim", "concatenate", "constant", "dynamic_slice", "gather", "iota", "pad"),
        *("partition_id", "reverse", "slice"),
    )
)
READS_FUSED = FUSED | {"stablehlo.reduce", "stablehlo.transpose", "stablehlo.dynamic_update_slice", "stablehlo.reshape"}
_DEAR = frozenset(
    f"stablehlo.{name}"
    for name in (
        *(
            "atan2",
            "cbrt",
            "cosine",
            "divide",
            "exponential",
            "exponential_minus_one",
            "log",
            "log_plus_one",
            "logistic",
        ),
        *("power", "remainder", "rsqrt", "sine", "sqrt", "tan", "tanh"),
    )
)


def takes_buffer(value: ir.Value) -> bool:
    """Whether a value made inside a block gets memory of its own."""
    if not isinstance(value, ir.OpResult):
        return False
    op = value.owner.operation
    users = [use.owner.operation for use in value.uses]
    if op.name in SHARED:
        return False
    if is_free(op):
        return False
    through = [reader for user in users for reader in _readers(user)]
    if any(reader.name not in READS_FUSED for reader in through):
        return True
    if op.name == "stablehlo.transpose":
        moved = moves_data(op.operands[0], list(ir.DenseI64ArrayAttr(op.attributes["permutation"])))
        return moved and any(_reduced(reader) for reader in through)
    if op.name == "stablehlo.reduce" or op.name not in FUSED:
        return True
    return op.name in _DEAR and (len(users) > 1 or any(user.name == "stablehlo.broadcast_in_dim" for user in users))


def _reduced(reader: ir.Operation) -> bool:
    """Whether an op is a reduction, or elementwise and reduced: a library runs that whole, and takes no copies in."""
    if reader.name not in ELEMENTWISE or len(list(reader.results[0].uses)) != 1:
        return reader.name == "stablehlo.reduce"
    return any(_reduced(use.owner.operation) for use in reader.results[0].uses)


def _readers(user: ir.Operation) -> Iterator[ir.Operation]:
    """Who reads a value: through what only gives it another shape."""
    if user.name not in SHARED or user.name == BARRIER:
        yield user
        return
    for value in user.results:
        for use in value.uses:
            yield from _readers(use.owner.operation)


def moves_data(value: ir.Value, order: Sequence[int]) -> bool:
    """Whether putting the dims of ``value`` in ``order`` moves elements: dims of size 1 do not."""
    shape = shape_of(value)
    kept = [dim for dim in order if shape[dim] != 1]
    return kept != sorted(kept)


def gathers_inner(op: ir.Operation) -> bool:
    """Whether an all-gather along an inner dim is read by who cannot take the interleaving in."""
    value, dim = op.results[0], ir.IntegerAttr(op.attributes["all_gather_dim"]).value
    readers = (reader for use in value.uses for reader in _readers(use.owner.operation))
    return any(size != 1 for size in shape_of(value)[:dim]) and any(
        reader.name not in READS_FUSED for reader in readers
    )

"""Ops that every stage computes for itself rather than wait for another: constants, masks, step counters, learning rates."""

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.op_sets import OpSet
from dialects.ops import all_operands, body_ops, entry_block, num_bytes
from dialects.signature import attr_dicts, int_of, text_of

SMALL_BYTES = 1024  # a value that costs less to compute than to send
_GENERATORS = frozenset({"stablehlo.constant", "stablehlo.iota", "stablehlo.create_token"})
_NEVER = frozenset({"stablehlo.rng", "stablehlo.custom_call", "stablehlo.infeed", "stablehlo.outfeed"})
_CHEAP = frozenset(
    f"stablehlo.{name}"
    for name in (
        "broadcast_in_dim reshape transpose slice reverse convert compare select and or xor not add subtract multiply divide "
        "negate minimum maximum concatenate pad clamp"
    ).split()
)  # elementwise or data movement: fused by XLA into whatever reads them


def replicable_ops(func: ir.OpView) -> OpSet:
    """Ops of @main that may be copied into every fragment that reads them; none of them sees the batch.

    An op qualifies when its operands do and it is a generator, a cheap op on constants only, or small. An argument qualifies
    when it is no state, or is small state whose next value qualifies (so that every copy of it stays up to date).
    """
    block = entry_block(func)
    ops = body_ops(block)[:-1]
    entries = attr_dicts(func, "arg_attrs")
    returned = list(body_ops(block)[-1].operands)
    allowed = {
        i for i, (value, entry) in enumerate(zip(block.arguments, entries, strict=True)) if _may_copy(value, entry)
    }
    while True:
        good = _grow(block, ops, allowed)
        stale = {i for i in allowed if not _next_is_good(entries[i], returned, good, block, allowed)}
        if not stale:
            return good
        allowed -= stale


def _may_copy(value: ir.Value, entry: dict[str, ir.Attribute]) -> bool:
    role = text_of(entry, names.ROLE)
    if role in ("microbatch", "batch"):
        return False
    return int_of(entry, names.STATE_RESULT) is None or num_bytes(value) <= SMALL_BYTES


def _next_is_good(
    entry: dict[str, ir.Attribute],
    returned: list[ir.Value],
    good: OpSet,
    block: ir.Block,
    allowed: set[int],
) -> bool:
    result = int_of(entry, names.STATE_RESULT)
    if result is None:
        return True
    value = returned[result]
    if isinstance(value.owner, ir.Block):
        return value in block.arguments and ir.BlockArgument(value).arg_number in allowed
    return value.owner.operation in good


def _grow(block: ir.Block, ops: list[ir.Operation], allowed: set[int]) -> OpSet:
    good = OpSet()
    constant = OpSet()
    for op in ops:
        if op.name in _NEVER or names.BATCH_DIM in op.attributes:
            continue
        inputs = all_operands(op)
        producers = [None if isinstance(v.owner, ir.Block) else v.owner.operation for v in inputs]
        from_good = all(
            producer in good if producer is not None else ir.BlockArgument(v).arg_number in allowed
            for v, producer in zip(inputs, producers, strict=True)
        )
        if not from_good:
            continue
        if op.name in _GENERATORS or (op.name in _CHEAP and all(producer in constant for producer in producers)):
            constant.add(op)
            good.add(op)
        elif all(num_bytes(value) <= SMALL_BYTES for value in (*op.results, *inputs)):
            good.add(op)
    return good

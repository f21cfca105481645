"""Collectives of one kind, over the same devices and of one element type that need not wait for each other become one: a bucket.

A collective costs a latency and its bytes, and on CPU the latency is most of it: 44 gradients of 3.3 MB in all take 242 ms one by
one, 212 as one op of 44 operands, 17 as one buffer (benchmarks/gradient_sums.py). So they are laid flat behind each other:

    %a = all_reduce %x : f32[4,6] {mw.joins = 0}                 %f = concatenate reshape %x, reshape %y : f32[27]
    %b = all_reduce %y : f32[3]   {mw.joins = 0}     becomes     %s = all_reduce %f {mw.members = [24, 3]} : f32[27]
                                                                 %a = reshape slice %s [0:24]    %b = reshape slice %s [24:27]

Only what ``choose-shardings`` has marked joins, with what has the same moment, since the prices say so. In program order each
goes to the first bucket with room that it does not depend on, directly or through other buckets; then all ops are put in an order
in which the buckets can run. Each element is the same sum of the same parts. Source: buckets of PyTorch DDP (Li et al., VLDB'20,
section 3.2.3).
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.op_sets import OpMap
from dialects.ops import all_operands, all_ops, body_ops, defining_op, element_bits, element_type, num_bytes
from passes.partition.flat import GATHER, SCATTER, SUM, joined, members_attr

JOINED = (SUM, SCATTER, GATHER)


@dataclass(eq=False)
class _Bucket:
    members: list[ir.Operation] = field(default_factory=list[ir.Operation])
    num_bytes: float = 0.0
    reads: set["_Bucket"] = field(default_factory=set["_Bucket"])  # buckets whose results the members are made of
    full: bool = False

    def reaches(self, other: "_Bucket") -> bool:
        """Whether this one waits for ``other``."""
        seen: set[_Bucket] = set()
        left = [self]
        while left:
            bucket = left.pop()
            if bucket is other:
                return True
            if bucket not in seen:
                seen.add(bucket)
                left = [*left, *bucket.reads]
        return False


def fill_buckets(block: ir.Block, limit_bytes: float) -> None:
    """Join the marked collectives of a device's own block in buckets of at most ``limit_bytes``; 0 joins none."""
    marked = [op for op in all_ops(block.owner.operation) if names.JOINS in op.attributes]
    buckets = _buckets(block, limit_bytes) if marked and limit_bytes > 0 else []
    for op in marked:
        del op.attributes[names.JOINS]
    for bucket in buckets:
        if len(bucket.members) == 1:
            bucket.members[0].attributes[names.MEMBERS] = members_attr(bucket.members)
    wanted = [bucket.members for bucket in buckets if len(bucket.members) > 1]
    if wanted:
        _join(block, wanted)


def _buckets(block: ir.Block, limit_bytes: float) -> list[_Bucket]:
    found: dict[tuple[object, ...], list[_Bucket]] = {}
    reads: OpMap[frozenset[_Bucket]] = OpMap()  # op -> the buckets that it is made of
    for op in body_ops(block)[:-1]:
        sources = [maker for value in all_operands(op) if (maker := defining_op(value)) is not None]
        below = frozenset[_Bucket]().union(*(reads.get(maker, frozenset()) for maker in sources))
        if names.JOINS in op.attributes and _fits(op):
            bucket = _home(op, below, found.setdefault(_key(op), []), limit_bytes)
            below = frozenset((bucket,))
        reads[op] = below
    return [bucket for same in found.values() for bucket in same]


def _home(op: ir.Operation, below: Iterable[_Bucket], same: list[_Bucket], limit_bytes: float) -> _Bucket:
    """Put a collective, which waits for ``below``, into the first bucket of its kind that can take it, or into a new one."""
    size = larger_bytes(op)
    for bucket in same:
        if bucket.full or any(other.reaches(bucket) for other in below):
            continue
        if bucket.num_bytes + size > limit_bytes:
            bucket.full = True  # so that what comes later, and may be needed later, does not go in front of this one
            continue
        break
    else:
        bucket = _Bucket()
        same.append(bucket)
    bucket.members.append(op)
    bucket.num_bytes += size
    bucket.reads |= set(below)
    return bucket


def larger_bytes(op: ir.Operation) -> float:
    """Bytes on a device of the larger of operand and result."""
    return max(num_bytes(op.operands[0]), num_bytes(op.results[0]))


def _fits(op: ir.Operation) -> bool:
    """XLA's CPU compiler concatenates no elements of two bits, and packs those of four."""
    return op.name in JOINED and element_bits(element_type(op.operands[0])) >= 8


def _key(op: ir.Operation) -> tuple[object, ...]:
    """Equal for collectives that one could be."""
    inner = [item.name for region in op.regions for item in body_ops(region.blocks[0])]
    moment = ir.IntegerAttr(op.attributes[names.JOINS]).value
    return moment, op.name, str(op.attributes["replica_groups"]), str(element_type(op.operands[0])), *inner


def _join(block: ir.Block, buckets: Sequence[Sequence[ir.Operation]]) -> None:
    """One collective a bucket, and an order of all ops: as before, but for what now has to wait."""
    last = body_ops(block)[-1]
    places: OpMap[int] = OpMap((op, i) for i, op in enumerate(body_ops(block)[:-1]))
    for members in buckets:
        mine = [places.pop(op) for op in members]
        with ir.InsertionPoint(last):
            laid, given = joined(members)
        for op in laid:
            places[op] = mine[0]
        for place, ops in zip(mine, given, strict=True):
            for op in ops:
                places[op] = place
    _sort(list(places), list(places.values()), last)


def _sort(ops: Sequence[ir.Operation], places: Sequence[int], last: ir.Operation) -> None:
    """Put ``ops`` in front of ``last`` by their ``places``, each after what it reads."""
    numbers: OpMap[int] = OpMap((op, i) for i, op in enumerate(ops))
    readers: list[list[int]] = [[] for _ in ops]
    waits = [0] * len(ops)
    for i, op in enumerate(ops):
        makers = {
            numbers[maker]
            for value in all_operands(op)
            if (maker := defining_op(value)) is not None and maker in numbers
        }
        waits[i] = len(makers)
        for maker in makers:
            readers[maker].append(i)
    ready = [(places[i], i) for i, count in enumerate(waits) if not count]
    heapq.heapify(ready)
    while ready:
        _, i = heapq.heappop(ready)
        ops[i].move_before(last)
        for reader in readers[i]:
            waits[reader] -= 1
            if not waits[reader]:
                heapq.heappush(ready, (places[reader], reader))

"""What crosses each place where the forward part could be cut."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from jaxlib.mlir import ir

from dialects.op_sets import OpMap, OpSet
from dialects.ops import message_bytes, top_level


class Crossing(NamedTuple):
    """Values that are alive at a cut, and their bytes on the way between meshes."""

    num_bytes: float
    num_values: int


def crossing(chain: Sequence[ir.Operation], copied: OpSet | None = None) -> list[Crossing]:
    """For a cut right after each op of ``chain``: what is made up to it and still read by a later op of the chain.

    ``copied``: ops that each stage computes for itself (``replicable_ops``), whose results never travel.
    """
    position = OpMap((op, i) for i, op in enumerate(chain))
    size, count = [0.0] * (len(chain) + 1), [0] * (len(chain) + 1)
    for i, op in enumerate(chain):
        for value in op.results if copied is None or op not in copied else ():
            last = max((position.get(top_level(use.owner), i) for use in value.uses), default=i)
            if last > i:
                for at, sign in ((i, 1), (last, -1)):
                    size[at] += sign * message_bytes(value)
                    count[at] += sign
    return [Crossing(*alive) for alive in zip(accumulate(size[:-1]), accumulate(count[:-1]), strict=True)]

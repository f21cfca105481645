"""A file's own sharding rules are not believed: only those of kernels that we know are kept, and those we write ourselves.

``sdy.sharding_rule`` says which dims of an op go together. The passes split by it, so a false one would give wrong numbers.
"""

from itertools import count

from jaxlib.mlir import ir

from dialects.build import call_target
from dialects.kernel_calls import dims_of, first_element
from dialects.lapack import Kernel, kernel_of
from dialects.ops import all_ops, shape_of

_RULE = "sdy.sharding_rule"


def use_own_rules(module: ir.Module) -> None:
    """Of a kernel of linear algebra: one factor for each dim of the batch, one for every other dim by itself, as jax says it.

    Before: ``custom_call @lapack_spotrf_ffi(%a) {sdy.sharding_rule = <([i, j, k])->([i, j, k], [i]) …>}``
    After: ``custom_call @lapack_spotrf_ffi(%a) {sdy.sharding_rule = <([i, j, k])->([i, l, m], [i]) …, custom>}``
    """
    for op in all_ops(module.operation):
        if _RULE not in op.attributes:
            continue
        del op.attributes[_RULE]
        found = kernel_of(call_target(op) or "", first_element(op.operands))
        if found is not None:
            op.attributes[_RULE] = ir.Attribute.parse(_rule(op, found[0]), op.context)


def _rule(op: ir.Operation, kernel: Kernel) -> str:
    numbers = count()
    batch: list[int] = []
    sizes: list[int] = []
    sides: list[str] = []
    for values, words in ((op.operands, kernel.operands.split()), (op.results, kernel.results.split())):
        lists: list[str] = []
        for value, word in zip(values, words, strict=True):
            shape = shape_of(value)
            own = len(dims_of(word))
            rank = len(shape) - own
            while len(batch) < rank:
                batch.append(next(numbers))
                sizes.append(shape[len(batch) - 1])
            rest = [next(numbers) for _ in range(own)]
            sizes += shape[rank:]
            lists.append("[" + ", ".join(_letter(number) for number in [*batch[:rank], *rest]) + "]")
        sides.append("(" + ", ".join(lists) + ")")
    named = ", ".join(f"{_letter(number)}={size}" for number, size in enumerate(sizes))
    return f"#sdy.op_sharding_rule<{sides[0]}->{sides[1]} {{{named}}}, custom>"


def _letter(factor: int) -> str:
    return chr(ord("i") + factor) if factor < 18 else f"z_{factor - 17}"

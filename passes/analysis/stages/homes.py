"""Which forward op each op of the backward and the update belongs to: where the work of a stage goes when its forward goes there.

What a backward op reads of the forward names its home: the gradient of ``y = dot(x, w)`` is two dots, of x and of w, and no other
forward dot reads both. A second computation of the forward, as checkpoints make, belongs to the first. Since a backward edge never
goes to a later stage, homes never grow along one, and any cut of the forward keeps the order of the backward.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import call_target
from dialects.op_sets import OpMap, OpSet
from dialects.ops import all_operands, body_ops, defining_op, entry_block, num_bytes, num_elements
from dialects.signature import op_text
from dialects.values import BACKWARD, UPDATE
from passes.analysis.ops.op_costs import is_heavy
from passes.analysis.stages.same import Same

# They move values, of several layers perhaps: the stack of a loop, what one barrier holds. That says nothing of what follows.
_MOVES = frozenset(
    f"stablehlo.{name}"
    for name in (
        "optimization_barrier reshape transpose convert broadcast_in_dim bitcast_convert slice concatenate pad reverse "
        "dynamic_slice dynamic_update_slice"
    ).split()
)

_Places = dict[int, list[int]]  # number of a value -> positions in the chain, ascending


class Homes:
    """``of[op]``: the position in ``chain`` that an op belongs to; ops that belong nowhere in particular are left out.

    ``sure``: heavy backward ops, whose home is a stage's business. What is light lies between them and follows.
    """

    def __init__(self, func: ir.OpView, chain: Sequence[ir.Operation]) -> None:
        self.of = OpMap((op, i) for i, op in enumerate(chain))
        self.sure = OpSet()
        ops = body_ops(entry_block(func))[:-1]
        self._same = Same(entry_block(func))
        self._makers: _Places = {}  # positions that make the value
        self._near: _Places = {}  # positions that make or read it, or a view of it
        self._heavy: _Places = {}  # those of heavy ops
        self._latest = OpMap[int]()  # of backward ops: no later position is allowed
        for op in ops:
            self._same.add(op)
            if op in self.of:
                self._enter(op, self.of[op])
        self._end = len(chain) - 1
        for op in ops:
            if op_text(op, names.PHASE) == BACKWARD and call_target(op) not in names.FOLDS:
                self._backward(op)
        for op in ops:
            if op_text(op, names.PHASE) == UPDATE or call_target(op) in names.FOLDS:
                self._follow(op)

    def _enter(self, op: ir.Operation, position: int) -> None:
        heavy = is_heavy(op)
        for value in op.results:
            self._makers.setdefault(self._same[value], []).append(position)
            self._near.setdefault(self._same.root(value), []).append(position)
            if heavy:
                self._heavy.setdefault(self._same.root(value), []).append(position)
        for value in all_operands(op):
            self._near.setdefault(self._same.root(value), []).append(position)
            if heavy:
                self._heavy.setdefault(self._same.root(value), []).append(position)

    def _backward(self, op: ir.Operation) -> None:
        before = [maker for value in all_operands(op) if (maker := defining_op(value)) in self._latest and maker]
        high = min((self._latest[maker] for maker in before), default=self._end)
        heavy, moves = is_heavy(op) and op.name not in _MOVES, op.name in _MOVES
        again = self._makers.get(self._same[op.results[0]], []) if len(op.results) else []
        if again:  # computed a second time
            home = _last([again], high)
            certain = heavy and len(again) == 1
        else:
            home = _last(self._touched(op), high)
            certain = not moves
        self._latest[op] = high if home is None or not certain else home
        if home is None and before:
            home = high
        if home is not None:
            self.of[op] = home
            if certain and heavy:
                self.sure.add(op)

    def _touched(self, op: ir.Operation) -> list[Collection[int]]:
        """For each operand that the forward knows, the positions that make or read it; those common to all, where there are any."""
        table = self._heavy if is_heavy(op) else self._near
        telling = [value for value in all_operands(op) if num_elements(value) > 1]  # a scalar is read everywhere
        roots = [root for value in telling if (root := self._same.root(value)) not in self._same.constant]
        known = [places for root in roots if (places := table.get(root))]
        common = set.intersection(*map(set, known)) if known and is_heavy(op) else set[int]()
        return [sorted(common)] if common else list(known)

    def _follow(self, op: ir.Operation) -> None:
        """An update belongs where the largest of what it reads does: a gradient, and not the factor that clips them all."""
        known = [(num_bytes(value), maker) for value in all_operands(op) if (maker := defining_op(value)) is not None]
        largest = max((size for size, _ in known), default=0.0)
        homes = {self.of.get(maker) for size, maker in known if size == largest} - {None}
        if len(homes) == 1:
            self.of[op] = next(home for home in homes if home is not None)


def _last(places: Sequence[Collection[int]], high: int) -> int | None:
    """The last position up to ``high`` that is no later than one of each list; lists without any say nothing."""
    found: list[int] = []
    for item in places:
        ordered = list(item)
        if number := bisect_right(ordered, high):
            found.append(ordered[number - 1])
    return min(found, default=None)

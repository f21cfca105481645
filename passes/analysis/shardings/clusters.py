"""Which elementwise ops take one sharding together: the fusions that XLA will make anyway, seen before the decision.

A reshard in the middle of an elementwise chain costs what it costs at its ends, so a chain needs one choice, not one an op. A
cluster grows along ops of one shape in one block; an op that reads a product begins a new one, another joins the latest. Sums
that may stay open are left out: an add or convert right behind a product (two steps at most) and the add into an accumulator
choose for themselves.

Source: Alpa (OSDI'22) section 4.2 merges elementwise ops into an operand too ("following"); here it is restricted to equal shapes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects.ops import op_key, shape_of
from passes.analysis.ops.local_rules import ELEMENTWISE, unreduced_operands
from passes.analysis.ops.op_costs import is_free_value
from passes.analysis.shardings.strategies import Strategies

OPEN_STEPS = 2  # how far behind a product a sum may stay open: dx = a + b + c has two adds
_PRODUCTS = frozenset(
    ("stablehlo.dot_general", "stablehlo.convolution", "stablehlo.reduce", "stablehlo.scatter", "stablehlo.gather")
)
_FRESH = _PRODUCTS - {"stablehlo.reduce"}
_PASSES = frozenset(("stablehlo.convert", "stablehlo.reshape", "stablehlo.transpose", "stablehlo.negate"))
_SCALES = frozenset(("stablehlo.multiply", "stablehlo.divide"))
_ADDS = frozenset(("stablehlo.add", "stablehlo.subtract"))

Key = ir.Value | ir.Block


@dataclass
class Clusters:
    """``home(op)`` for ops in program order: the key of the cluster that it joins, its own key if it founds one, None if alone."""

    strategies: Strategies
    accumulators: set[ir.Value] = field(default_factory=set[ir.Value])
    _cluster: dict[Key, tuple[Key, ir.Block, int]] = field(default_factory=dict[Key, tuple[Key, ir.Block, int]])
    _steps: dict[Key, int] = field(default_factory=dict[Key, int])  # ops whose result may be an open sum -> adds so far
    _count: int = 0

    def home(self, op: ir.Operation) -> Key | None:
        """The cluster of ``op``; call it once for every op, in program order."""
        key = op_key(op)
        steps = self._open_steps(op)
        if steps is not None:
            self._steps[key] = steps
            return None
        if not self._may_join(op):
            return None
        known = [self._cluster[source] for source in self._producers(op.operands) if source in self._cluster]
        here = (
            []
            if self._reads_product(op)
            else [item for item in known if item[1] == op.block and self._same_shape(item[0], op)]
        )
        if here:
            self._cluster[key] = max(here, key=lambda item: item[2])
        else:
            self._count += 1
            self._cluster[key] = key, op.block, self._count
        return self._cluster[key][0]

    def _open_steps(self, op: ir.Operation) -> int | None:
        """Adds between a product and ``op`` when its result may be an open sum; None when it is to be closed."""
        if op.name in _PRODUCTS:
            return 0
        if not unreduced_operands(op):
            return None
        parts = [value for value in op.operands if not is_free_value(value)]
        behind = [self._steps.get(key) for key in self._producers(parts)]
        known = [steps for steps in behind if steps is not None]
        if op.name in _ADDS:
            if any(value in self.accumulators for value in parts):
                return 0
            whole = len(known) == len(parts) and sum(known) + 1 <= OPEN_STEPS
            return sum(known) + 1 if whole else None
        if op.name in _PASSES or (op.name in _SCALES and len(parts) == 1):
            return known[0] if len(known) == 1 else None
        return None

    def _may_join(self, op: ir.Operation) -> bool:
        if op.name not in ELEMENTWISE or len(op.results) != 1:
            return False
        shape = shape_of(op.results[0])
        fits = all(shape_of(v) == shape or is_free_value(v) or not shape_of(v) for v in op.operands)
        return bool(shape) and fits and self.strategies.elementwise(op) is not None

    def _reads_product(self, op: ir.Operation) -> bool:
        """Whether an operand is fresh from a product: there a new cluster begins, so that layers choose apart."""
        return any(isinstance(v, ir.OpResult) and v.owner.operation.name in _FRESH for v in op.operands)

    def _producers(self, values: Iterable[ir.Value]) -> list[Key]:
        return [op_key(value.owner.operation) for value in values if isinstance(value, ir.OpResult)]

    def _same_shape(self, founder: Key, op: ir.Operation) -> bool:
        return isinstance(founder, ir.Value) and shape_of(founder) == shape_of(op.results[0])

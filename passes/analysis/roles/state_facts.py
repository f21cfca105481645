"""What the search for state knows of a step: donation, the loss, and which results are elementwise functions of which arguments."""

from dataclasses import dataclass
from functools import cached_property

from jaxlib.mlir import ir

from passes.analysis.roles.dependence import Dependence
from passes.analysis.roles.names import Signature

_ALIAS = "tf.aliasing_output"
_DONOR = "jax.buffer_donor"


@dataclass(frozen=True)
class StatePair:
    """Argument ``argument`` is fed from result ``result`` in the next step; ``how`` says why we think so."""

    argument: int
    result: int
    how: str


@dataclass(frozen=True)
class StateFacts:
    """The facts that the ways to find pairs share. ``loss`` is the result that looks like the loss, if any."""

    signature: Signature
    graph: Dependence
    loss: int | None

    @cached_property
    def aliases(self) -> dict[int, int]:
        """Donated argument -> the result that reuses its buffer."""
        found: dict[int, int] = {}
        for index, table in enumerate(self.signature.argument_attrs):
            alias = table.get(_ALIAS)
            if isinstance(alias, ir.IntegerAttr) and alias.value < len(self.signature.result_types):
                found[index] = alias.value
        return found

    @cached_property
    def donated(self) -> frozenset[int]:
        """Arguments that the program may overwrite."""
        tables = enumerate(self.signature.argument_attrs)
        return frozenset(index for index, table in tables if _ALIAS in table or _DONOR in table)

    @cached_property
    def loss_cone(self) -> frozenset[int]:
        """What the loss is computed from."""
        return self.graph.cone([self.graph.results[self.loss]]) if self.loss is not None else frozenset()

    @cached_property
    def distances(self) -> tuple[dict[int, int], ...]:
        """For each result, the arguments that it is an elementwise function of and the number of ops between."""
        positions = {node: index for index, node in enumerate(self.graph.arguments)}
        return tuple(
            {positions[n]: d for n, d in self.graph.elementwise_distances(node).items() if n in positions}
            for node in self.graph.results
        )

    @cached_property
    def returned(self) -> frozenset[int]:
        """Arguments that a result is, unchanged."""
        return frozenset(argument for reached in self.distances for argument, way in reached.items() if way == 0)

    def same_type(self, argument: int, result: int) -> bool:
        """Whether the result could take the argument's place."""
        return self.signature.argument_types[argument] == self.signature.result_types[result]

"""A plan's fragments and values by name: which instances of a value a run takes, gives and uses up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from compiler.plan.records import Fragment, Run, Value

Instance = tuple[str, int | None]  # value id and microbatch


@dataclass(frozen=True)
class Program:
    """What the generator needs to know: fragments and values by name, microbatches, and results.

    ``results``: value id -> meshes that must hold it after the step, besides the one that makes it.
    """

    fragments: Mapping[str, Fragment]
    values: Mapping[str, Value]
    num_microbatches: int
    results: Mapping[str, Collection[int]]

    @staticmethod
    def of(
        fragments: Sequence[Fragment],
        values: Sequence[Value],
        num_microbatches: int,
        results: Mapping[str, Collection[int]],
    ) -> "Program":
        """Index fragments and values by name."""
        return Program({f.name: f for f in fragments}, {v.id: v for v in values}, num_microbatches, results)

    def instance(self, value: str, microbatch: int | None) -> Instance:
        """The instance of ``value`` that a run on ``microbatch`` means; once per step it is the last microbatch's."""
        if self.values[value].kind in ("argument", "step"):
            return value, None
        return value, self.num_microbatches - 1 if microbatch is None else microbatch

    def reads(self, run: Run) -> list[Instance]:
        """The instances that a run takes, in argument order."""
        return [self.instance(value, run.microbatch) for value in self.fragments[run.fragment].inputs]

    def writes(self, run: Run) -> list[Instance]:
        """The instances that a run gives, in result order."""
        return [self.instance(value, run.microbatch) for value in self.fragments[run.fragment].outputs]

    def donates(self, run: Run) -> set[Instance]:
        """The instances that are gone after a run, unless it writes them anew."""
        reads = self.reads(run)
        return {reads[position] for position in self.fragments[run.fragment].donated}

    def kept(self, mesh: int) -> set[Instance]:
        """The result instances that ``mesh`` must hold after the step if they are sent to it."""
        return {self.instance(value, None) for value, meshes in self.results.items() if mesh in meshes}

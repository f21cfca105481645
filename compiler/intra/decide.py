"""The decision inside a mesh: every logical shape of it is tried with the chooser, and the cheapest is written into the module."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from jaxlib.mlir import ir
from msgspec import structs

from compiler.decisions.names import value_names
from compiler.decisions.record import decision_record
from compiler.intra.room import Shortage, least, taken
from compiler.intra.shapes import cases_on, chooser_for, each_shape
from compiler.intra.shortage import NoRoom
from compiler.machine.description import Machine
from compiler.machine.layout import Layout
from compiler.options import PlanOptions
from compiler.plan.decisions import DecisionRecord
from dialects.sdy_attrs import mesh_text
from dialects.sharding import MeshShape
from passes.shardings.choose_shardings import ChooseShardings, Decision
from passes.solvers.costs.mesh_costs import MeshCosts
from passes.solvers.shardings.problem import Certificate, OutOfMemory


@dataclass(frozen=True)
class Sharded:
    """What was decided: the logical mesh, its costs, and how good the choice is on each mesh."""

    mesh: MeshShape
    costs: MeshCosts
    certificates: tuple[Certificate, ...]
    records: tuple[DecisionRecord, ...] = ()

    def on_devices_of(self, memory_bytes: float) -> "Sharded":
        """The same with this as the limit in its records: a choice may have been made in another room than the devices have."""
        memories = (structs.replace(record.memory, limit_bytes=memory_bytes) for record in self.records)
        records = (structs.replace(record, memory=m) for record, m in zip(self.records, memories, strict=True))
        return replace(self, records=tuple(records))


@dataclass(frozen=True)
class Decided:
    """The best logical mesh with a decision for each mesh, not yet written. ``solve_s``: what the solver took in all."""

    chooser: ChooseShardings
    costs: MeshCosts
    decisions: list[Decision]
    solve_s: float

    @property
    def chosen(self) -> Hashable:
        """Equal for equal choices of one module: they make equal programs."""
        return self.costs.mesh, tuple(decision.solution.choice for decision in self.decisions)

    def write(self, module: ir.Module) -> None:
        """Put mesh and shardings into the module."""
        with ir.Location.unknown():
            ir.InsertionPoint.at_block_begin(module.body).insert(ir.Operation.parse(mesh_text(self.costs.mesh)))
        self.chooser.write(module, self.decisions)


def written(decided: Decided, module: ir.Module, options: PlanOptions) -> Sharded:
    """Write a decision into its module, and keep what the plan says of it."""
    named, decisions = value_names(module), decided.decisions
    records = [decision_record(decision, mesh, options.intra, named) for mesh, decision in enumerate(decisions)]
    decided.write(module)
    certificates = tuple(decision.solution.certificate for decision in decisions)
    return Sharded(decided.costs.mesh, decided.costs, certificates, tuple(records))


def decide(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> Decided:
    """Try every logical mesh; of those with room, the one with the fewest seconds. Raises UserError when none has room."""
    chooser = chooser_for(module, layout, options)
    best: Decided | None = None
    best_s = solve_s = 0.0
    tight: list[Shortage] = []
    for costs in each_shape(module, machine, layout, options):
        try:
            decisions = chooser.decide(module, costs)
        except (OutOfMemory, TimeoutError):  # none, or none found in time
            tight.append(_largest(map(least, cases_on(module, costs, chooser))))
            continue
        solve_s += sum(decision.solution.certificate.seconds for decision in decisions)
        broken = [short for d in decisions if (short := taken(d.case, d.solution.choice)) is not None]
        if broken:
            tight.append(_largest(broken))
            continue
        seconds = sum(decision.solution.certificate.objective_s for decision in decisions)
        if best is None or seconds < best_s:
            best, best_s = Decided(chooser, costs, decisions, 0.0), seconds
    if best is None:
        raise NoRoom(min(tight, key=lambda item: item.total_bytes), options)
    return replace(best, solve_s=solve_s)


def _largest(found: Iterable[Shortage]) -> Shortage:
    return max(found, key=lambda item: item.total_bytes)

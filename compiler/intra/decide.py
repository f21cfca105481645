"""The decision inside each mesh: every logical shape of it is tried with its chooser, and the cheapest is written down."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from jaxlib.mlir import ir
from msgspec import structs

from compiler.decisions.buckets import with_buckets
from compiler.decisions.names import value_names
from compiler.decisions.record import decision_record
from compiler.intra.known import Known
from compiler.intra.room import Shortage, least, taken
from compiler.intra.shapes import Inside, each_mesh
from compiler.intra.shortage import NoRoom
from compiler.machine.description import Machine
from compiler.machine.layout import Layout
from compiler.options import PlanOptions
from compiler.plan.decisions import DecisionRecord, LandingRecord
from dialects.sdy_attrs import mesh_text
from dialects.sharding import MeshShape
from passes.shardings.choose_shardings import Decision, write
from passes.solvers.costs.mesh_costs import MeshCosts
from passes.solvers.shardings.problem import Certificate, OutOfMemory


@dataclass(frozen=True)
class Sharded:
    """What was decided, by the number of the mesh: the costs on its logical shape, and how good the choice is."""

    costs: dict[int, MeshCosts]
    certificates: tuple[Certificate, ...]
    records: tuple[DecisionRecord, ...] = ()

    @property
    def shapes(self) -> dict[int, MeshShape]:
        """The logical shape of each mesh."""
        return {mesh: costs.mesh for mesh, costs in self.costs.items()}

    def on_devices_of(self, memory_bytes: float) -> "Sharded":
        """The same with this as the limit in its records: a choice may have been made in another room than the devices have."""
        memories = (structs.replace(record.memory, limit_bytes=memory_bytes) for record in self.records)
        records = (structs.replace(record, memory=m) for record, m in zip(self.records, memories, strict=True))
        return replace(self, records=tuple(records))

    def with_buckets(self, module: ir.Module) -> "Sharded":
        """The same with the buckets of collectives that ``module``, which is partitioned, has."""
        return replace(self, records=with_buckets(self.records, module, self.costs))

    def with_landings(self, landings: Mapping[int, Sequence[LandingRecord]]) -> "Sharded":
        """The same with what was changed on each mesh for values of others."""
        records = (structs.replace(each, landings=tuple(landings.get(each.mesh, ()))) for each in self.records)
        return replace(self, records=tuple(records))


@dataclass(frozen=True)
class MeshDecision:
    """The best logical shape of mesh number ``mesh`` with its decision."""

    inside: Inside
    decision: Decision

    @property
    def mesh(self) -> int:
        """The number of the mesh."""
        return self.inside.mesh

    @property
    def costs(self) -> MeshCosts:
        """On the shape that was chosen."""
        return self.decision.case.prices.costs


@dataclass(frozen=True)
class Decided:
    """A decision for each mesh, in order of their numbers, not yet written. ``solve_s``: what the solver took in all."""

    meshes: tuple[MeshDecision, ...]
    solve_s: float

    @property
    def chosen(self) -> Hashable:
        """Equal for equal choices of one module: they make equal programs."""
        return tuple((found.costs.mesh, found.decision.solution.choice) for found in self.meshes)

    def write(self, module: ir.Module) -> None:
        """Put meshes and shardings into the module."""
        with ir.Location.unknown():
            start = ir.InsertionPoint.at_block_begin(module.body)
            for found in self.meshes:
                start.insert(ir.Operation.parse(mesh_text(found.costs.mesh, found.decision.case.symbol)))
        write([found.decision for found in self.meshes], module)


def written(decided: Decided, module: ir.Module) -> Sharded:
    """Write a decision into its module, and keep what the plan says of it."""
    named = value_names(module)
    records = [decision_record(d.decision, d.mesh, d.inside.chooser.intra, named) for d in decided.meshes]
    decided.write(module)
    certificates = tuple(found.decision.solution.certificate for found in decided.meshes)
    return Sharded({found.mesh: found.costs for found in decided.meshes}, certificates, tuple(records))


def decide(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> Decided:
    """Of each mesh the logical shape with room that takes the fewest seconds. Raises NoRoom when a mesh has none."""
    found: list[MeshDecision] = []
    tight: list[tuple[Shortage, str]] = []
    known = Known()
    for inside in reversed(each_mesh(module, machine, layout, options)):
        best = _decide(inside, known)
        if isinstance(best, Shortage):
            tight.append((best, inside.chooser.intra))
        else:
            found.append(best)
    if tight:
        short, intra = max(tight, key=lambda item: item[0].total_bytes)
        raise NoRoom(short, replace(options, intra=intra))
    return Decided(tuple(reversed(found)), known.solve_s)


def _decide(inside: Inside, known: Known) -> MeshDecision | Shortage:
    """The best shape of one mesh; what the least of them lacks where none has room."""
    best: Decision | None = None
    tight: list[Shortage] = []
    for case in inside.each_case():
        try:
            decision = known.decide(inside.chooser, case)
        except (OutOfMemory, TimeoutError):  # none, or none found in time
            tight.append(least(case))
            continue
        short = taken(case, decision.solution.choice)
        if short is not None:
            tight.append(short)
        elif best is None or _seconds(decision) < _seconds(best):
            best = decision
    return MeshDecision(inside, best) if best is not None else min(tight, key=lambda item: item.total_bytes)


def _seconds(decision: Decision) -> float:
    return decision.solution.certificate.objective_s

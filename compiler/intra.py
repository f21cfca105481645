"""The decision inside a mesh: every logical shape of it is tried with the chooser, and the cheapest is written into the module."""

from dataclasses import dataclass
from typing import NoReturn

from jaxlib.mlir import ir

from compiler.decision_names import value_names
from compiler.decision_record import decision_record
from compiler.layout import Layout, in_flight
from compiler.machine import Machine
from compiler.mesh import AXES, distinct_meshes, mesh_costs
from compiler.options import PlanOptions
from compiler.plan_intra import DecisionRecord
from compiler.units import show_bytes
from dialects import attributes as names
from dialects.errors import fail
from dialects.sdy_attrs import mesh_text
from dialects.sharding import MeshShape
from dialects.signature import op_int
from passes.choose_shardings import ChooseShardings, Decision
from passes.solvers.mesh_costs import MeshCosts
from passes.solvers.sharding_problem import Certificate, OutOfMemory

MOST_AXES = 2  # three axes find little that two do not, and cost ten times the time; --mesh 2x2x2 asks for them


@dataclass(frozen=True)
class Sharded:
    """What was decided: the logical mesh, its costs, and how good the choice is on each mesh."""

    mesh: MeshShape
    costs: MeshCosts
    certificates: tuple[Certificate, ...]
    records: tuple[DecisionRecord, ...] = ()


def shard(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> Sharded:
    """Choose and write the shardings of every fragment. Raises UserError when no choice fits the memory."""
    stages, microbatches = len(layout.mesh_of), op_int(module.operation, names.MICROBATCHES) or 1
    chooser = ChooseShardings(
        intra=options.intra, mesh_of=layout.mesh_of, in_flight=in_flight(options.schedule, stages, microbatches)
    )
    best: tuple[float, MeshCosts, list[Decision]] | None = None
    short: OutOfMemory | None = None
    for shape in _shapes(machine, layout, options.mesh):
        costs = mesh_costs(machine, shape, layout.meshes[0].ranks[0])
        try:
            decisions = chooser.decide(module, costs)
        except OutOfMemory as error:
            short = error
            continue
        seconds = sum(decision.solution.certificate.objective_s for decision in decisions)
        if best is None or seconds < best[0]:
            best = seconds, costs, decisions
    if best is None:
        assert short is not None
        _no_room(short)
    _, costs, decisions = best
    with ir.Location.unknown():
        ir.InsertionPoint.at_block_begin(module.body).insert(ir.Operation.parse(mesh_text(costs.mesh)))
    named = value_names(module)
    records = [decision_record(decision, mesh, options.intra, named) for mesh, decision in enumerate(decisions)]
    chooser.write(module, decisions)
    certificates = tuple(decision.solution.certificate for decision in decisions)
    return Sharded(costs.mesh, costs, certificates, tuple(records))


def _shapes(machine: Machine, layout: Layout, asked: tuple[int, ...] | None) -> list[MeshShape]:
    """The logical meshes worth trying, or the one that was asked for."""
    width = layout.width
    if asked is None:
        shapes = distinct_meshes(machine, width, MOST_AXES, layout.meshes[0].ranks[0])
        two = [shape for shape in shapes if len(shape.axes) == MOST_AXES]
        return two or shapes  # what one axis can do, two can: both along the same dim
    shape = MeshShape(tuple(zip(AXES, asked, strict=False)))
    if shape.num_devices != width or len(asked) > 3:
        sizes = "x".join(map(str, asked))
        fail(f"got {sizes}, want up to 3 sizes with the product {width}, the devices of a mesh", where="--mesh")
    return [shape]


def _no_room(short: OutOfMemory) -> NoReturn:
    worst = max(short.smallest, key=lambda row: short.smallest[row] / short.limits[row])
    fail(
        f"no choice of shardings fits: {worst.rpartition(' ')[0]} needs {show_bytes(short.smallest[worst])} per device even when "
        f"everything is split as far as it goes, a device has {show_bytes(short.limits[worst])}",
        remedy="use more microbatches, more stages, more devices, or a larger --memory-per-device",
    )

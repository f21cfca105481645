"""The logical shapes of a mesh that are worth trying, each with its costs; and the chooser that is asked on each."""

from collections.abc import Iterator
from dataclasses import dataclass

from jaxlib.mlir import ir

from compiler.frontends.annotate import user_mesh
from compiler.machine.description import Machine
from compiler.machine.layout import Layout
from compiler.machine.meshes import AXES, distinct_meshes, mesh_costs
from compiler.options import PlanOptions
from compiler.schedules.schedule import make_schedule
from dialects import attributes as names
from dialects.errors import fail
from dialects.sharding import MeshShape
from dialects.signature import op_int
from passes.analysis.shardings.cases import Case, Cases
from passes.analysis.stages.flows import stage_flows
from passes.rules import write_rules
from passes.shardings.choose_shardings import ChooseShardings
from passes.solvers.costs.mesh_costs import MeshCosts

MOST_AXES = 2  # three axes find little that two do not, and cost ten times the time; --mesh 2x2x2 asks for them


@dataclass(frozen=True)
class Inside:
    """What there is to decide inside mesh number ``mesh``: who decides, and the costs on each logical shape to try."""

    mesh: int
    chooser: ChooseShardings
    costs: tuple[MeshCosts, ...]
    cases: Cases

    def each_case(self) -> Iterator[Case]:
        """The problem on each shape."""
        for costs in self.costs:
            yield self.cases.read(self.mesh, costs)


def each_mesh(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> list[Inside]:
    """Of every mesh with fragments what is to be decided. Raises UserError for a shape or a chooser that there is none of."""
    stages, microbatches = len(layout.mesh_of), op_int(module.operation, names.MICROBATCHES) or 1
    waiting = make_schedule(
        options.schedule, stages, microbatches, stage_to_mesh=layout.mesh_of, flows=stage_flows(module)
    ).in_flight
    write_rules(module)
    cases = Cases(module, waiting, options.bucket_bytes)
    found: list[Inside] = []
    for mesh in cases.meshes:
        asked, ranks = layout.asked[mesh], layout.meshes[mesh].ranks
        chooser = ChooseShardings(intra=asked.intra or options.intra)
        chooser.check()
        size = options.mesh if asked.shape is None else asked.shape
        own = user_mesh(module, len(ranks), size, cases.values(mesh))
        shapes = _shapes(machine, ranks, size) if own is None else [own]
        found.append(Inside(mesh, chooser, tuple(mesh_costs(machine, shape, ranks) for shape in shapes), cases))
    return found


def _shapes(machine: Machine, ranks: tuple[int, ...], asked: tuple[int, ...] | None) -> list[MeshShape]:
    width = len(ranks)
    if asked is None:
        shapes = distinct_meshes(machine, ranks, MOST_AXES)
        two = [shape for shape in shapes if len(shape.axes) == MOST_AXES]
        return two or shapes  # what one axis can do, two can: both along the same dim
    shape = MeshShape(tuple(zip(AXES, asked, strict=False)))
    if shape.num_devices != width or len(asked) > 3:
        sizes = "x".join(map(str, asked))
        fail(f"got {sizes}, want up to 3 sizes with the product {width}, the devices of a mesh", where="--mesh")
    return [shape]

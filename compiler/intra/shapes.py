"""The logical shapes of a mesh that are worth trying, each with its costs; and the chooser that is asked on each."""

from collections.abc import Iterator, Sequence

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
from passes.analysis.shardings.cases import Case, read_cases
from passes.shardings.choose_shardings import ChooseShardings
from passes.solvers.costs.mesh_costs import MeshCosts

MOST_AXES = 2  # three axes find little that two do not, and cost ten times the time; --mesh 2x2x2 asks for them


def chooser_for(module: ir.Module, layout: Layout, options: PlanOptions) -> ChooseShardings:
    """The chooser that was asked for, told where stages run and how many microbatches wait in each."""
    stages, microbatches = len(layout.mesh_of), op_int(module.operation, names.MICROBATCHES) or 1
    waiting = make_schedule(options.schedule, stages, microbatches, stage_to_mesh=layout.mesh_of).in_flight
    return ChooseShardings(intra=options.intra, mesh_of=layout.mesh_of, in_flight=waiting)


def each_shape(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> Iterator[MeshCosts]:
    """The costs on each logical mesh to try: the user's own, the one asked for, or all that can differ."""
    own = user_mesh(module, layout.width, options.mesh)
    for shape in _shapes(machine, layout, options.mesh) if own is None else (own,):
        yield mesh_costs(machine, shape, layout.meshes[0].ranks[0])


def cases_on(module: ir.Module, costs: MeshCosts, chooser: ChooseShardings) -> list[Case]:
    """The problem of each mesh as the chooser would read it."""
    return read_cases(module, costs, chooser.mesh_of, chooser.in_flight)


def _shapes(machine: Machine, layout: Layout, asked: Sequence[int] | None) -> list[MeshShape]:
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

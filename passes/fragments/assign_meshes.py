"""``assign-meshes``: which mesh runs each fragment."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import fail
from dialects.signature import fragment_funcs, i64, op_int
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class AssignMeshes(Pass):
    """Write on every fragment the number of the mesh that runs it, so that each mesh can have its own devices and its own shape.

    Stages with one mesh share it: their shardings are then decided together. What a mesh looks like is said by the ``sdy.mesh``
    of its number, which ``use-machine{number=1 …}`` writes. Without this pass every stage is alone on a mesh, and all are alike.

    Input:
        func @stage2_forward(…) attributes {mw.phase = "forward", mw.stage = 2}
    Output, with ``assign-meshes{mesh-of=0,1,1}``:
        func @stage2_forward(…) attributes {mw.mesh = 1, mw.phase = "forward", mw.stage = 2}

    ``mesh_of``: of each stage its mesh; meshes are numbered from 0. Raises UserError for a stage that it does not name.
    """

    name: ClassVar[str] = "assign-meshes"
    mesh_of: tuple[int, ...] = ()

    def run(self, module: ir.Module) -> None:
        if sorted(set(self.mesh_of)) != list(range(len(set(self.mesh_of)))):
            fail(f"got mesh-of={','.join(map(str, self.mesh_of))}, want meshes from 0 on", where=f"pass {self.name}")
        for func in fragment_funcs(module):
            stage = op_int(func.operation, names.STAGE) or 0
            if not 0 <= stage < len(self.mesh_of):
                remedy = "name one mesh a stage"
                fail(
                    f"got {len(self.mesh_of)} meshes, and a fragment is of stage {stage}",
                    where=f"pass {self.name}",
                    remedy=remedy,
                )
            func.operation.attributes[names.MESH] = i64(self.mesh_of[stage])

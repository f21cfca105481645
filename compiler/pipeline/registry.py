"""Every pass there is: ours by class, MLIR's own by name with the ops that each may run on."""

from dataclasses import dataclass

from compiler.machine.use_machine import UseMachine
from compiler.transfers.land_transfers import LandTransfers
from passes.base import Pass
from passes.fragments.assign_meshes import AssignMeshes
from passes.fragments.realize import Realize
from passes.fragments.verify_fragments import VerifyFragments
from passes.fragments.whole_program import WholeProgram
from passes.microbatch.group_statistics import GroupStatistics
from passes.microbatch.microbatch import Microbatch
from passes.microbatch.open_accumulation import OpenAccumulation
from passes.microbatch.place_rows import PlaceRows
from passes.normalize.assign_roles import AssignRoles
from passes.normalize.drop_shardings import DropShardings
from passes.normalize.fold_pads import FoldPads
from passes.normalize.fold_slices import FoldSlices
from passes.normalize.inline import Inline
from passes.normalize.keep_annotations import KeepAnnotations
from passes.normalize.normalize import Normalize
from passes.normalize.pair_rows import PairRows
from passes.normalize.remove_dead_code import RemoveDeadCode
from passes.normalize.split_stacks import SplitStacks
from passes.normalize.unroll_loops import UnrollLoops
from passes.partition.partition import Partition
from passes.partition.verify_collectives import VerifyCollectives
from passes.shardings.choose_shardings import ChooseShardings
from passes.stages.choose_stages import ChooseStages
from passes.stages.copy_views import CopyViews
from passes.stages.mark_phases import MarkPhases
from passes.stages.place import Place
from passes.stages.verify_stages import VerifyStages

# In the order of the path through the house. Register here: there is no other way.
PASSES: tuple[type[Pass], ...] = (
    Normalize,
    Inline,
    KeepAnnotations,
    DropShardings,
    PairRows,
    FoldPads,
    RemoveDeadCode,
    AssignRoles,
    GroupStatistics,
    OpenAccumulation,
    PlaceRows,
    UnrollLoops,
    SplitStacks,
    FoldSlices,
    Microbatch,
    CopyViews,
    MarkPhases,
    ChooseStages,
    Place,
    VerifyStages,
    Realize,
    WholeProgram,
    AssignMeshes,
    UseMachine,
    ChooseShardings,
    LandTransfers,
    VerifyFragments,
    VerifyCollectives,
    Partition,
)


ANCHORS = ("builtin.module", "func.func", "any")


# Native passes worth knowing, by the op they run on (tried on jaxlib 0.10.2). Others that jaxlib registers work as well.
NATIVE: dict[str, tuple[str, ...]] = {
    "builtin.module": (
        "sdy-propagation-pipeline",
        "sdy-import-pipeline",
        "sdy-export-pipeline",
        "sdy-close-shardings",
        "sdy-drop-sharding-and-mesh",
        "sdy-remove-size-one-axes",
        "stablehlo-refine-shapes",
        "symbol-dce",
    ),
    "func.func": (
        "chlo-legalize-to-stablehlo",
        "sdy-drop-sharding-rules",
        "sdy-insert-explicit-reshards",
        "sdy-populate-op-sharding-rules",
        "sdy-reshard-to-collectives",
        "stablehlo-canonicalize-dynamism",
        "stablehlo-legalize-composite-to-call",
    ),
    "any": ("canonicalize", "cse", "sccp", "strip-debuginfo", "topological-sort"),
}


@dataclass(frozen=True)
class Native:
    """One of MLIR's own passes; ``text`` holds its anchor and options: ``func.func(canonicalize{max-iterations=3})``."""

    text: str

    def spec(self) -> str:
        """The text that names it."""
        return self.text


Item = Pass | Native

"""Every pass there is: ours by class, MLIR's own by name with the ops that each may run on."""

from dataclasses import dataclass

from compiler.machine.use_machine import UseMachine
from passes.assign_roles import AssignRoles
from passes.base import Pass
from passes.choose_shardings import ChooseShardings
from passes.choose_stages import ChooseStages
from passes.copy_views import CopyViews
from passes.drop_shardings import DropShardings
from passes.fold_pads import FoldPads
from passes.fold_slices import FoldSlices
from passes.inline import Inline
from passes.keep_annotations import KeepAnnotations
from passes.mark_phases import MarkPhases
from passes.microbatch import Microbatch
from passes.normalize import Normalize
from passes.pair_rows import PairRows
from passes.partition.partition import Partition
from passes.partition.verify_collectives import VerifyCollectives
from passes.place import Place
from passes.realize import Realize
from passes.remove_dead_code import RemoveDeadCode
from passes.unroll_loops import UnrollLoops
from passes.verify_fragments import VerifyFragments
from passes.verify_stages import VerifyStages
from passes.whole_program import WholeProgram

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
    UnrollLoops,
    FoldSlices,
    Microbatch,
    CopyViews,
    MarkPhases,
    ChooseStages,
    Place,
    VerifyStages,
    Realize,
    WholeProgram,
    UseMachine,
    ChooseShardings,
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

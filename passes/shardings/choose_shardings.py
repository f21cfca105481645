"""``choose-shardings``: what every value inside a mesh is split over."""

import difflib
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.errors import fail
from passes.analysis.shardings.cases import Case, read_cases
from passes.analysis.shardings.machine_attr import read_machine
from passes.base import Pass
from passes.choosers import data, flexflow, greedy, gspmd, ilp, megatron, mesh_tensorflow, tofu, zero1, zero2, zero3
from passes.choosers.base import Chooser, SolverOptions
from passes.microbatch.microbatch import drop_rules
from passes.rules import write_rules
from passes.shardings.annotate import Annotator
from passes.solvers.costs.mesh_costs import MeshCosts
from passes.solvers.shardings.problem import ShardingSolution

# The order of docs and tables.
CHOOSERS: dict[str, Chooser] = {
    "ilp": ilp.choose,
    "data": data.choose,
    "zero1": zero1.choose,
    "zero2": zero2.choose,
    "zero3": zero3.choose,
    "megatron": megatron.choose,
    "gspmd": gspmd.choose,
    "mesh-tensorflow": mesh_tensorflow.choose,
    "tofu": tofu.choose,
    "flexflow": flexflow.choose,
    "greedy": greedy.choose,
}


@dataclass(frozen=True)
class Decision:
    """A case and its solution; ``write`` puts it into the IR."""

    case: Case
    solution: ShardingSolution

    def write(self) -> None:
        """Annotate the fragments."""
        annotator = Annotator(self.case.graph, self.solution.choice, self.case.prices.resharder)
        for func in self.case.funcs:
            annotator.run(func)


@dataclass(frozen=True, kw_only=True)
class ChooseShardings(Pass):
    """Write a sharding on every value inside a mesh, and one ``sdy.reshard`` for each collective.

    The choice is an integer linear program's or that of a rule that people know (docs/choosers.md). Reads the machine that
    ``use-machine`` wrote, and decides for the fragments of each mesh at once, since they share weights and accumulators. Why
    reshards are single collectives: docs/decisions/0007.

    Input, on a mesh x=2, y=4:
        func @stage0_forward(%x: tensor<8x16xf32>, %w: tensor<16x32xf32>) { %h = dot %x, %w  return %h }
    Output, if the rows are cheapest to split:
        func @stage0_forward(%x {sdy.sharding = <@mesh, [{"x", "y"}, {}]>}, %w {sdy.sharding = <@mesh, [{}, {}]>}) {
          %h = dot %x, %w {sdy.sharding = <[<@mesh, [{"x", "y"}, {}]>]>}  return %h }

    ``intra``: who chooses. ``mesh_of`` and ``in_flight``: per stage, its mesh and how many microbatches are alive. ``backend``: the
    solver behind python-mip, highs or cbc. ``time_limit_s``: the last resort, since work is counted.

    Raises OutOfMemory when no choice fits the devices, UserError for an unknown chooser or a module without a machine.
    """

    name: ClassVar[str] = "choose-shardings"
    intra: str = "ilp"
    mesh_of: tuple[int, ...] = ()
    in_flight: tuple[int, ...] = ()
    backend: str = "highs"
    time_limit_s: float = 600.0

    def run(self, module: ir.Module) -> None:
        costs = read_machine(module)
        if costs is None:
            fail(
                "the module names no machine",
                where=f"pass {self.name}",
                remedy="run use-machine{machine=… mesh=…} first",
            )
        decisions = self.decide(module, costs)
        self.write(module, decisions)

    def decide(self, module: ir.Module, costs: MeshCosts) -> list[Decision]:
        """A decision for each mesh, on the logical mesh of ``costs``. Raises OutOfMemory."""
        if self.intra not in CHOOSERS:
            close = difflib.get_close_matches(self.intra, CHOOSERS, 1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            fail(f"unknown chooser '{self.intra}'", where="--intra", remedy=f"{hint}there are: {', '.join(CHOOSERS)}")
        if self.backend not in ("cbc", "highs"):
            fail(f"got '{self.backend}', want cbc or highs", where=f"pass {self.name}, option 'backend'")
        write_rules(module)
        options = SolverOptions("cbc" if self.backend == "cbc" else "highs", self.time_limit_s)
        cases = read_cases(module, costs, self.mesh_of, self.in_flight)
        return [Decision(case, CHOOSERS[self.intra](case, options)) for case in cases]

    def write(self, module: ir.Module, decisions: list[Decision]) -> None:
        """Annotate every fragment."""
        for decision in decisions:
            decision.write()
        drop_rules(module)

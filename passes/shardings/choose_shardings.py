"""``choose-shardings``: what every value inside a mesh is split over."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.errors import fail
from passes.analysis.shardings.cases import Case, Cases
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
        case, prices = self.case, self.case.prices
        annotator = Annotator(case.graph, self.solution.choice, prices.resharder, case.symbol, prices.bucket_bytes)
        for func in case.funcs:
            annotator.run(func)


@dataclass(frozen=True, kw_only=True)
class ChooseShardings(Pass):
    """Write a sharding on every value inside a mesh, and one ``sdy.reshard`` for each collective.

    The choice is an integer linear program's or that of a rule that people know (docs/choosers.md). Reads what ``use-machine``
    wrote on each mesh, and decides for all fragments of a mesh at once, since they share weights and accumulators. Why
    reshards are single collectives: docs/decisions/0007.

    Input, on a mesh x=2, y=4:
        func @stage0_forward(%x: tensor<8x16xf32>, %w: tensor<16x32xf32>) { %h = dot %x, %w  return %h }
    Output, if the rows are cheapest to split:
        func @stage0_forward(%x {sdy.sharding = <@mesh, [{"x", "y"}, {}]>}, %w {sdy.sharding = <@mesh, [{}, {}]>}) {
          %h = dot %x, %w {sdy.sharding = <[<@mesh, [{"x", "y"}, {}]>]>}  return %h }

    ``intra``: who chooses. ``in_flight``: per stage, how many microbatches are alive. ``backend``: the solver behind python-mip,
    highs or cbc. ``time_limit_s``: the last resort, since work is counted. ``bucket_bytes``: collectives of one moment travel in
    one buffer of at most so many bytes on a device, and their reshards are marked ``mw.joins``; 0: each alone.

    Raises OutOfMemory when no choice fits the devices, UserError for an unknown chooser or a mesh without a machine.
    """

    name: ClassVar[str] = "choose-shardings"
    intra: str = "ilp"
    in_flight: tuple[int, ...] = ()
    backend: str = "highs"
    time_limit_s: float = 600.0
    bucket_bytes: float = 0.0

    def run(self, module: ir.Module) -> None:
        self.check()
        write_rules(module)
        cases = Cases(module, self.in_flight, self.bucket_bytes)
        write([self.decide(cases.read(mesh, self._costs(module, cases.symbol(mesh)))) for mesh in cases.meshes], module)

    def check(self) -> None:
        """Raise UserError for a chooser or a back end that there is none of."""
        if self.intra not in CHOOSERS:
            close = difflib.get_close_matches(self.intra, CHOOSERS, 1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            fail(f"unknown chooser '{self.intra}'", where="--intra", remedy=f"{hint}there are: {', '.join(CHOOSERS)}")
        if self.backend not in ("cbc", "highs"):
            fail(f"got '{self.backend}', want cbc or highs", where=f"pass {self.name}, option 'backend'")

    def decide(self, case: Case) -> Decision:
        """The decision for one mesh. Raises OutOfMemory."""
        options = SolverOptions("cbc" if self.backend == "cbc" else "highs", self.time_limit_s)
        return Decision(case, CHOOSERS[self.intra](case, options))

    def _costs(self, module: ir.Module, symbol: str) -> MeshCosts:
        costs = read_machine(module, symbol)
        if costs is None:
            remedy = "run use-machine{machine=… mesh=…} first"
            fail(f"the module names no machine for @{symbol}", where=f"pass {self.name}", remedy=remedy)
        return costs


def write(decisions: Sequence[Decision], module: ir.Module) -> None:
    """Annotate every fragment."""
    for decision in decisions:
        decision.write()
    drop_rules(module)

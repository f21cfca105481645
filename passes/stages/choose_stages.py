"""``choose-stages``: cut the forward part into pipeline stages."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import fail
from dialects.ops import body_ops, entry_block, main_func
from dialects.signature import i64, op_int, op_text
from dialects.values import BACKWARD, FORWARD, ONCE_A_STEP
from passes.analysis.stages.crossing import crossing
from passes.analysis.stages.homes import Homes
from passes.analysis.stages.work import Rates
from passes.base import Pass
from passes.solvers.stages.cut import choose_cuts

SLACK = 0.05  # a slowest stage 5 % slower is worth a cheaper cut: costs are estimates to no better than that


@dataclass(frozen=True, kw_only=True)
class ChooseStages(Pass):
    """Cut the forward part into pipeline stages of balanced time, by an exact dynamic program.

    The forward ops, in program order, are cut into contiguous intervals: ``mw.stage`` on each,
    ``mw.num_stages`` on the module. Each weighs as much as it brings: its backward, its second computation behind a checkpoint
    and its share of the update (passes/analysis/stages/homes.py). What of these is heavy gets its stage here too, everything else
    is placed around them by ``place``. This is the modest chooser: given meshes, roofline costs; the full DP over submeshes will
    write the same attribute.

    Input:
        %1 = dot_general %x, %w1 {mw.phase = "forward"}
        %2 = dot_general %1, %w2 {mw.phase = "forward"}
    Output, with ``choose-stages{stages=2}``:
        %1 = dot_general %x, %w1 {mw.phase = "forward", mw.stage = 0}
        %2 = dot_general %1, %w2 {mw.phase = "forward", mw.stage = 1}

    ``stages``: how many are wanted; there are fewer where fewer can hold work. ``cuts``: the user's own in place of the program's,
    numbers of the forward ops after which a stage ends; ``mw.cut`` on these says so. ``flops_per_s`` and ``bytes_per_s`` are those
    of one stage's mesh (their mean, where ``devices`` says that stages have different numbers of them), ``link_bytes_per_s`` and
    ``link_latency_s`` are those between two.
    """

    name: ClassVar[str] = "choose-stages"
    stages: int = 1
    cuts: tuple[int, ...] = ()
    devices: tuple[int, ...] = ()
    flops_per_s: float = 1e11
    bytes_per_s: float = 1e10
    link_bytes_per_s: float = 1e9
    link_latency_s: float = 0.0

    def run(self, module: ir.Module) -> None:
        if self.stages < 1:
            fail(f"got {self.stages} stages, want at least 1", where="--stages")
        if self.devices and (len(self.devices) != self.stages or min(self.devices) < 1):
            shown = ",".join(map(str, self.devices))
            fail(f"got devices={shown}, want {self.stages} numbers of at least 1", where=f"pass {self.name}")
        if min(self.flops_per_s, self.bytes_per_s, self.link_bytes_per_s) <= 0:
            fail("got a rate that is not positive, want numbers per second above 0", where=f"pass {self.spec()}")
        func = main_func(module)
        chain = forward_chain(body_ops(entry_block(func))[:-1])
        if self.cuts:
            num_stages = self._cut_by_hand(func, chain)
        else:
            num_stages = self._cut(module, func, chain) if self.stages > 1 else 1
        if num_stages == 1:
            for op in chain:
                op.attributes[names.STAGE] = i64(0)
        module.operation.attributes[names.NUM_STAGES] = i64(num_stages)

    def _cut(self, module: ir.Module, func: ir.OpView, chain: list[ir.Operation]) -> int:
        """Write the stages; how many there are, 1 where nothing is written."""
        if not chain:
            return 1
        homes = Homes(func, chain)
        cost_s = self._cost_s(homes, len(chain), op_int(module.operation, names.MICROBATCHES) or 1)
        if not any(cost > 0 for cost in cost_s):
            return 1
        crossing_s, latency_s = self._crossing_s(chain)
        cut = choose_cuts(cost_s, crossing_s, self.stages, SLACK, latency_s, self.speeds)
        _write(homes, chain, cut.stages(len(chain)))
        return cut.num_stages

    def _cut_by_hand(self, func: ir.OpView, chain: list[ir.Operation]) -> int:
        """Write the stages that ``cuts`` make; how many there are."""
        where = f"pass {self.name}, option 'cuts'"
        if self.stages not in (1, len(self.cuts) + 1):
            fail(f"got {self.stages} stages and {len(self.cuts)} cuts, want one cut less than stages", where=where)
        if any(after <= before for before, after in pairwise((-1, *self.cuts))) or self.cuts[-1] >= len(chain) - 1:
            shown = ",".join(map(str, self.cuts[:16]))
            fail(f"got {shown}, want ascending numbers of forward ops, of which there are {len(chain)}", where=where)
        for number in self.cuts:
            chain[number].attributes[names.CUT] = ir.UnitAttr.get()
        _write(Homes(func, chain), chain, [bisect_left(self.cuts, number) for number in range(len(chain))])
        return len(self.cuts) + 1

    @property
    def speeds(self) -> list[float]:
        """How much faster each stage is than the mean."""
        return [each * len(self.devices) / sum(self.devices) for each in self.devices] or [1.0] * self.stages

    @property
    def rates(self) -> Rates:
        """What one stage's mesh does in a second."""
        return Rates(self.flops_per_s, self.bytes_per_s)

    def _cost_s(self, homes: Homes, size: int, microbatches: int) -> list[float]:
        """Seconds a microbatch of every forward op with its backward, its second computation and its share of the update."""
        cost_s = [0.0] * size
        for op, position in homes.of.items():
            once = op_text(op, names.PHASE) in ONCE_A_STEP
            cost_s[position] += self.rates.op_s(op) / (microbatches if once else 1)
        return cost_s

    def _crossing_s(self, chain: list[ir.Operation]) -> tuple[list[float], list[float]]:
        """Seconds to move what crosses a cut after each item, and the latency of its messages.

        Latency counts where the backward answers: the stage before waits for it. Else the next microbatch is computed meanwhile.
        """
        answered = any(op_text(op, names.PHASE) == BACKWARD for op in body_ops(chain[0].block)) if chain else False
        alive = crossing(chain)
        wait_s = 2 * self.link_latency_s if answered else 0.0
        return [item.num_bytes / self.link_bytes_per_s for item in alive], [item.num_values * wait_s for item in alive]


def _write(homes: Homes, chain: Sequence[ir.Operation], stages: Sequence[int]) -> None:
    """Each forward op's stage, and that of the backward's heavy ops, which go where their forward does."""
    for op in (*chain, *homes.sure):
        op.attributes[names.STAGE] = i64(stages[homes.of[op]])


def forward_chain(ops: list[ir.Operation]) -> list[ir.Operation]:
    """The forward ops, in program order."""
    return [op for op in ops if op_text(op, names.PHASE) == FORWARD]

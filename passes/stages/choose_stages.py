"""``choose-stages``: cut the forward part into pipeline stages."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import fail
from dialects.op_sets import OpMap
from dialects.ops import CONTROL_FLOW, body_ops, describe, entry_block, main_func, num_bytes, top_level
from dialects.signature import i64, op_int, op_text
from dialects.values import FORWARD
from passes.analysis.ops.flops import flops, traffic_bytes
from passes.base import Pass
from passes.solvers.stages.cut import choose_cuts

TOO_LARGE = 1.25  # of an even share: then the loop is what makes the pipeline uneven
SLACK = 0.05  # a slowest stage 5 % slower is worth a cheaper cut: costs are estimates to no better than that


@dataclass(frozen=True, kw_only=True)
class ChooseStages(Pass):
    """Cut the forward part into pipeline stages of balanced time, by an exact dynamic program.

    The forward ops that see the batch, in program order, are cut into contiguous intervals: ``mw.stage`` on each,
    ``mw.num_stages`` on the module. Everything else is placed around them by ``place``. This is the modest chooser: equal
    meshes, roofline costs; the full DP over submeshes will write the same attribute.

    Input:
        %1 = dot_general %x, %w1 {mw.phase = "forward"}
        %2 = dot_general %1, %w2 {mw.phase = "forward"}
    Output, with ``choose-stages{stages=2}``:
        %1 = dot_general %x, %w1 {mw.phase = "forward", mw.stage = 0}
        %2 = dot_general %1, %w2 {mw.phase = "forward", mw.stage = 1}

    ``stages``: how many are wanted; there are fewer where fewer can hold work. ``flops_per_s`` and ``bytes_per_s`` are those
    of one stage's mesh, ``link_bytes_per_s`` is that between two (its latency is hidden: a microbatch travels while the next one is
    computed).
    """

    name: ClassVar[str] = "choose-stages"
    stages: int = 1
    flops_per_s: float = 1e11
    bytes_per_s: float = 1e10
    link_bytes_per_s: float = 1e9

    def run(self, module: ir.Module) -> None:
        if self.stages < 1:
            fail(f"got {self.stages} stages, want at least 1", where="--stages")
        if min(self.flops_per_s, self.bytes_per_s, self.link_bytes_per_s) <= 0:
            fail("got a rate that is not positive, want numbers per second above 0", where=f"pass {self.spec()}")
        func = main_func(module)
        ops = body_ops(entry_block(func))[:-1]
        chain = forward_chain(ops)
        cost_s = [flops(op) / self.flops_per_s + traffic_bytes(op) / self.bytes_per_s for op in chain]
        num_stages = 1
        if self.stages > 1 and any(cost > 0 for cost in cost_s):
            cut = choose_cuts(cost_s, self._crossing_s(chain), self.stages, slack=SLACK)
            num_stages = cut.num_stages
            for op, stage in zip(chain, cut.stages(len(chain)), strict=True):
                op.attributes[names.STAGE] = i64(stage)
        else:
            for op in chain:
                op.attributes[names.STAGE] = i64(0)
        module.operation.attributes[names.NUM_STAGES] = i64(num_stages)

    def _crossing_s(self, chain: list[ir.Operation]) -> list[float]:
        """Seconds to move what is alive after item p and still needed by a later forward op."""
        position = OpMap((op, i) for i, op in enumerate(chain))
        change = [0.0] * (len(chain) + 1)
        for i, op in enumerate(chain):
            for value in op.results:
                last = max((position.get(top_level(use.owner), i) for use in value.uses), default=i)
                if last > i:
                    change[i] += num_bytes(value)
                    change[last] -= num_bytes(value)
        alive, seconds = 0.0, list[float]()
        for i in range(len(chain)):
            alive += change[i]
            seconds.append(alive / self.link_bytes_per_s)
        return seconds


def forward_chain(ops: list[ir.Operation]) -> list[ir.Operation]:
    """Forward ops that see the batch; all forward ops when none says so (a program without a batch)."""
    forward = [op for op in ops if op_text(op, names.PHASE) == FORWARD]
    return [op for op in forward if names.BATCH_DIM in op.attributes] or forward


def loop_remark(module: ir.Module) -> str | None:
    """What to tell the user when one loop or branch holds more of the forward part than a stage should; None otherwise."""
    chain = forward_chain(body_ops(entry_block(main_func(module)))[:-1])
    num_stages = op_int(module.operation, names.NUM_STAGES) or 1
    total = sum(flops(op) for op in chain)
    largest = max(chain, key=flops, default=None)
    if num_stages < 2 or largest is None or largest.name not in CONTROL_FLOW or total <= 0:
        return None
    share = flops(largest) / total
    if share * num_stages < TOO_LARGE:
        return None
    return f"{describe(largest)} holds {share:.0%} of the forward part and cannot be cut: it stays on one stage"

"""Seconds of work: of one op, as the mesh of one stage would run it, and of a step. Rough, and one rule for all stages."""

from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import CONTROL_FLOW, body_ops, entry_block, main_func, num_bytes
from dialects.signature import op_int, op_text
from dialects.values import ONCE_A_STEP
from passes.analysis.ops.flops import UNKNOWN_TRIPS, flops
from passes.analysis.ops.op_costs import moved
from passes.analysis.ops.trip_count import trip_count


@dataclass(frozen=True)
class Rates:
    """What one stage's mesh does in a second."""

    flops_per_s: float
    bytes_per_s: float

    def op_s(self, op: ir.Operation) -> float:
        """One run of ``op``, split evenly over the mesh: the slower of computing and moving (roofline), loops by their trips."""
        if op.name in CONTROL_FLOW:
            bodies = [sum(map(self.op_s, body_ops(region.blocks[0])[:-1])) for region in op.regions]
            loop = op.name == "stablehlo.while"
            return (trip_count(op) or UNKNOWN_TRIPS) * sum(bodies) if loop else max(bodies, default=0.0)
        flags = moved(op)
        values = [*zip(op.operands, flags.operands, strict=True), *zip(op.results, flags.results, strict=True)]
        traffic = sum(num_bytes(value) for value, counts in values if counts)
        return max(flops(op) / self.flops_per_s, traffic / self.bytes_per_s)


def step_work(module: ir.Module, rates: Rates) -> list[tuple[ir.Operation, int, float]]:
    """Op, stage and seconds a step of all ops of @main that have a stage: what runs once per microbatch counts that often."""
    microbatches = op_int(module.operation, names.MICROBATCHES) or 1
    found: list[tuple[ir.Operation, int, float]] = []
    for op in body_ops(entry_block(main_func(module)))[:-1]:
        stage = op_int(op, names.STAGE)
        if stage is not None:
            times = 1 if op_text(op, names.PHASE) in ONCE_A_STEP else microbatches
            found.append((op, stage, times * rates.op_s(op)))
    return found

"""``place``: every op of @main gets its stage, by one linear program."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import call_target
from dialects.errors import Failure
from dialects.op_sets import OpMap
from dialects.ops import all_operands, body_ops, describe, entry_block, main_func, message_bytes
from dialects.signature import attr_dicts, i64, int_of, op_int, op_text
from dialects.values import BACKWARD, FORWARD, ONCE_A_STEP
from passes.analysis.stages.replicable import replicable_ops
from passes.base import Pass
from passes.solvers.placement.placement import Edge, Infeasible, PlacementProblem, place
from passes.solvers.placement.problem import EdgeKind

_KINDS: dict[tuple[str, str], EdgeKind] = {(FORWARD, FORWARD): "forward", (BACKWARD, BACKWARD): "backward"}


@dataclass(frozen=True, kw_only=True)
class Place(Pass):
    """Give every op that is not replicable its stage, moving the fewest bytes between stages.

    Given the stages of the forward ops that see the batch and of their products in the backward (``choose-stages``), one linear
    program places all others: forward edges never go back, backward edges never go forward, a parameter sits with its new value.
    Replicable ops get no stage: they are copied.

    Input, 4 microbatches:
        %h = dot %x, %w1   {mw.phase = "forward", mw.stage = 0}
        %dw = dot %x, %dh  {mw.phase = "backward"}             %dh: tensor<4x128xf32> of stage 1, %dw: tensor<64x128xf32>
    Output:
        %h = dot %x, %w1   {mw.phase = "forward", mw.stage = 0}
        %dw = dot %x, %dh  {mw.phase = "backward", mw.stage = 0}   next to %w1: 4 times %dh is less to send than %dw

    Raises Failure when given stages go against the order of the program.
    """

    name: ClassVar[str] = "place"

    def run(self, module: ir.Module) -> None:
        func = main_func(module)
        num_stages = op_int(module.operation, names.NUM_STAGES) or 1
        microbatches = op_int(module.operation, names.MICROBATCHES) or 1
        copied = replicable_ops(func)
        ops = [op for op in body_ops(entry_block(func))[:-1] if op not in copied]
        for op in copied:
            if names.STAGE in op.attributes:
                del op.attributes[names.STAGE]
        if num_stages == 1:
            stages = [0] * len(ops)
        else:
            stages = _solve(func, ops, num_stages, microbatches)
        for op, stage in zip(ops, stages, strict=True):
            op.attributes[names.STAGE] = i64(stage)


def _solve(func: ir.OpView, ops: list[ir.Operation], num_stages: int, microbatches: int) -> list[int]:
    """One node per op, then one per state argument that is not replicable; the stages of the ops."""
    node = OpMap((op, i) for i, op in enumerate(ops))
    block = entry_block(func)
    returned = body_ops(block)[-1].operands
    folds = [op for op in ops if call_target(op) in names.FOLDS and not isinstance(op.operands[0].owner, ir.Block)]
    ties: list[tuple[int, ...]] = [(node[op], node[op.operands[0].owner.operation]) for op in folds]
    state: dict[ir.Value, int] = {}
    for value, entry in zip(block.arguments, attr_dicts(func, "arg_attrs"), strict=True):
        result = int_of(entry, names.STATE_RESULT)
        if result is None:
            continue
        producer = returned[result].owner
        if isinstance(producer, ir.Block) or producer.operation in node:
            state[value] = len(ops) + len(state)
        if not isinstance(producer, ir.Block) and producer.operation in node:
            ties.append((state[value], node[producer.operation]))
    edges = _edges(ops, node, state, microbatches)
    fixed = {i: stage for i, op in enumerate(ops) if (stage := op_int(op, names.STAGE)) is not None}
    problem = PlacementProblem(num_stages, len(ops) + len(state), fixed, tuple(edges), tuple(ties))
    placed = place(problem)
    if isinstance(placed, Infeasible):
        where = describe(ops[placed.path[-1]]) if placed.path[-1] < len(ops) else "@main"
        raise Failure(f"the order of the program contradicts the stages that are given: {placed}", where=where)
    return list(placed.stages[: len(ops)])


def _edges(ops: list[ir.Operation], node: OpMap[int], state: dict[ir.Value, int], microbatches: int) -> list[Edge]:
    edges: list[Edge] = []
    for op in ops:
        phase = op_text(op, names.PHASE)
        for value in all_operands(op):
            if isinstance(value.owner, ir.Block):
                if value in state:
                    edges.append(Edge(state[value], node[op], message_bytes(value), "free"))
                continue
            producer = value.owner.operation
            if producer not in node:
                continue
            source = op_text(producer, names.PHASE)
            once = source in ONCE_A_STEP or call_target(producer) in names.FOLDS
            kind = "free" if once else _KINDS.get((source, phase), "free")
            size = message_bytes(value) * (1 if once else microbatches)
            edges.append(Edge(node[producer], node[op], size, kind, ir.OpResult(value).result_number))
    return edges

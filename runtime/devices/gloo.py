"""What gloo does not bear, said in other ops before XLA's CPU client compiles it.

Its reduce_scatter gives up on a peer that is silent for 30 s: that is gloo's default, and XLA passes no other time for it (33 s
from a SIGSTOP to the job's end, 2026-11-28), while its other collectives wait as long as XLA says. A rank that is stopped for a
minute, or that the machine has no time for, is no reason to end a job. So a reduce_scatter runs as the all_to_all that moves the
same bytes, and the sum of what comes, in the order of the devices. (It takes half the time, too: 54 ms for 117, 4 ranks of 16 MiB.)

The same 30 s are what the ranks of a group have to find each other when it is first used, which would be in the middle of the first
step: ``meeting`` is a program that does nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxlib.mlir import ir

Groups = tuple[tuple[int, ...], ...]  # of devices that speak with each other
COLLECTIVES = ("all_gather", "all_reduce", "all_to_all", "reduce_scatter", "collective_broadcast")


def without_reduce_scatter(module: ir.Module) -> None:
    """Rewrite each ``stablehlo.reduce_scatter`` whose body is one op, as ``partition`` writes them, in place.

    Input, in groups of 2:  %1 = reduce_scatter(%0) {scatter_dimension = 0, …} applies add : (tensor<8xf32>) -> tensor<4xf32>
    Output:                 %1 = all_to_all(%0) {split_dimension = 0, concat_dimension = 0, split_count = 2, …}
                            %4 = add (slice %1 [0:4]), (slice %1 [4:8])
    """
    from dialects.ops import all_ops

    for op in all_ops(module.operation):
        if op.name == "stablehlo.reduce_scatter" and (fold := _fold(op)) is not None:
            _rewrite(op, fold)


def _fold(op: ir.Operation) -> str | None:
    """The name of the one op that joins two numbers in the body; None if the body does more than that."""
    first, *rest = op.regions[0].blocks[0].operations
    if len(rest) != 1 or list(rest[0].operands) != list(first.results) or len(first.attributes):
        return None
    return first.operation.name if list(first.operands) == list(op.regions[0].blocks[0].arguments) else None


def _rewrite(op: ir.Operation, fold: str) -> None:
    from jaxlib.mlir import ir

    from dialects.build import i64s, make
    from dialects.ops import shape_of

    value, result = op.operands[0], op.results[0]
    dim = ir.IntegerAttr(op.attributes["scatter_dimension"]).value
    before, after = shape_of(value), shape_of(result)
    parts = before[dim] // after[dim] if after[dim] else 0
    if parts == 0:
        return
    with ir.InsertionPoint(op), op.location:
        number = ir.IntegerType.get_signless(64)
        kept = {name: op.attributes[name] for name in ("replica_groups", "channel_handle") if name in op.attributes}
        places = {name: ir.IntegerAttr.get(number, dim) for name in ("split_dimension", "concat_dimension")}
        count = {"split_count": ir.IntegerAttr.get(number, parts)}
        come = make("stablehlo.all_to_all", [value.type], [value], {**kept, **places, **count})
        joined: ir.Value | None = None
        for part in range(parts):
            starts = [part * after[dim] if d == dim else 0 for d in range(len(after))]
            limits = [start + size for start, size in zip(starts, after, strict=True)]
            box = {"start_indices": i64s(starts), "limit_indices": i64s(limits), "strides": i64s([1] * len(after))}
            piece = make("stablehlo.slice", [result.type], [come], box)
            joined = piece if joined is None else make(fold, [result.type], [joined, piece])
        if joined is not None:
            result.replace_all_uses_with(joined)
    op.erase()


def groups_of(module: ir.Module, num_devices: int) -> set[Groups]:
    """The groups in which the module's collectives speak. A collective_permute speaks among all."""
    from jaxlib.mlir import ir

    from dialects.ops import all_ops

    found: set[Groups] = set()
    for op in all_ops(module.operation):
        if op.name == "stablehlo.collective_permute":
            found.add((tuple(range(num_devices)),))
        elif op.name.removeprefix("stablehlo.") in COLLECTIVES:
            rows = ir.DenseIntElementsAttr(op.attributes["replica_groups"])
            height, width = ir.RankedTensorType(rows.type).shape
            numbers = [int(number) for number in rows]
            found.add(tuple(tuple(numbers[row * width : (row + 1) * width]) for row in range(height)))
    return found


def meeting(num_devices: int, groups: set[Groups]) -> bytes:
    """A program in which the devices of each group add up one zero: f32[1] -> f32[1] on each device."""
    rows = sorted(groups)
    sums = "".join(
        f"""    %{place + 1} = "stablehlo.all_reduce"(%{place}) <{{
      replica_groups = dense<{[list(group) for group in one]}> : tensor<{len(one)}x{len(one[0])}xi64>,
      channel_handle = #stablehlo.channel_handle<handle = {place + 1}, type = 1>, use_global_device_ids
    }}> ({{
    ^bb0(%p: tensor<f32>, %q: tensor<f32>):
      %s = stablehlo.add %p, %q : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }}) : (tensor<1xf32>) -> tensor<1xf32>
"""
        for place, one in enumerate(rows)
    )
    split, kind = '<@mesh, [{"x"}]>', f"tensor<{num_devices}xf32>"
    return f"""sdy.mesh @mesh = <["x"={num_devices}]>
func.func public @main(%x: {kind} {{sdy.sharding = #sdy.sharding{split}}}) -> ({kind} {{sdy.sharding = #sdy.sharding{split}}}) {{
  %r = sdy.manual_computation(%x) in_shardings=[{split}] out_shardings=[{split}] manual_axes={{"x"}} (%0: tensor<1xf32>) {{
{sums}    sdy.return %{len(rows)} : tensor<1xf32>
  }} : ({kind}) -> {kind}
  return %r : {kind}
}}""".encode()

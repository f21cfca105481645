"""The small StableHLO programs that calibration runs: one matmul, one copy, one collective."""

from collections.abc import Sequence

KINDS = ("all_gather", "all_reduce", "reduce_scatter", "all_to_all", "collective_permute")

_SUM = """({
      ^bb0(%p: tensor<f32>, %q: tensor<f32>):
        %s = stablehlo.add %p, %q : tensor<f32>
        stablehlo.return %s : tensor<f32>
    })"""
_CHANNEL = "channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>"


def matmul(size: int, dtype: str) -> bytes:
    """Square matrices: 2 size^3 flops."""
    kind = f"tensor<{size}x{size}x{dtype}>"
    return f"""func.func public @main(%a: {kind}, %b: {kind}) -> {kind} {{
  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : ({kind}, {kind}) -> {kind}
  return %0 : {kind}
}}""".encode()


def negate(elements: int) -> bytes:
    """Reads and writes ``elements`` f32: 8 bytes of traffic each."""
    kind = f"tensor<{elements}xf32>"
    return f"""func.func public @main(%a: {kind}) -> {kind} {{
  %0 = stablehlo.negate %a : {kind}
  return %0 : {kind}
}}""".encode()


def result_elements(kind: str, group: int, elements: int) -> int:
    """How many f32 a device has after one collective in groups of ``group`` devices that had ``elements`` each."""
    return {"all_gather": elements * group, "reduce_scatter": elements // group}.get(kind, elements)


def collective(kind: str, groups: Sequence[Sequence[int]], elements: int) -> bytes:
    """One collective of ``elements`` f32 a device, in all ``groups`` at once; argument and result are split over all devices."""
    num_devices, size = sum(len(group) for group in groups), len(groups[0])
    before, after = f"tensor<{elements}xf32>", f"tensor<{result_elements(kind, size, elements)}xf32>"
    all_before = f"tensor<{num_devices * elements}xf32>"
    all_after = f"tensor<{num_devices * result_elements(kind, size, elements)}xf32>"
    rows = f"dense<{[list(group) for group in groups]}> : tensor<{len(groups)}x{size}xi64>"
    pairs = [[group[i], group[(i + 1) % size]] for group in groups for i in range(size)]
    body = {
        "all_gather": f"<{{all_gather_dim = 0 : i64, replica_groups = {rows}, {_CHANNEL}, use_global_device_ids}}>",
        "all_reduce": f"<{{replica_groups = {rows}, {_CHANNEL}, use_global_device_ids}}> {_SUM}",
        "reduce_scatter": f"<{{scatter_dimension = 0 : i64, replica_groups = {rows}, {_CHANNEL}, use_global_device_ids}}> {_SUM}",
        "all_to_all": "<{split_dimension = 0 : i64, concat_dimension = 0 : i64, "
        f"split_count = {size} : i64, replica_groups = {rows}, {_CHANNEL}}}>",
        "collective_permute": f"<{{source_target_pairs = dense<{pairs}> : tensor<{len(pairs)}x2xi64>, {_CHANNEL}}}>",
    }[kind]
    split = '<@mesh, [{"x"}]>'
    return f"""sdy.mesh @mesh = <["x"={num_devices}]>
func.func public @main(%x: {all_before} {{sdy.sharding = #sdy.sharding{split}}})
    -> ({all_after} {{sdy.sharding = #sdy.sharding{split}}}) {{
  %0 = sdy.manual_computation(%x) in_shardings=[{split}] out_shardings=[{split}] manual_axes={{"x"}} (%a: {before}) {{
    %r = "stablehlo.{kind}"(%a) {body} : ({before}) -> {after}
    sdy.return %r : {after}
  }} : ({all_before}) -> {all_after}
  return %0 : {all_after}
}}""".encode()


def groups_of(hosts: Sequence[int], crossing: bool) -> list[list[list[int]]]:
    """Partitions of the ranks into equal groups of 2 and more, to measure one kind of link; ``hosts[r]``: the host of rank r.

    Inside hosts: neighbours, in every size that divides each host's ranks. Crossing: one rank of each host. [] if they are unequal.
    """
    members = {host: [rank for rank, at in enumerate(hosts) if at == host] for host in dict.fromkeys(hosts)}
    counts = {len(ranks) for ranks in members.values()}
    if len(counts) != 1:
        return []
    (count,) = counts
    if crossing:
        return [[list(ranks) for ranks in zip(*members.values(), strict=True)]] if len(members) > 1 else []
    return [
        [ranks[i : i + size] for ranks in members.values() for i in range(0, count, size)]
        for size in range(2, count + 1)
        if count % size == 0
    ]

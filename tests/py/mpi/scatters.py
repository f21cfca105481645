"""``mpirun -np 4 python scatters.py STOPS``: reduce_scatter in its variants against numpy; with STOPS the last rank stops itself first."""

import os
import signal
import sys

from runtime.process import supervise

watch = supervise.split()

import numpy as np  # noqa: E402

from runtime.devices.join import joined_world  # noqa: E402
from runtime.process.listening import listening  # noqa: E402
from runtime.start import run_ranks  # noqa: E402
from runtime.transport.base import Transport  # noqa: E402

FOLDS: dict[str, np.ufunc] = {
    "add": np.add,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "multiply": np.multiply,
}
GROUPS = ([[0, 1, 2, 3]], [[0, 1], [2, 3]], [[2, 0], [1, 3]], [[0], [1], [2], [3]])
TYPES = {"f32": np.float32, "i32": np.int32}


def module(fold: str, groups: list[list[int]], dim: int, kind: str) -> tuple[bytes, tuple[int, ...]]:
    """The program, and the local result's shape; every device's argument is 8 x 4."""
    after = [8, 4]
    after[dim] //= len(groups[0])
    local, result = f"tensor<8x4x{kind}>", f"tensor<{after[0]}x{after[1]}x{kind}>"
    before_all, after_all = f"tensor<32x4x{kind}>", f"tensor<{after[0] * 4}x{after[1]}x{kind}>"
    split = '<@mesh, [{"x"}, {}]>'
    text = f"""sdy.mesh @mesh = <["x"=4]>
func.func public @main(%x: {before_all} {{sdy.sharding = #sdy.sharding{split}}})
    -> ({after_all} {{sdy.sharding = #sdy.sharding{split}}}) {{
  %0 = sdy.manual_computation(%x) in_shardings=[{split}] out_shardings=[{split}] manual_axes={{"x"}} (%a: {local}) {{
    %r = "stablehlo.reduce_scatter"(%a) <{{scatter_dimension = {dim} : i64,
      replica_groups = dense<{groups}> : tensor<{len(groups)}x{len(groups[0])}xi64>,
      channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>, use_global_device_ids}}> ({{
      ^bb0(%p: tensor<{kind}>, %q: tensor<{kind}>):
        %s = stablehlo.{fold} %p, %q : tensor<{kind}>
        stablehlo.return %s : tensor<{kind}>
    }}) : ({local}) -> {result}
    sdy.return %r : {result}
  }} : ({before_all}) -> {after_all}
  return %0 : {after_all}
}}"""
    return text.encode(), tuple(after)


def argument(rank: int, dtype: type) -> np.ndarray:
    """Small whole numbers: sums and products of them are exact."""
    return np.random.default_rng(rank).integers(1, 6, (8, 4)).astype(dtype)


def work(transport: Transport) -> None:
    """Every variant, once."""
    rank = transport.rank
    cases = [(f, g, d, k) for g in GROUPS for f in FOLDS for d in (0, 1) for k in TYPES if len(g[0]) <= (8, 4)[d]]
    with (
        listening(watch, transport, [f"rank {number}" for number in range(4)]),
        joined_world(transport, transport) as world,
    ):
        loaded = []
        for case in cases:
            text, shape = module(*case)
            binary = world.compile(text) if rank == 0 else None
            loaded.append((world.load(transport.broadcast(binary)), shape, *case))
        world.meet(transport.broadcast, lambda: transport.gather_codes(0))
        if sys.argv[1:] == ["STOPS"] and rank == 3:
            os.kill(os.getpid(), signal.SIGSTOP)
        for executable, shape, fold, groups, dim, kind in loaded:
            dtype = np.dtype(TYPES[kind])
            handler = world.handler(shape, dtype)
            (buffer,) = world.run(executable, [world.put(argument(rank, dtype.type))], [handler])
            group = next(group for group in groups if rank in group)
            whole = FOLDS[fold].reduce([argument(other, dtype.type) for other in group])
            wanted = np.split(whole, len(group), axis=dim)[group.index(rank)]
            assert (world.get(buffer) == wanted).all(), (fold, groups, dim, kind)
    if rank == 0:
        print("right", len(cases), flush=True)


sys.exit(run_ranks(watch, work))

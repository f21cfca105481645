"""Claim: transfers between meshes of any layouts move the fewest bytes, at about what raw MPI takes to move as many.

python benchmarks/transfers.py [--rounds 9] [--sizes 64KiB,1MiB,16MiB]

Two meshes of up to four ranks each on this machine, eight pairs of layouts, three sizes; from buffers on the senders' devices to
buffers on the receivers', all forms in turn in each round, medians over the rounds of the slowest rank's time:
    raw     MPI alone: as many bytes as the form moves, an equal part from each rank to one other, numpy to numpy
    copied  a copy for every device that holds one, which the device copies once more: what the runtime did until 2026-12
    copies  the same into memory that the device takes as it is
    landed  each part once, then the receiving mesh's own all-gather where devices hold copies: what ``land-transfers`` can choose
Times of MPI between processes of one host: wires between hosts are slower, and then bytes are what counts.
"""

import argparse
import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from compiler.plan.records import Axis, Mesh, Placement, Recv, Send, Sharding, Value
from compiler.transfers.landing import refinements
from compiler.units import parse_bytes, show_bytes, show_s
from dialects import sharding as lay
from runtime.devices.jaxlib_api import Buffer
from runtime.devices.join import joined_world
from runtime.devices.xla import World, set_environment
from runtime.step.exchange import Exchange
from runtime.step.store import Key
from runtime.transport.base import Transport
from runtime.transport.mpi import MpiTransport, load_mpi, ranks_per_core

RANKS, TARGET = 8, 4  # the receiving mesh is ranks 4 to 7
PARTS = 12  # what every dim divides by
Axes = tuple[tuple[str, int], ...]
Pair = tuple[Axes, Sharding, Axes, Sharding]  # source mesh, how it holds the value, target mesh, how it wants it
LINE: Axes = (("x", 4),)
SQUARE: Axes = (("x", 2), ("y", 2))
PAIRS: dict[str, Pair] = {
    "rows -> rows": (LINE, (("x",), ()), LINE, (("x",), ())),
    "rows -> columns": (LINE, (("x",), ()), LINE, ((), ("x",))),
    "rows -> whole": (LINE, (("x",), ()), LINE, ((), ())),
    "whole -> rows": (LINE, ((), ()), LINE, (("x",), ())),
    "whole -> whole": (LINE, ((), ()), LINE, ((), ())),
    "blocks -> rows": (SQUARE, (("x",), ("y",)), LINE, (("x",), ())),
    "halves twice -> halves twice": (SQUARE, (("x",), ()), SQUARE, ((), ("y",))),
    "3 x rows -> whole": ((("x", 3),), (("x",), ()), LINE, ((), ())),
}


class Shards:
    """What an ``Exchange`` asks of a store: one value, one shard."""

    def __init__(self, value: Value, shape: tuple[int, ...]) -> None:
        self.values, self.shape, self.buffer = {value.id: value}, shape, cast("Buffer", None)

    def key(self, value: Value, m: int | None) -> Key:
        return value.id, m

    def shard_shape(self, _: str) -> tuple[int, ...]:
        return self.shape

    def need(self, _: Key) -> Buffer:
        return self.buffer

    def set(self, _: Key, buffer: Buffer) -> None:
        self.buffer = buffer


def exchange(
    transport: Transport, world: World, pair: Pair, side: int, *, zero_copy: bool
) -> tuple[Callable[[], Buffer], int]:
    """One transfer as this rank makes it, and the bytes that it sends."""
    source, given, target, lands = pair
    meshes = tuple(
        Mesh(f"mesh{i}", tuple(range(first, first + math.prod(n for _, n in axes))), tuple(Axis(*a) for a in axes))
        for i, (first, axes) in enumerate(((0, source), (TARGET, target)))
    )
    value = Value("v0", "step", "f32", (side, side), (Placement(0, given), Placement(1, lands)))
    mine = next((i for i, mesh in enumerate(meshes) if transport.rank in mesh.ranks), None)
    if mine is None:
        return lambda: None, 0
    shape = lay.MeshShape((source, target)[mine]).local_shape(value.shape, lay.Sharding((given, lands)[mine]))
    store = Shards(value, shape)
    plan = SimpleNamespace(
        values=(value,), meshes=meshes, microbatches=1, machine=SimpleNamespace(devices_per_host=RANKS)
    )
    seat = SimpleNamespace(mesh=mine, device=meshes[mine].ranks.index(transport.rank))
    devices: Any = world if zero_copy else SimpleNamespace(get=world.get, put_owned=world.put)
    made = Exchange(cast("Any", plan), cast("Any", seat), devices, cast("Any", store), transport)
    if mine == 0:
        store.buffer = world.put(np.ones(shape, np.float32))
        send = made.send([Send("v0", 1)])
        send()
        sent, made.sent_bytes = made.sent_bytes, 0
        return lambda: cast("Buffer", send()), sent
    receive = made.receive([Recv("v0", 0)])

    def take() -> Buffer:
        made.begin()
        receive()
        return store.buffer

    take()
    return take, 0


def raw(transport: Transport, num_bytes: int) -> Callable[[], Buffer]:
    """A quarter of the bytes from each rank of the first four to one of the others."""
    array = np.ones(num_bytes // 4, np.uint8)
    if transport.rank < TARGET:
        return lambda: cast("Buffer", transport.send(array, transport.rank + TARGET, 1))
    return lambda: cast("Buffer", transport.receive_into(array, transport.rank - TARGET, 1).wait())


def spread(
    world: World, axes: Axes, shape: tuple[int, int], lands: Sharding, wanted: Sharding
) -> Callable[[Buffer], Buffer]:
    """The receiving mesh's own gathers, as ``partition`` writes them."""
    from jaxlib.mlir import ir

    from dialects.context import make_context
    from passes.partition.partition import Partition

    begin, text = lay.Sharding(lands), f"tensor<{shape[0]}x{shape[1]}xf32>"
    steps: list[str] = []
    dims = list(lands)
    for dim, kept in enumerate(wanted):
        if dims[dim] != kept:
            dims[dim] = kept
            steps.append(f"%{len(steps)} = sdy.reshard %{len(steps) - 1 if steps else 'arg0'} "
                         f"<@mesh, {lay.Sharding(tuple(dims)).text()}> : {text}")  # fmt: skip
    mesh = ", ".join(f'"{name}"={count}' for name, count in axes)
    ports = [f"{{sdy.sharding = #sdy.sharding<@mesh, {each.text()}>}}" for each in (begin, lay.Sharding(wanted))]
    body = "\n".join(steps)
    source = (
        f"sdy.mesh @mesh = <[{mesh}]>\nfunc.func @main(%arg0: {text} {ports[0]}) -> ({text} {ports[1]}) {{\n"
        f"{body}\nreturn %{len(steps) - 1} : {text}\n}}"
    )
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(source)
        Partition().run(module)
        program = str(module).encode()
    executable = world.load(world.compile(program))
    local = lay.MeshShape(axes).local_shape(shape, lay.Sharding(wanted))
    handler = world.handler(local, np.dtype(np.float32))
    return lambda buffer: world.run(executable, [buffer], [handler])[0]


def forms(transport: Transport, world: World, pair: Pair, side: int) -> dict[str, tuple[Callable[[], Buffer], int]]:
    """Every form of one transfer with the bytes that this rank sends in it."""
    source, given, target, wanted = pair
    shape = (side, side)
    finest = list(refinements(lay.Sharding(wanted), shape, lay.MeshShape(target)))
    lands = max(finest, key=lambda each: len(each.axes)).dims
    first, sent = exchange(transport, world, (source, given, target, lands), side, zero_copy=True)
    gather = spread(world, target, shape, lands, wanted) if transport.rank >= TARGET and lands != wanted else None
    return {
        "copied": exchange(transport, world, pair, side, zero_copy=False),
        "copies": exchange(transport, world, pair, side, zero_copy=True),
        "landed": ((lambda: gather(first())) if gather else first, sent),
    }


def timed(transport: Transport, action: Callable[[], Buffer], world: World) -> float:
    """Seconds of the slowest rank."""
    transport.gather_codes(0)
    began = time.perf_counter()
    buffer = action()
    if buffer is not None and not isinstance(buffer, np.ndarray):
        world.get(buffer)
    transport.flush()
    return max(transport.gather_codes(int((time.perf_counter() - began) * 1e9))) / 1e9


def work(transport: Transport, rounds: int, sizes: list[int]) -> None:
    """All pairs on this rank; rank 0 prints."""
    mesh = transport.split(int(transport.rank >= TARGET), transport.rank)
    with joined_world(mesh, transport) as world:
        if transport.rank == 0:
            print(f"{'layouts':<30}{'size':>9}{'form':>8}{'sent':>9}{'copies':>7}{'median':>9}{'raw':>9}{'ratio':>7}")
        for size in sizes:
            side = PARTS * max(1, math.isqrt(size // 4) // PARTS)
            for name, pair in PAIRS.items():
                made = forms(transport, world, pair, side)
                world.meet(mesh.broadcast, lambda: mesh.gather_codes(0))
                sent = {form: sum(transport.gather_codes(num_bytes)) for form, (_, num_bytes) in made.items()}
                raws = {total: raw(transport, total) for total in sorted({*sent.values()})}
                actions: dict[str | int, Callable[[], Buffer]] = {**raws, **{form: made[form][0] for form in made}}
                times: dict[str | int, list[float]] = {form: [] for form in actions}
                for number in range(rounds + 1):
                    for form, action in actions.items():
                        seconds = timed(transport, action, world)
                        if number:  # the first one warms up
                            times[form].append(seconds)
                for form, total in sent.items():
                    middle, base = median(times[form]), median(times[total])
                    if transport.rank == 0:
                        print(
                            f"{name:<30}{show_bytes(4 * side * side):>9}{form:>8}{show_bytes(total):>9}"
                            f"{total / (4 * side * side):>7.2f}{show_s(middle):>9}{show_s(base):>9}{middle / base:>7.2f}",
                            flush=True,
                        )


def main() -> None:
    """Start the ranks, or be one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--sizes", default="64KiB,1MiB,16MiB")
    parser.add_argument("--rank", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not given.rank:
        mpirun = Path(sys.executable).with_name("mpirun")
        command = [str(mpirun), "-np", str(RANKS), sys.executable, __file__, "--rank", *sys.argv[1:]]
        sys.exit(subprocess.run(command, check=False).returncode)
    oversubscribed = ranks_per_core(RANKS)
    set_environment(int(1 / oversubscribed))
    mpi = load_mpi(one_host=True)
    transport = MpiTransport(mpi, mpi.COMM_WORLD, oversubscribed)
    work(transport, given.rounds, [int(parse_bytes(size)) for size in given.sizes.split(",")])


if __name__ == "__main__":
    main()

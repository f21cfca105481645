"""``land-transfers``: what another mesh sends arrives once, and is spread by the mesh that reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from jaxlib.mlir import ir

from compiler.machine.description import Machine
from compiler.machine.files import load_machine_for
from compiler.machine.meshes import mesh_costs
from compiler.plan.decisions import CollectiveRecord, LandingRecord
from compiler.plan.pieces import pieces
from compiler.plan.price import shorter
from compiler.plan.records import Axis, Mesh
from compiler.plan.sizes import element_message_bytes
from compiler.transfers.arrivals import Arrival, Reading, arrivals, mesh_number
from compiler.transfers.landing import Landing, choose_landing, start_of
from compiler.transfers.wires import transfer
from dialects import attributes as names
from dialects.errors import fail
from dialects.ops import body_ops, element_type, entry_block, op_key, shape_of
from dialects.sdy_attrs import ONLY, SHARDING, op_shardings, read_mesh, sharding_attr, symbol_of
from dialects.sharding import MeshShape, Sharding
from dialects.signature import attr_dicts, fragment_funcs, op_int, set_attr_dicts
from passes.analysis.ops.wire import moved_bytes, sum_bytes
from passes.base import Pass
from passes.shardings.annotate import reshard
from passes.solvers.costs.mesh_costs import MeshCosts
from passes.solvers.costs.reshard import Resharder, Step


@dataclass(frozen=True, kw_only=True)
class LandTransfers(Pass):
    """A value of another mesh that several devices want whole is sent to them in parts, and gathered where it is read, if cheaper.

    Without it every device that holds a copy is sent one over the wire between the meshes. The choice is by the machine's links,
    wire and collectives together (docs/decisions/0012-least-transfers.md); copies are left where they are cheaper, or where no
    axis divides a dim. Results of the step keep the sharding of what they become.

    Input, on two meshes x=2 of two hosts:
        func @stage0_forward(…) -> (tensor<8x4xf32> {mw.value = "v0", sdy.sharding = <@mesh, [{"x"}, {}]>})
        func @stage1_forward(%h: tensor<8x4xf32> {mw.value = "v0", sdy.sharding = <@mesh, [{}, {}]>}) { %y = f(%h) }
    Output, if a message between hosts is slow:
        func @stage1_forward(%h: tensor<8x4xf32> {mw.value = "v0", sdy.sharding = <@mesh, [{"x"}, {}]>}) {
          %0 = sdy.reshard %h <@mesh, [{}, {}]>  %y = f(%0) }

    ``machine``: a known name or a file. ``devices_per_host``: default: a host a mesh where these are equal, else one host. Meshes
    (of ``assign-meshes``; else each stage has its own) take the machine's devices in order.

    Raises UserError for an unknown machine, or a module without a mesh.
    """

    name: ClassVar[str] = "land-transfers"
    machine: str = "local-cpu"
    devices_per_host: int | None = None

    def run(self, module: ir.Module) -> None:
        shapes = self._shapes(module)
        widths = [shape.num_devices for shape in shapes]
        usual = widths[0] if len(set(widths)) == 1 else sum(widths)
        per_host = usual if self.devices_per_host is None else self.devices_per_host
        if per_host < 1:
            fail(f"got devices-per-host={per_host}, want at least 1", where=f"pass {self.name}")
        machine = load_machine_for(sum(widths), self.machine, per_host, None)
        ranks = [tuple(range(sum(widths[:i]), sum(widths[: i + 1]))) for i in range(len(widths))]
        meshes = [
            Mesh(f"mesh{i}", own, tuple(Axis(name, size) for name, size in shape.axes))
            for i, (own, shape) in enumerate(zip(ranks, shapes, strict=True))
        ]
        costs = {i: mesh_costs(machine, shape, ranks[i]) for i, shape in enumerate(shapes)}
        land(module, machine, meshes, costs)

    def _shapes(self, module: ir.Module) -> list[MeshShape]:
        symbols = {mesh_number(func): symbol_of(func) for func in fragment_funcs(module)}
        last = max(symbols, default=0)
        shapes = [read_mesh(module, symbols.get(number, ONLY)) for number in range(last + 1)]
        known = [shape for shape in shapes if shape is not None]
        if len(known) < len(shapes):
            fail("the module has no mesh", where=f"pass {self.name}", remedy="run use-machine{machine=… mesh=…} first")
        return known


def land(
    module: ir.Module, machine: Machine, meshes: Sequence[Mesh], costs: Mapping[int, MeshCosts]
) -> dict[int, list[LandingRecord]]:
    """Write the landings into a module with shardings: mesh -> those on it. ``costs[i]`` is of ``meshes[i]``."""
    microbatches = op_int(module.operation, names.MICROBATCHES) or 1
    known = {number: Resharder(each) for number, each in costs.items()}
    found: dict[int, list[LandingRecord]] = {}
    for arrival in arrivals(module, microbatches):
        prices = _Prices(arrival, machine, meshes, known[arrival.target])
        landing = choose_landing(
            arrival.wanted,
            prices.shape,
            costs[arrival.target].mesh,
            [reading.reader for reading in arrival.readings],
            prices.wire_s,
            prices.path,
        )
        if landing.sharding != arrival.wanted:
            found.setdefault(arrival.target, []).append(_write(arrival, landing, prices))
    return found


class _Prices:
    """What one arrival costs in each sharding, and how it is resharded; each asked once."""

    def __init__(self, arrival: Arrival, machine: Machine, meshes: Sequence[Mesh], resharder: Resharder) -> None:
        value = arrival.readings[0].value
        element = element_type(value)
        self.shape, source, target = shape_of(value), meshes[arrival.source], meshes[arrival.target]

        @cache
        def wire_s(lands: Sharding) -> float:
            ends = (source, arrival.given.dims), (target, lands.dims)
            moves = pieces(self.shape, *ends, machine.devices_per_host or 1)
            each = transfer(machine, source.ranks, target.ranks, moves, element_message_bytes(str(element)))
            return arrival.times * each.seconds

        @cache
        def path(begin: Sharding, end: Sharding) -> tuple[Step, ...] | None:
            if begin == end:
                return ()
            return resharder.path(self.shape, moved_bytes(element), begin, end, sum_bytes(element))

        self.wire_s, self.path = wire_s, path

    def steps(self, begin: Sharding, end: Sharding) -> tuple[Step, ...]:
        """A path that was chosen, so there is one."""
        found = self.path(begin, end)
        assert found is not None, "an infinite reshard was chosen"
        return found


def _write(arrival: Arrival, landing: Landing, prices: _Prices) -> LandingRecord:
    made: list[tuple[Step, float]] = []
    gone: list[tuple[Step, float]] = []
    for reading in arrival.readings:
        entries = attr_dicts(reading.func, "arg_attrs")
        entries[reading.position][SHARDING] = sharding_attr(landing.sharding, symbol_of(reading.func))
        set_attr_dicts(reading.func, "arg_attrs", entries)
        for old, new in _rewrite(reading, arrival.wanted, landing.sharding, prices):
            gone += [(step, reading.runs) for step in old]
            made += [(step, reading.runs) for step in new]
    return LandingRecord(
        arrival.value, arrival.wanted.dims, landing.sharding.dims, _records(made), _records(gone),
        shorter(landing.direct_s - landing.seconds),
    )  # fmt: skip


def _rewrite(
    reading: Reading, wanted: Sharding, lands: Sharding, prices: _Prices
) -> list[tuple[tuple[Step, ...], tuple[Step, ...]]]:
    """Make one fragment read the value as it arrives; (reshards before, reshards now) of each place that changes."""
    value, block, symbol = reading.value, entry_block(reading.func), symbol_of(reading.func)
    ends = [(op, op_shardings(op)[0]) for op in reading.reshards]
    own = [(op, end) for op, end in ends if start_of(lands, wanted, end, reading.reader, prices.path) == lands]
    taken = {op_key(op) for op, _ in own}
    users = [(use.owner.operation, use.operand_number) for use in value.uses]
    changed: list[tuple[tuple[Step, ...], tuple[Step, ...]]] = []
    if rest := [(user, number) for user, number in users if op_key(user) not in taken]:
        readers = {op_key(_in_block(user, block)) for user, _ in rest}
        first = next(op for op in body_ops(block) if op_key(op) in readers)
        steps = prices.steps(lands, wanted)
        with ir.InsertionPoint(first), first.location:
            whole = _chain(value, steps, symbol)
        for user, number in rest:
            user.operands[number] = whole
        changed.append(((), steps))
    for op, end in own:
        steps = prices.steps(lands, end)
        with ir.InsertionPoint(op), op.location:
            op.results[0].replace_all_uses_with(_chain(value, steps, symbol))
        op.erase()
        changed.append((prices.steps(wanted, end), steps))
    return changed


def _in_block(op: ir.Operation, block: ir.Block) -> ir.Operation:
    """The op of ``block`` in which ``op`` lies."""
    while op.block != block:
        parent = op.parent
        assert parent is not None
        op = parent.operation
    return op


def _chain(value: ir.Value, steps: Sequence[Step], symbol: str) -> ir.Value:
    for step in steps:
        value = reshard(value, step.after, symbol)
    return value


def _records(steps: Sequence[tuple[Step, float]]) -> tuple[CollectiveRecord, ...]:
    """Equal collectives counted together, in the order of their first."""
    times: dict[tuple[str, tuple[str, ...], float], tuple[float, float]] = {}
    for step, runs in steps:
        key = step.kind, step.axes, step.num_bytes
        before = times.get(key, (0.0, 0.0))
        times[key] = before[0] + runs, before[1] + runs * step.seconds
    return tuple(CollectiveRecord(*key, count, shorter(seconds)) for key, (count, seconds) in times.items())

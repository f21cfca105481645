"""What arrives on each mesh of a module with shardings: values that another mesh makes, with the fragments that read them."""

from dataclasses import dataclass, field

from jaxlib.mlir import ir

from compiler.transfers.landing import Reader
from dialects import attributes as names
from dialects.ops import body_ops, entry_block, main_func, op_key
from dialects.sdy_attrs import SHARDING, op_shardings, read_sharding
from dialects.sharding import Sharding
from dialects.signature import attr_dicts, fragment_funcs, op_int, op_text, text_of
from dialects.values import PER_MICROBATCH


@dataclass(frozen=True)
class Reading:
    """One fragment's argument ``position``: read as it is by ``whole``, and by ``reshards`` of its own block."""

    func: ir.OpView
    position: int
    runs: float
    whole: bool
    reshards: tuple[ir.Operation, ...]

    @property
    def value(self) -> ir.Value:
        """The block argument."""
        return entry_block(self.func).arguments[self.position]

    @property
    def reader(self) -> Reader:
        """For the choice."""
        return Reader(self.runs, self.whole, tuple(op_shardings(op)[0] for op in self.reshards))


@dataclass
class Arrival:
    """A value that mesh ``source`` sends to mesh ``target``, ``times`` a step: how it lies there and is wanted here."""

    value: str
    source: int
    target: int
    given: Sharding
    wanted: Sharding
    times: int
    readings: list[Reading] = field(default_factory=list[Reading])


def arrivals(module: ir.Module, microbatches: int) -> list[Arrival]:
    """In the order of first readers. Results of the step are left out: what they become says how they lie."""
    closed = {text_of(entry, names.VALUE) for entry in attr_dicts(main_func(module), "res_attrs")}
    makers: dict[str, dict[int, tuple[Sharding, bool]]] = {}
    for func in fragment_funcs(module):
        for entry in attr_dicts(func, "res_attrs"):
            if SHARDING in entry:
                made = read_sharding(entry[SHARDING]), _each(func)
                makers.setdefault(text_of(entry, names.VALUE), {})[mesh_number(func)] = made
    found: dict[tuple[str, int], Arrival] = {}
    for func in fragment_funcs(module):
        target = mesh_number(func)
        for position, entry in enumerate(attr_dicts(func, "arg_attrs")):
            value = text_of(entry, names.VALUE)
            by = makers.get(value, {})
            if not by or target in by or value in closed or SHARDING not in entry:
                continue
            source = min(by)  # as compiler.emit.instructions: the first of those that make it sends it
            given, each = by[source]
            times = microbatches if each else 1
            new = Arrival(value, source, target, given, read_sharding(entry[SHARDING]), times)
            arrival = found.setdefault((value, target), new)
            arrival.readings.append(_reading(func, position, microbatches if _each(func) else 1))
    return list(found.values())


def _reading(func: ir.OpView, position: int, runs: float) -> Reading:
    value = entry_block(func).arguments[position]
    own = {op_key(op) for op in body_ops(entry_block(func))}
    users = [use.owner.operation for use in value.uses]
    reshards = [op for op in users if op.name == "sdy.reshard" and op_key(op) in own]
    return Reading(func, position, runs, len(reshards) < len(users), tuple(reshards))


def mesh_number(func: ir.OpView) -> int:
    """The mesh that runs a fragment: its stage's own where nothing is said."""
    number = op_int(func.operation, names.MESH)
    return (op_int(func.operation, names.STAGE) or 0) if number is None else number


def _each(func: ir.OpView) -> bool:
    return op_text(func.operation, names.PHASE) in PER_MICROBATCH

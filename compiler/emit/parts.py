"""The fragments of a partitioned module as parts: what each reads and gives, and how it lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir

from compiler.machine.layout import Layout
from compiler.plan.records import (
    Fragment,
    Phase,
    Sharding,
)
from dialects import attributes as names
from dialects.ops import body_ops, entry_block, shape_of
from dialects.sdy_attrs import SHARDING, read_sharding
from dialects.signature import attr_dicts, fragment_funcs, op_int, op_text, text_of
from dialects.values import PHASES
from passes.analysis.memory.liveness import CPU, Compiler, peak_temp_bytes
from passes.analysis.ops.flops import flops

_PHASE_OF: dict[str, Phase] = {phase: phase for phase in PHASES}


@dataclass(frozen=True)
class Port:
    """One argument or result of a fragment."""

    value: str
    dtype: str
    shape: tuple[int, ...]
    sharding: Sharding


@dataclass(frozen=True)
class Part:
    """One fragment as found in the module, before scheduling."""

    name: str
    stage: int
    phase: Phase
    level: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    flops: float
    func: ir.OpView

    @property
    def block(self) -> ir.Block:
        """The ops that one device runs: the body of the manual computation where the mesh has more than one."""
        return local_block(self.func)


def local_block(func: ir.OpView) -> ir.Block:
    """The block with a device's own program: inside the one ``sdy.manual_computation`` of a partitioned function."""
    block = entry_block(func)
    inner = [op for op in body_ops(block) if op.name == "sdy.manual_computation"]
    return inner[0].regions[0].blocks[0] if inner else block


def read_parts(module: ir.Module, layout: Layout) -> list[Part]:
    """Every fragment function of a partitioned module, in module order; all devices of its mesh run it."""
    parts: list[Part] = []
    for func in fragment_funcs(module):
        op = func.operation
        block = entry_block(func)
        terminator = body_ops(block)[-1]
        stage = op_int(op, names.STAGE) or 0
        devices = len(layout.meshes[layout.mesh_of[stage]].ranks)
        each = devices if local_block(func) != block else 1
        phase = _PHASE_OF[op_text(op, names.PHASE)]
        parts.append(
            Part(
                name=ir.StringAttr(op.attributes["sym_name"]).value,
                stage=stage,
                phase=phase,
                level=op_int(op, names.LEVEL) or 0,
                inputs=_ports(list(block.arguments), attr_dicts(func, "arg_attrs")),
                outputs=_ports(list(terminator.operands), attr_dicts(func, "res_attrs")),
                flops=each * sum(flops(inner) for inner in body_ops(local_block(func))[:-1]),
                func=func,
            )
        )
    return parts


def _ports(values: Sequence[ir.Value], entries: Sequence[Mapping[str, ir.Attribute]]) -> tuple[Port, ...]:
    return tuple(
        Port(text_of(entry, names.VALUE), dtype_of(value), shape_of(value), _sharding(entry))
        for value, entry in zip(values, entries, strict=True)
    )


def dtype_of(value: ir.Value) -> str:
    """The MLIR element type of a tensor value, as text."""
    return str(ir.RankedTensorType(value.type).element_type)


def _sharding(entry: Mapping[str, ir.Attribute]) -> Sharding:
    return read_sharding(entry[SHARDING]).dims


def fragment_of(part: Part, layout: Layout, donated: tuple[int, ...] = (), compiler: Compiler = CPU) -> Fragment:
    """The plan's record of a part, its temporaries as ``compiler`` lays them out."""
    mesh = layout.mesh_of[part.stage]
    return Fragment(
        name=part.name,
        stage=part.stage,
        phase=part.phase,
        mesh=mesh,
        file=f"stages/{part.name}.mlir",
        inputs=tuple(port.value for port in part.inputs),
        outputs=tuple(port.value for port in part.outputs),
        donated=donated,
        flops=part.flops,
        temp_bytes=peak_temp_bytes(part.block, compiler),
    )

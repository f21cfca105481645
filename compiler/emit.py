"""EMIT: the realized module as fragments, values, arguments and results of a plan, and the text of each stage module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import sdy

from compiler.layout import Layout
from compiler.plan.records import (
    Argument,
    ArgumentRole,
    Fragment,
    Phase,
    Placement,
    Result,
    ResultRole,
    Sharding,
    Value,
    ValueKind,
)
from dialects import attributes as names
from dialects.ops import all_ops, body_ops, entry_block, main_func, shape_of
from dialects.signature import attr_dicts, int_of, op_int, op_text, text_of
from passes.analysis.flops import flops
from passes.analysis.liveness import CPU, Compiler, peak_temp_bytes

PHASES: dict[str, Phase] = {phase: phase for phase in get_args(Phase)}
ARGUMENT_ROLES: dict[str, ArgumentRole] = {role: role for role in get_args(ArgumentRole)}
RESULT_ROLES: dict[str, ResultRole] = {role: role for role in get_args(ResultRole)}


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


def read_parts(module: ir.Module, devices: int) -> list[Part]:
    """Every fragment function of a partitioned module, in module order; ``devices`` of a mesh each run it."""
    parts: list[Part] = []
    for func in module.body.operations:
        op = func.operation
        if op.name != "func.func" or names.PHASE not in op.attributes:
            continue
        block = entry_block(func)
        terminator = body_ops(block)[-1]
        each = devices if local_block(func) != block else 1
        phase = PHASES[op_text(op, names.PHASE)]
        parts.append(
            Part(
                name=ir.StringAttr(op.attributes["sym_name"]).value,
                stage=op_int(op, names.STAGE) or 0,
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
    sharding = sdy.TensorShardingAttr(entry["sdy.sharding"])
    dims = [sdy.DimensionShardingAttr(dim) for dim in sharding.dimension_shardings]
    return tuple(tuple(sdy.AxisRefAttr(axis).name for axis in dim.axes) for dim in dims)


def make_values(
    parts: Sequence[Part],
    mesh_of: Sequence[int],
    arguments: Sequence[Argument],
    extra: Mapping[str, set[int]],
    becomes: Mapping[str, str],
) -> tuple[Value, ...]:
    """Every value that a fragment reads or gives, and where; ``extra``: value id -> more meshes that must hold it.

    ``becomes``: the state that a value is the next value of; where both are, they lie alike, read or not.
    The mesh that makes a value comes first: the others may have freed it at the end of the step.
    """
    ports: dict[str, Port] = {}
    meshes: dict[str, dict[int, Sharding]] = {}
    makers: dict[str, set[int]] = {}
    phase: dict[str, Phase] = {}
    for part in parts:
        for port in (*part.inputs, *part.outputs):
            ports.setdefault(port.value, port)
            meshes.setdefault(port.value, {})[mesh_of[part.stage]] = port.sharding
        for port in part.outputs:
            phase.setdefault(port.value, part.phase)
            makers.setdefault(port.value, set()).add(mesh_of[part.stage])
    for argument in arguments:
        value = f"arg{argument.index}"
        whole = Port(value, argument.dtype, argument.shape, tuple(() for _ in argument.shape))
        if value in extra:
            ports.setdefault(value, whole)
    alike = {**becomes, **{state: value for value, state in becomes.items()}}
    for value, more in sorted(extra.items(), key=lambda item: not item[0].startswith("arg")):  # states come first
        for mesh in sorted(more):
            held = meshes.setdefault(value, {})
            other = meshes.get(alike.get(value, ""), {})
            held.setdefault(mesh, other.get(mesh, next(iter(held.values()), ports[value].sharding)))
    return tuple(
        Value(
            id=value,
            kind=_kind(value, phase.get(value)),
            dtype=ports[value].dtype,
            shape=ports[value].shape,
            placements=tuple(
                Placement(mesh, meshes[value][mesh])
                for mesh in sorted(meshes[value], key=lambda mesh: (mesh not in makers.get(value, ()), mesh))
            ),
            argument=_argument(value),
        )
        for value in sorted(meshes, key=_natural)
    )


def _natural(value: str) -> tuple[str, int]:
    stem = value.rstrip("0123456789")
    return stem, int(value[len(stem) :] or 0)


def _kind(value: str, phase: Phase | None) -> ValueKind:
    stem = _natural(value)[0]
    if stem == "arg":
        return "argument"
    if stem == "batch":
        return "batch"
    if stem == "index":
        return "index"
    return "step" if stem == "acc" or phase in ("setup", "update") else "microbatch"


def _argument(value: str) -> int | None:
    stem, number = _natural(value)
    return number if stem in ("arg", "batch") else None


def make_arguments(module: ir.Module, bounds: Mapping[int, int]) -> tuple[Argument, ...]:
    """The user's arguments; call it before ``microbatch``, while types are the user's."""
    func = main_func(module)
    arguments: list[Argument] = []
    for i, (value, entry) in enumerate(zip(entry_block(func).arguments, attr_dicts(func, "arg_attrs"), strict=True)):
        index = int_of(entry, names.INDEX)
        arguments.append(
            Argument(
                index=i if index is None else index,
                name=text_of(entry, names.NAME),
                dtype=dtype_of(value),
                shape=shape_of(value),
                role=ARGUMENT_ROLES[text_of(entry, names.ROLE)],
                state_result=int_of(entry, names.STATE_RESULT),
                exclusive_bound=bounds.get(i),
            )
        )
    return tuple(arguments)


def make_results(module: ir.Module) -> tuple[Result, ...]:
    """The user's results with the value that holds each; call it on a realized module."""
    func = main_func(module)
    terminator = body_ops(entry_block(func))[-1]
    results: list[Result] = []
    for i, (value, entry) in enumerate(zip(terminator.operands, attr_dicts(func, "res_attrs"), strict=True)):
        role = RESULT_ROLES[text_of(entry, names.ROLE)]
        results.append(
            Result(
                i,
                text_of(entry, names.NAME),
                dtype_of(value),
                shape_of(value),
                role,
                text_of(entry, names.VALUE),
                int_of(entry, names.STATE_ARG),
            )
        )
    return tuple(results)


def stage_text(part: Part, mesh: str, aliases: Mapping[int, int]) -> str:
    """The StableHLO text of one fragment with @main, ``sdy.sharding`` on its ports, and ``aliases``: input -> output donated to."""
    func: ir.OpView = part.func.operation.clone()  # type: ignore[assignment]  # the stub says Operation, it is a FuncOp
    holder = ir.Module.create(ir.Location.unknown())
    holder.body.append(ir.Operation.parse(mesh))
    holder.body.append(func)
    op = func.operation
    op.attributes["sym_name"] = ir.StringAttr.get("main")
    op.attributes["sym_visibility"] = ir.StringAttr.get("public")
    _strip(op)
    for which in ("arg_attrs", "res_attrs"):
        entries = [{"sdy.sharding": entry["sdy.sharding"]} for entry in attr_dicts(func, which)]
        if which == "arg_attrs":
            for position, output in aliases.items():
                entries[position]["tf.aliasing_output"] = ir.IntegerAttr.get(ir.IntegerType.get_signless(32), output)
        op.attributes[which] = ir.ArrayAttr.get([ir.DictAttr.get(entry) for entry in entries])
    holder.operation.attributes["sym_name"] = ir.StringAttr.get(part.name)
    return f"// inputs:  {' '.join(p.value for p in part.inputs)}\n// outputs: {' '.join(p.value for p in part.outputs)}\n{holder}"


def _strip(root: ir.Operation) -> None:
    for op in all_ops(root):
        for key in [str(name) for name in op.attributes]:
            if key.startswith("mw."):
                del op.attributes[key]


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


def program_text(module: ir.Module) -> str:
    """The user's whole program as text, constants in full: what ``--verify`` runs on one device."""
    return str(module.operation.get_asm(enable_debug_info=False))

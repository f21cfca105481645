"""Every value of a plan: its kind, its type, and how each mesh that has it holds it."""

from collections.abc import Sequence

from compiler.emit.parts import Part, Port
from compiler.machine.layout import Layout
from compiler.plan.records import (
    Argument,
    Phase,
    Placement,
    Result,
    Sharding,
    Value,
    ValueKind,
)
from dialects.values import ONCE_A_STEP, arg_id, argument_of, batch_id, kind_of, natural_key


def make_values(
    parts: Sequence[Part], layout: Layout, arguments: Sequence[Argument], results: Sequence[Result]
) -> tuple[Value, ...]:
    """Every value that a fragment reads or gives or that a mesh must hold, and where.

    A state and its next value lie alike where both are, read or not.
    The mesh that makes a value comes first: the others may have freed it at the end of the step.
    """
    mesh_of, extra = layout.mesh_of, _meshes_besides(parts, results, arguments, layout)
    becomes = {r.value: arg_id(arguments[r.state_arg].index) for r in results if r.state_arg is not None}
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
        # with one microbatch, a batch that is returned as it came is a value of all its rows, which no fragment reads
        for value in (arg_id(argument.index), batch_id(argument.index)):
            if value in extra:
                whole = Port(value, argument.dtype, argument.shape, tuple(() for _ in argument.shape))
                ports.setdefault(value, whole)
    alike = {**becomes, **{state: value for value, state in becomes.items()}}
    for value, more in sorted(extra.items(), key=lambda item: kind_of(item[0]) != "arg"):  # states come first
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
            argument=argument_of(value),
        )
        for value in sorted(meshes, key=natural_key)
    )


def _kind(value: str, phase: Phase | None) -> ValueKind:
    kind = kind_of(value)
    if kind == "arg":
        return "argument"
    if kind in ("batch", "index"):
        return kind
    return "step" if kind == "acc" or phase in ONCE_A_STEP else "microbatch"


def _meshes_besides(
    parts: Sequence[Part], results: Sequence[Result], arguments: Sequence[Argument], layout: Layout
) -> dict[str, set[int]]:
    """Meshes that must hold a value besides those that use it: state where it lives, and results nobody else holds."""
    users: dict[str, set[int]] = {}
    for part in parts:
        for port in (*part.inputs, *part.outputs):
            users.setdefault(port.value, set()).add(layout.mesh_of[part.stage])
    extra: dict[str, set[int]] = {}
    for result in results:
        holders = users.get(result.value, set()) or {0}
        extra.setdefault(result.value, set()).update(holders)
        if result.state_arg is None:
            continue
        state = arg_id(arguments[result.state_arg].index)
        homes = users.get(state, set()) or {min(holders)}
        extra.setdefault(state, set()).update(homes)
        extra[result.value] |= homes
    return extra

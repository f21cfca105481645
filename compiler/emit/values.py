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


def make_values(
    parts: Sequence[Part], layout: Layout, arguments: Sequence[Argument], results: Sequence[Result]
) -> tuple[Value, ...]:
    """Every value that a fragment reads or gives or that a mesh must hold, and where.

    A state and its next value lie alike where both are, read or not.
    The mesh that makes a value comes first: the others may have freed it at the end of the step.
    """
    mesh_of, extra = layout.mesh_of, _meshes_besides(parts, results, arguments, layout)
    becomes = {r.value: f"arg{arguments[r.state_arg].index}" for r in results if r.state_arg is not None}
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
        state = f"arg{arguments[result.state_arg].index}"
        homes = users.get(state, set()) or {min(holders)}
        extra.setdefault(state, set()).update(homes)
        extra[result.value] |= homes
    return extra

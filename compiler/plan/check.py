"""What must hold between the parts of a plan, checked whenever one is read: a hand-edited plan gets one sentence, not a hang."""

from collections.abc import Sequence
from math import prod
from typing import NoReturn

from compiler.plan.check_instructions import check_instructions
from compiler.plan.records import Plan, Result, Run, Value
from dialects.errors import Failure, UserError
from dialects.values import arg_id


class _Wrong(Exception):
    """What does not fit, before it is known which file says so."""


def _wrong(message: str) -> NoReturn:
    """Stop the check."""
    raise _Wrong(message)


def check_plan(plan: Plan, where: str) -> None:
    """Raise UserError at the first thing that does not fit."""
    try:
        _check(plan)
    except (_Wrong, Failure, ValueError) as error:
        raise UserError(str(error), where=where, remedy="plan again instead of editing") from error


def _check(plan: Plan) -> None:
    _check_meshes(plan)
    ids = {value.id for value in plan.values}
    if len(ids) != len(plan.values) or len({f.name for f in plan.fragments}) != len(plan.fragments):
        _wrong("two values or two fragments have one name")
    for value in plan.values:
        for placement in value.placements:
            if not 0 <= placement.mesh < len(plan.meshes):
                _wrong(f"value '{value.id}' is on mesh {placement.mesh}, there are {len(plan.meshes)}")
            sizes = {axis.name: axis.size for axis in plan.meshes[placement.mesh].axes}
            if len(placement.sharding) != len(value.shape):
                _wrong(f"value '{value.id}' has {len(value.shape)} dims and a sharding of {len(placement.sharding)}")
            for size, axes in zip(value.shape, placement.sharding, strict=True):
                if any(axis not in sizes for axis in axes) or size % prod(sizes[axis] for axis in axes):
                    _wrong(f"value '{value.id}': dim of size {size} cannot be split over {list(axes)}")
    fragments = {fragment.name: fragment for fragment in plan.fragments}
    for fragment in plan.fragments:
        if not 0 <= fragment.mesh < len(plan.meshes) or any(
            not 0 <= i < len(fragment.inputs) for i in fragment.donated
        ):
            _wrong(f"fragment '{fragment.name}' names a mesh or an input that is not there")
    if len(plan.instructions) != len(plan.meshes):
        _wrong(f"there are {len(plan.instructions)} instruction lists for {len(plan.meshes)} meshes")
    for mesh, instructions in enumerate(plan.instructions):
        for instruction in instructions:
            if isinstance(instruction, Run):
                found = fragments.get(instruction.fragment)
                if found is None or found.mesh != mesh:
                    _wrong(f"mesh {mesh} runs '{instruction.fragment}', which is not one of its fragments")
    _check_state(plan, ids)
    check_instructions(
        plan.fragments, plan.values, plan.instructions, plan.microbatches, held_results(plan.results, plan.values)
    )


def _check_meshes(plan: Plan) -> None:
    ranks = [rank for mesh in plan.meshes for rank in mesh.ranks]
    if sorted(ranks) != list(range(len(ranks))):
        _wrong(f"its meshes have the ranks {ranks}, want each of 0 to {len(ranks) - 1} once")
    for mesh in plan.meshes:
        if prod(axis.size for axis in mesh.axes) != len(mesh.ranks):
            _wrong(f"mesh '{mesh.name}' has {len(mesh.ranks)} ranks and axes of {[axis.size for axis in mesh.axes]}")
    if plan.microbatches < 1:
        _wrong(f"got {plan.microbatches} microbatches, want at least 1")


def _check_state(plan: Plan, ids: set[str]) -> None:
    if [a.index for a in plan.arguments] != list(range(len(plan.arguments))) or [r.index for r in plan.results] != list(
        range(len(plan.results))
    ):
        _wrong("its arguments or results are not numbered from 0")
    held = {value.id: {p.mesh: p.sharding for p in value.placements} for value in plan.values}
    for result in plan.results:
        if result.value not in ids:
            _wrong(f"result {result.index} is held by '{result.value}', which is no value")
        if result.state_arg is not None and not 0 <= result.state_arg < len(plan.arguments):
            _wrong(f"result {result.index} feeds argument {result.state_arg}, which is not there")
        if result.state_arg is not None:
            old, following = held.get(arg_id(result.state_arg), {}), held[result.value]
            if any(old[mesh] != following[mesh] for mesh in old.keys() & following.keys()):
                _wrong(f"result {result.index} is not split as argument {result.state_arg}, which it feeds")
    for value in plan.values:
        if value.kind in ("argument", "batch") and (
            value.argument is None or not 0 <= value.argument < len(plan.arguments)
        ):
            _wrong(f"value '{value.id}' is of argument {value.argument}, which is not there")


def held_results(results: Sequence[Result], values: Sequence[Value]) -> dict[str, set[int]]:
    """Value id -> meshes that must hold it after the step: where the state that it becomes lives."""
    places = {value.id: {p.mesh for p in value.placements} for value in values}
    held: dict[str, set[int]] = {}
    for result in results:
        meshes = held.setdefault(result.value, set())
        if result.state_arg is not None:
            meshes |= places.get(arg_id(result.state_arg), set())
    return held

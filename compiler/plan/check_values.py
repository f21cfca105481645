"""What must hold of a plan's values, arguments and results: kinds, types, placements, and state that comes round."""

from collections.abc import Mapping
from math import prod
from typing import NoReturn

from compiler.plan.parts import wrong_parts
from compiler.plan.records import Argument, Plan, Result, Value
from dialects.values import arg_id, argument_of, kind_of

MOST_ELEMENTS = 1 << 48


class Wrong(Exception):
    """What does not fit, before it is known which file says so."""


def wrong(message: str) -> NoReturn:
    """Stop the check."""
    raise Wrong(message)


def check_values(plan: Plan) -> None:
    """Every value by itself: its name, its size, where it lies. Raises Wrong."""
    if len({value.id for value in plan.values}) != len(plan.values):
        wrong("two values have one name")
    for value in plan.values:
        if prod(value.shape) > MOST_ELEMENTS or len(value.shape) > 64:
            wrong(f"value '{value.id}' has the shape {list(value.shape)}, more than any device holds")
        if not value.placements:
            wrong(f"value '{value.id}' is on no mesh")
        _check_placements(plan, value)
        _check_kind(plan, value)


def _check_placements(plan: Plan, value: Value) -> None:
    if len({placement.mesh for placement in value.placements}) < len(value.placements):
        wrong(f"value '{value.id}' has two placements on one mesh")
    for placement in value.placements:
        if not 0 <= placement.mesh < len(plan.meshes):
            wrong(f"value '{value.id}' is on mesh {placement.mesh}, there are {len(plan.meshes)}")
        sizes = {axis.name: axis.size for axis in plan.meshes[placement.mesh].axes}
        if len(placement.sharding) != len(value.shape):
            wrong(f"value '{value.id}' has {len(value.shape)} dims and a sharding of {len(placement.sharding)}")
        for size, axes in zip(value.shape, placement.sharding, strict=True):
            if any(axis not in sizes for axis in axes) or size % prod(sizes[axis] for axis in axes):
                wrong(f"value '{value.id}': dim of size {size} cannot be split over {list(axes)}")
        used = [axis for axes in placement.sharding for axis in axes]
        if len(set(used)) < len(used):
            wrong(f"value '{value.id}' is split over one axis twice: {used}")


def _check_kind(plan: Plan, value: Value) -> None:
    """A value's kind, its argument and its name say one thing."""
    fed = value.kind in ("argument", "batch")
    if fed != (value.argument is not None):
        wrong(f"value '{value.id}' of kind '{value.kind}' is of argument {value.argument}")
    if value.kind == "index" and (value.dtype != "i32" or value.shape):
        wrong(f"value '{value.id}' of kind 'index' is {_typed(value)}, want i32[]")
    named = {"arg": "argument", "batch": "batch", "index": "index", "acc": "step"}.get(kind_of(value.id) or "")
    if (named not in (None, value.kind)) or (fed and argument_of(value.id) not in (None, value.argument)):
        wrong(f"value '{value.id}' is of kind '{value.kind}' and of argument {value.argument}")
    if value.argument is None:
        return
    if not 0 <= value.argument < len(plan.arguments):
        wrong(f"value '{value.id}' is of argument {value.argument}, which is not there")
    argument = plan.arguments[value.argument]
    times = plan.microbatches if value.kind == "batch" else 1
    if not 0 <= argument.batch_dim < max(1, len(argument.shape)) or argument.batch_outer < 1:
        wrong(
            f"argument {argument.index} has its rows along dim {argument.batch_dim}, in {argument.batch_outer} blocks"
        )
    whole = [size * times if dim == argument.batch_dim else size for dim, size in enumerate(value.shape)]
    same = tuple(whole) == argument.shape and (value.kind == "argument" or bool(value.shape))
    if same and value.kind == "batch":
        same = value.shape[argument.batch_dim] % argument.batch_outer == 0
    if not same or value.dtype != argument.dtype:
        each = f" in {times} microbatches" if value.kind == "batch" else ""
        wrong(f"value '{value.id}' is {_typed(value)}{each}, argument {argument.index} is {_typed(argument)}")
    if value.kind == "batch" and argument.role != "batch":
        wrong(f"value '{value.id}' is rows of argument {argument.index}, whose role is '{argument.role}'")


def check_arguments(plan: Plan) -> None:
    """Arguments and results: numbered, held by values of their types, and state and next state inverse. Raises Wrong."""
    if [a.index for a in plan.arguments] != list(range(len(plan.arguments))) or [r.index for r in plan.results] != list(
        range(len(plan.results))
    ):
        wrong("its arguments or results are not numbered from 0")
    if (why := wrong_parts(plan)) is not None:
        wrong(why)
    values = {value.id: value for value in plan.values}
    for result in plan.results:
        if result.value not in values:
            wrong(f"result {result.index} is held by '{result.value}', which is no value")
        held = values[result.value]
        if (held.dtype, held.shape) != (result.dtype, result.shape):
            wrong(f"result {result.index} is {_typed(result)}, '{held.id}', which holds it, is {_typed(held)}")
        if result.state_arg is not None:
            _check_state(plan, result, values)
    for argument in plan.arguments:
        following = argument.state_result
        if following is None:
            continue
        if not following < len(plan.results) or plan.results[following].state_arg != argument.index:
            wrong(f"argument {argument.index} becomes result {following}, which does not feed it")
        if argument.role == "batch":
            wrong(f"argument {argument.index} is a batch and becomes result {following}: state is no batch")


def _check_state(plan: Plan, result: Result, values: Mapping[str, Value]) -> None:
    index = result.state_arg or 0
    if not 0 <= index < len(plan.arguments):
        wrong(f"result {result.index} feeds argument {index}, which is not there")
    argument = plan.arguments[index]
    if argument.state_result != result.index:
        wrong(f"result {result.index} feeds argument {index}, which becomes result {argument.state_result}")
    if (argument.dtype, argument.shape) != (result.dtype, result.shape):
        wrong(f"result {result.index} is {_typed(result)}, argument {index}, which it feeds, is {_typed(argument)}")
    before = values.get(arg_id(index))
    old = {p.mesh: p.sharding for p in before.placements} if before is not None else {}
    following = {p.mesh: p.sharding for p in values[result.value].placements}
    if any(old[mesh] != following[mesh] for mesh in old.keys() & following.keys()):
        wrong(f"result {result.index} is not split as argument {index}, which it feeds")
    if values[result.value].kind not in ("argument", "step", "microbatch"):
        wrong(f"result {result.index} feeds argument {index} and is held by '{result.value}', a part of a batch")


def _typed(what: Value | Argument | Result) -> str:
    return f"{what.dtype}[{','.join(map(str, what.shape))}]"

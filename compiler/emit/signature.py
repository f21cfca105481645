"""The user's arguments and results as a plan names them."""

from collections.abc import Mapping
from typing import get_args

from jaxlib.mlir import ir

from compiler.emit.parts import dtype_of
from compiler.plan.records import (
    Argument,
    ArgumentRole,
    Part,
    Result,
    ResultRole,
)
from dialects import attributes as names
from dialects.ops import body_ops, entry_block, main_func, shape_of
from dialects.signature import attr_dicts, int_of, text_of
from passes.analysis.batch.arguments import rows_of

ARGUMENT_ROLES: dict[str, ArgumentRole] = {role: role for role in get_args(ArgumentRole)}
RESULT_ROLES: dict[str, ResultRole] = {role: role for role in get_args(ResultRole)}


def make_arguments(module: ir.Module, bounds: Mapping[int, int]) -> tuple[Argument, ...]:
    """The user's arguments; call it before ``microbatch``, while types are the user's."""
    func = main_func(module)
    arguments: list[Argument] = []
    for i, (value, entry) in enumerate(zip(entry_block(func).arguments, attr_dicts(func, "arg_attrs"), strict=True)):
        index, rows = int_of(entry, names.INDEX), rows_of(entry)
        arguments.append(
            Argument(
                index=i if index is None else index,
                name=text_of(entry, names.NAME),
                dtype=dtype_of(value),
                shape=shape_of(value),
                role=ARGUMENT_ROLES[text_of(entry, names.ROLE)],
                state_result=int_of(entry, names.STATE_RESULT),
                exclusive_bound=bounds.get(i),
                batch_dim=rows.dim,
                batch_outer=rows.outer,
                part=_part(entry),
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
                _part(entry),
            )
        )
    return tuple(results)


def _part(entry: Mapping[str, ir.Attribute]) -> Part | None:
    if names.PART not in entry:
        return None
    of, start, stop = ir.DenseI64ArrayAttr(entry[names.PART])
    return Part(of, start, stop)

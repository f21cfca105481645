"""``assign-roles``: what every argument and result of @main is for."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.attributes import BATCH_SIZE, HOW, INDEX, NAME, ROLE, STATE_ARG, STATE_RESULT
from dialects.errors import fail
from dialects.ops import main_func
from dialects.signature import attr_dicts, i64, set_attr_dicts
from passes.analysis.batch.arguments import say_rows
from passes.analysis.roles.roles import Role, Roles, Said, find_roles
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class AssignRoles(Pass):
    """Every argument and result of @main gets its role, its name, how the role was found, and a state its next value.

    Everything later asks for roles: what is cut into microbatches, what lives from step to step, what is split by ZeRO. Needs
    normalize.

    Input:
        func.func @main(%w: tensor<4xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<8x4xf32>)
            -> (tensor<4xf32>, tensor<f32>)
    Output:
        func.func @main(
            %w: tensor<4xf32> {mw.role = "parameter", mw.state_result = 0, mw.how = "donated to result 0", mw.index = 0, …},
            %x: tensor<8x4xf32> {mw.role = "batch", …}
        ) -> (tensor<4xf32> {mw.role = "state", mw.state_arg = 0, …}, tensor<f32> {mw.role = "loss", …})
        and mw.batch_size = 8 on the module

    The options say what the search cannot find, by indices of @main's arguments and results; left out, it is searched for.
    ``batch_args``: the arguments whose rows are the batch, empty
    for none; ``5:1`` says that they lie along dim 1 of argument 5, ``5:0:4`` in 4 blocks of its dim 0.
    ``loss``: the result that is the loss. ``state_args``:
    ``argument:result`` pairs, each a state and its next value, empty for none.

    Raises UserError when the batch cannot be told, or an option names what is not there or does not fit.
    """

    name: ClassVar[str] = "assign-roles"
    batch_args: tuple[str, ...] | None = None  # "argument", "argument:dim" or "argument:dim:outer"
    loss: int | None = None
    state_args: tuple[str, ...] | None = None  # "argument:result"

    def run(self, module: ir.Module) -> None:
        pairs = tuple(_pair(text) for text in self.state_args) if self.state_args is not None else None
        write_roles(module, find_roles(module, Said(self.batch_args, self.loss, pairs)))


def write_roles(module: ir.Module, roles: Roles) -> None:
    """Write them on the arguments and results of @main."""
    main = main_func(module)
    with module.context:
        _write(main, "arg_attrs", STATE_RESULT, roles.arguments)
        _write(main, "res_attrs", STATE_ARG, roles.results)
        if roles.batch_size is not None:
            module.operation.attributes[BATCH_SIZE] = i64(roles.batch_size)


def _pair(text: str) -> tuple[int, int]:
    argument, colon, result = text.partition(":")
    if not (colon and argument.isdecimal() and result.isdecimal()):
        fail(f"got '{text}', want ARGUMENT:RESULT, two numbers", where="--state-args")
    return int(argument), int(result)


def _write(main: ir.OpView, which: str, partner: str, roles: tuple[Role, ...]) -> None:
    tables = attr_dicts(main, which)
    for index, (table, role) in enumerate(zip(tables, roles, strict=True)):
        table[ROLE] = ir.StringAttr.get(role.role)
        table[NAME] = ir.StringAttr.get(role.name)
        table[HOW] = ir.StringAttr.get(role.how)
        table[INDEX] = i64(index)
        if role.rows is not None:
            say_rows(table, role.rows)
        if role.partner is not None:
            table[partner] = i64(role.partner)
    set_attr_dicts(main, which, tables)

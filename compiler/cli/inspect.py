"""``python -m compiler inspect MODULE``: what the program takes and gives, and what each is for."""

from dataclasses import dataclass
from typing import Any

import click
from jaxlib.mlir import ir
from rich.table import Table
from rich.text import Text

from compiler.cli.options import plan_options, with_planner_options
from compiler.cli.output import print_json, print_tables
from compiler.frontends.load import LoadedModule, load_module
from dialects.context import make_context
from dialects.errors import UserError
from passes.analysis.roles.names import Signature, signature_of
from passes.analysis.roles.roles import Role, Roles, Said, find_roles
from passes.normalize.normalize import Normalize


@dataclass(frozen=True)
class Row:
    """One argument or result. ``role`` and ``how`` are "" when the roles could not be told."""

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    role: str
    how: str
    partner: int | None


@click.command()
@click.argument("module", metavar="MODULE")
@with_planner_options("batch_args", "loss", "state_args")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def inspect(module: str, *, as_json: bool, **words: str | None) -> None:
    """List the arguments and results of a program with index, name, type and role, and how the role was found.

    MODULE is what `plan` takes. Roles of arguments: parameter (state that the loss reads), optimizer (floating-point state that
    only the update reads), state (counters, random keys), batch, constant. Roles of results: state (an argument's next value),
    loss, metric, output. Where a role is wrong, say the right one with the options, here and to `plan`.
    """
    options = plan_options(words)
    said = Said(options.batch_args, options.loss, options.state_args)
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(module, context)
        Normalize().run(loaded.module)
        signature = signature_of(loaded.module)
        title = _title(loaded)
        try:
            roles = find_roles(loaded.module, said)
        except UserError:
            if not as_json:
                print_tables(_tables(title, *_rows(signature, None)))
            raise
        arguments, results = _rows(signature, roles)
    if as_json:
        print_json(_document(loaded, roles, arguments, results))
        return
    print_tables(_tables(title, arguments, results))
    click.echo(f"batch size {roles.batch_size}" if roles.batch_size else "no batch: the step runs as one microbatch")


def _title(loaded: LoadedModule) -> str:
    lowered = f", lowered for {', '.join(loaded.platforms)}" if loaded.platforms else ""
    return f"{loaded.name}: {loaded.kind}{lowered}"


def _rows(signature: Signature, roles: Roles | None) -> tuple[list[Row], list[Row]]:
    arguments = _side(signature.argument_names, signature.argument_types, roles.arguments if roles else ())
    return arguments, _side(signature.result_names, signature.result_types, roles.results if roles else ())


def _side(names: tuple[str, ...], types: tuple[ir.Type, ...], roles: tuple[Role, ...]) -> list[Row]:
    rows: list[Row] = []
    for index, (name, kind) in enumerate(zip(names, types, strict=True)):
        role = roles[index] if roles else Role("", name, "")
        tensor = ir.RankedTensorType(kind)
        dtype, shape = str(tensor.element_type), tuple(tensor.shape)
        rows.append(Row(index, name, dtype, shape, role.role, role.how, role.partner))
    return rows


def _tables(title: str, arguments: list[Row], results: list[Row]) -> list[Table | Text]:
    return [Text(title), _table("arguments", arguments), _table("results", results)]


def _table(title: str, rows: list[Row]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    table.add_column("index", justify="right")
    for column in ("name", "type", "role"):
        table.add_column(column, overflow="fold")
    table.add_column("how it was found", overflow="fold")
    for row in rows:
        shape = ",".join(str(size) for size in row.shape)
        table.add_row(str(row.index), Text(row.name), Text(f"{row.dtype}[{shape}]"), row.role, Text(row.how))
    return table


def _document(loaded: LoadedModule, roles: Roles, arguments: list[Row], results: list[Row]) -> dict[str, Any]:
    return {
        "name": loaded.name,
        "kind": loaded.kind,
        "platforms": list(loaded.platforms),
        "batch_size": roles.batch_size,
        "arguments": [_entry(row, "state_result") for row in arguments],
        "results": [_entry(row, "state_arg") for row in results],
    }


def _entry(row: Row, partner: str) -> dict[str, Any]:
    return {
        "index": row.index,
        "name": row.name,
        "dtype": row.dtype,
        "shape": list(row.shape),
        "role": row.role,
        "how": row.how,
        partner: row.partner,
    }

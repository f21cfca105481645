"""What ``compiler inspect`` finds and shows: arguments and results with their roles, as tables and as a document."""

from dataclasses import dataclass, replace
from typing import Any

from jaxlib.mlir import ir
from rich.table import Table
from rich.text import Text

from compiler.divided import may_move
from compiler.frontends.load import LoadedModule, load_module
from compiler.options import PlanOptions
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import main_func
from passes.analysis.batch.arguments import batch_rows, count_rows
from passes.analysis.ops.forms import Form, split
from passes.analysis.roles.names import Signature, signature_of
from passes.analysis.roles.roles import Role, Roles, Said, find_roles
from passes.microbatch.place_rows import PlaceRows
from passes.normalize.assign_roles import write_roles
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


@dataclass(frozen=True)
class Inspected:
    """A program's signature. Where its roles could not be told, ``roles`` is None and ``mistake`` says why."""

    loaded: LoadedModule
    roles: Roles | None
    mistake: UserError | None
    arguments: list[Row]
    results: list[Row]

    def tables(self) -> list[Table | Text]:
        """For people."""
        tables: list[Table | Text] = [Text(_title(self.loaded))]
        tables += [_table("arguments", self.arguments), _table("results", self.results)]
        if self.roles is not None:
            rows = self.roles.batch_size
            tables.append(Text(f"batch size {rows}" if rows else "no batch: the step runs as one microbatch"))
        return tables

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.loaded.name,
            "kind": self.loaded.kind,
            "platforms": list(self.loaded.platforms),
            "batch_size": self.roles.batch_size if self.roles else None,
            "arguments": [_entry(row, "state_result") for row in self.arguments],
            "results": [_entry(row, "state_arg") for row in self.results],
        }


def inspected(module: str, options: PlanOptions) -> Inspected:
    """Read the program in the file ``module`` and find its roles. Raises UserError when it is no program at all."""
    said = Said(options.batch_args, options.loss, options.state_args)
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(module, context, options.platform)
        Normalize().run(loaded.module)
        signature = signature_of(loaded.module)
        try:
            roles, mistake = find_roles(loaded.module, said), None
            roles = _placed(loaded.module, roles) if may_move(options) else roles
        except UserError as error:
            roles, mistake = None, error
        return Inspected(loaded, roles, mistake, *_rows(signature, roles))


def _placed(module: ir.Module, roles: Roles) -> Roles:
    """The roles with the batch where ``plan`` cuts it in microbatches when dim 0 does not carry the forward."""
    write_roles(module, roles)
    PlaceRows().run(module)
    rows = batch_rows(main_func(module))
    if not rows:
        return roles
    arguments = [_moved(role, rows.get(index)) for index, role in enumerate(roles.arguments)]
    return replace(roles, arguments=tuple(arguments), batch_size=count_rows(main_func(module), rows))


def _moved(role: Role, form: Form | None) -> Role:
    """The role of an argument whose rows lie as ``form`` says; None: it has none."""
    if form is None:
        where = "no dim of it is cut with the other arguments of the batch"
        return replace(role, role="constant", how=where, rows=None) if role.role == "batch" else role
    if role.role == "batch" and form == (role.rows or split(0)):
        return role
    blocks = f", in {form.outer} blocks" if form.outer > 1 else ""
    return replace(role, role="batch", how=f"microbatches cut it along dim {form.dim}{blocks}", rows=form)


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

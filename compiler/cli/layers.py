"""What ``compiler inspect --layers`` finds and shows: the candidate cuts of the forward part, as a table and as a document."""

from dataclasses import dataclass, replace
from typing import Any

from jaxlib.mlir import ir
from rich.console import RenderableType
from rich.text import Text

from compiler.decisions.names import UserName
from compiler.explain.tables import table
from compiler.frontends.load import load_module
from compiler.options import PlanOptions
from compiler.prepare import find_roles, phased
from compiler.spec.layers import Layer, read_layers
from compiler.statistics import group_rows
from compiler.units import show_bytes, show_flops
from dialects import attributes as names
from dialects.context import make_context
from dialects.signature import op_int


@dataclass(frozen=True)
class Split:
    """The layers of one microbatch; ``rows`` of the whole batch, None without one."""

    name: str
    microbatches: int
    rows: int | None
    layers: tuple[Layer, ...]


def layers_of(path: str, options: PlanOptions) -> Split:
    """Read the program and find its layers, as ``plan`` finds them with that many microbatches. Raises UserError."""
    asked = replace(options, microbatches=options.microbatches or 1)
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(path, context, options.platform)
        group_rows(loaded.module, asked)
        find_roles(loaded.module, asked)
        split = phased(loaded.module, asked, (1, 1))
        count = op_int(split.module.operation, names.MICROBATCHES) or 1
        return Split(loaded.name, count, split.rows, read_layers(split.module).layers)


def layers_tables(split: Split) -> list[RenderableType]:
    """For people."""
    rows = "" if split.rows is None else f" of {split.rows // split.microbatches} rows"
    title = f"{split.name}: {len(split.layers)} layers, {split.microbatches} microbatch{'es' * (split.microbatches > 1)}{rows}"
    columns = ("layer", "name", "forward", "parameters", "crosses after it", "values", "last op")
    cells = [
        (
            str(layer.number),
            layer.name,
            show_flops(layer.flops),
            show_bytes(layer.parameter_bytes),
            show_bytes(layer.crosses.num_bytes) if layer.crosses.num_values else "",
            str(layer.crosses.num_values or ""),
            _place(layer.op),
        )
        for layer in split.layers
    ]
    return [Text(title), table("layers of the forward part", columns, cells, right=("layer", *columns[2:6]))]


def layers_document(split: Split) -> dict[str, Any]:
    """For programs."""
    return {
        "name": split.name,
        "microbatches": split.microbatches,
        "batch_size": split.rows,
        "layers": [
            {
                "number": layer.number,
                "name": layer.name,
                "ops": layer.last + 1 - layer.first,
                "flops": layer.flops,
                "parameter_bytes": layer.parameter_bytes,
                "crossing_bytes": layer.crosses.num_bytes,
                "crossing_values": layer.crosses.num_values,
                "last_op": layer.op.name,
                "location": layer.op.location,
            }
            for layer in split.layers
        ],
    }


def _place(op: UserName) -> str:
    return f"{op.name} at {op.location}" if op.location else op.name

"""Where the rows of the batch lie in each batch argument: ``mw.rows``, dim 0 where nothing is said.

Frontends write the batch as ``[B, …]``, time-major as ``[T, B, …]``, flattened as ``[B * S, …]`` or ``[T * B, …]``, and in
slices of an accumulation loop as ``[K, B / K, …]``. All of them are one form: a dim, and how many blocks of it lie outside.
"""

from collections.abc import Mapping
from math import gcd

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import i64s
from dialects.ops import entry_block, shape_of
from dialects.signature import attr_dicts, set_attr_dicts, text_of
from passes.analysis.ops.forms import Form, split


def batch_rows(func: ir.OpView) -> dict[int, Form]:
    """Position -> the form of each argument that is split by rows (the whole twins are not)."""
    entries = attr_dicts(func, "arg_attrs")
    return {i: rows_of(entry) for i, entry in enumerate(entries) if is_batch(entry)}


def is_batch(entry: Mapping[str, ir.Attribute]) -> bool:
    """Whether an argument with these attributes is fed by rows."""
    return text_of(entry, names.ROLE) == "batch" and names.WHOLE not in entry


def rows_of(entry: Mapping[str, ir.Attribute]) -> Form:
    """The form that ``mw.rows`` says."""
    if names.ROWS not in entry:
        return split(0)
    dim, outer = ir.DenseI64ArrayAttr(entry[names.ROWS])
    return split(dim, outer)


def say_rows(entry: dict[str, ir.Attribute], form: Form) -> None:
    """Write ``mw.rows``, which says nothing of dim 0."""
    entry.pop(names.ROWS, None)
    if form != split(0):
        entry[names.ROWS] = i64s((form.dim, form.outer))


def set_rows(func: ir.OpView, rows: Mapping[int, Form]) -> None:
    """Move the batch: the batch arguments named lie as said, those left out are no batch (a constant)."""
    entries = attr_dicts(func, "arg_attrs")
    for i, entry in enumerate(entries):
        if i in rows:
            entry[names.ROLE] = ir.StringAttr.get("batch")
            say_rows(entry, rows[i])
        elif is_batch(entry):
            entry[names.ROLE] = ir.StringAttr.get("constant")
            entry.pop(names.ROWS, None)
    set_attr_dicts(func, "arg_attrs", entries)


def count_rows(func: ir.OpView, rows: Mapping[int, Form]) -> int | None:
    """The rows of the batch: what every batch argument can be divided in; None without a batch argument."""
    block = entry_block(func)
    return gcd(*(rows_in(shape_of(block.arguments[i]), form) for i, form in rows.items())) if rows else None


def rows_in(shape: tuple[int, ...], form: Form) -> int:
    """The rows of the batch in an argument of ``shape``."""
    return shape[form.dim] // form.outer

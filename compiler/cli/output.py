"""Where commands write: tables on stdout, or one JSON document and nothing else."""

import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from dialects.plain import plain, plain_json, plain_lines

PLAIN_WIDTH = 120  # of tables that are not read on a terminal


def print_json(document: dict[str, Any]) -> None:
    """The document on stdout."""
    print(plain_json(json.dumps(document, indent=1, ensure_ascii=False)))


def say(line: str) -> None:
    """One line on stdout."""
    print(plain(line), flush=True)


def print_text(text: str) -> None:
    """Lines on stdout, the last of which ends in a line break."""
    print(plain_lines(text), end="", flush=True)


def terminal_width() -> int:
    """Columns that a table may take."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
    return PLAIN_WIDTH


def print_tables(items: Iterable[RenderableType]) -> None:
    """Tables and texts on stdout, one after the other; plain where stdout is no terminal."""
    console = Console(width=terminal_width(), soft_wrap=False, highlight=False, markup=False, emoji=False)
    for item in items:
        # sentences hold paths: they wrap as the terminal likes
        console.print(_plain_item(item), soft_wrap=isinstance(item, Text))


def _plain_item(item: RenderableType) -> RenderableType:
    """A text, or a table of them, as a terminal may have it."""
    if isinstance(item, Text):
        item.plain = plain_lines(item.plain)  # as long as before: its styles stay where they are
    elif isinstance(item, str):
        return plain_lines(item)
    elif isinstance(item, Table):
        item.title = _plain_item(item.title) if isinstance(item.title, str | Text) else item.title  # type: ignore[assignment]
        for column in item.columns:
            column.header = _plain_item(column.header)
            cells = [_plain_item(cell) for cell in column.cells]
            column._cells = cells  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] rich can only add more
    return item

"""Where commands write: tables on stdout, or one JSON document and nothing else."""

import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

PLAIN_WIDTH = 120  # of tables that are not read on a terminal


def print_json(document: dict[str, Any]) -> None:
    """The document on stdout."""
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


def terminal_width() -> int:
    """Columns that a table may take."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns
    return PLAIN_WIDTH


def print_tables(items: Iterable[RenderableType]) -> None:
    """Tables and texts on stdout, one after the other; plain where stdout is no terminal."""
    console = Console(width=terminal_width(), soft_wrap=False, highlight=False)
    for item in items:
        console.print(item, soft_wrap=isinstance(item, Text))  # sentences hold paths: they wrap as the terminal likes

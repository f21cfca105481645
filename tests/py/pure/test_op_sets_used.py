"""No set or dict of the product is keyed by an op, which the bindings hash by its content: dialects/op_sets.py is for that."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = sorted(path for room in ("dialects", "passes", "compiler", "runtime") for path in (ROOT / room).rglob("*.py"))
SETS = frozenset("set frozenset Set AbstractSet MutableSet Counter".split())
MAPS = frozenset("dict Mapping MutableMapping defaultdict OrderedDict Counter".split())
BASES = ("MutableSet[ir.Operation]", "MutableMapping[ir.Operation, T]")  # of OpSet and OpMap


def keyed_by_ops(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, text) of each type such as ``set[ir.Operation]`` or ``dict[tuple[ir.OpView, int], str]``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Subscript):
            continue
        name = ast.unparse(node.value).rpartition(".")[2]
        if name in SETS or name in MAPS:
            key = node.slice.elts[0] if name in MAPS and isinstance(node.slice, ast.Tuple) else node.slice
            while isinstance(key, ast.Subscript) and ast.unparse(key.value) == "tuple":
                key = key.slice
            parts = key.elts if isinstance(key, ast.Tuple) else [key]
            if {"ir.Operation", "ir.OpView"} & {word for part in parts for word in ast.unparse(part).split(" | ")}:
                yield node.lineno, ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_type_is_keyed_by_ops(path: Path) -> None:
    found = [f"line {line}: {text}" for line, text in keyed_by_ops(ast.parse(path.read_text())) if text not in BASES]
    assert found == [], "use OpSet or OpMap of dialects/op_sets.py, or op_key"


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("x: set[ir.Operation] = set()", True),
        ("x: frozenset[ir.OpView] | None", True),
        ("x = dict[ir.Operation, int]()", True),
        ("def f(x: Mapping[ir.OpView, str]) -> None: ...", True),
        ("x: dict[tuple[ir.Operation, int], str]", True),
        ("x: set[ir.Value | ir.Operation]", True),
        ("x: dict[str, ir.Operation]", False),
        ("x: dict[str, Callable[[ir.Operation], None]]", False),
        ("x: list[ir.Operation]", False),
        ("x: OpMap[ir.Operation]", False),
    ],
)
def test_the_guard_sees(text: str, bad: bool) -> None:
    assert bool(list(keyed_by_ops(ast.parse(text)))) == bad

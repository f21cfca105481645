"""docs/ir.md is dialects/attributes.py for readers: the same names, each in the table, and an example that the tools print."""

import re
from pathlib import Path

import pytest

from dialects import attributes

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "ir.md").read_text()
NAMES = sorted(value for name, value in vars(attributes).items() if name.isupper() and isinstance(value, str))


@pytest.mark.parametrize("name", NAMES)
def test_page_tells_of_every_name(name: str) -> None:
    assert f"| `{name}` |" in PAGE or f"`@{name}(" in PAGE


def test_page_tells_of_no_other_name() -> None:
    assert set(re.findall(r"\bmw\.[a-z_]+", PAGE)) == set(NAMES)


@pytest.mark.parametrize("role", [*attributes.ARGUMENT_ROLES, *attributes.RESULT_ROLES])
def test_page_tells_of_every_role(role: str) -> None:
    rows = [line for line in PAGE.splitlines() if "of @main | string |" in line]
    assert any(re.search(rf"\b{role}\b", row) for row in rows)


# What the columns "written by" and "read by" call a file that holds no pass; the first start that fits counts.
_CALLED = {
    "passes/microbatch/": "microbatch",
    "passes/analysis/batch/own": "microbatch",
    "passes/analysis/batch/picks": "microbatch",
    "passes/analysis/batch/arguments": "place-rows, microbatch",
    "passes/analysis/stages/layer_loops": "unroll-loops",
    "passes/analysis/stages/stacks": "split-stacks",
    "passes/analysis/stages/homes": "choose-stages",
    "passes/analysis/stages/work": "driver",
    "passes/stages/balance": "driver",
    "passes/analysis/stages/flows": "driver, emit",
    "passes/analysis/stages/replicable": "place, verify-stages, realize",
    "passes/analysis/stages/fragments": "realize",
    "passes/fragments/outline": "realize",
    "passes/analysis/shardings/": "choose-shardings",
    "passes/choosers/": "choose-shardings",
    "passes/shardings/": "choose-shardings",
    "passes/partition/body": "partition, verify-collectives",
    "passes/partition/": "partition",
    "compiler/decisions/": "decisions",
    "compiler/emit/": "emit",
    "compiler/transfers/": "land-transfers",
    "compiler/": "driver",
}
_SOURCES = {
    str(path.relative_to(ROOT)): path.read_text()
    for room in ("passes", "compiler")
    for path in (ROOT / room).rglob("*.py")
}


# Functions that read or write a constant for whoever calls them.
_HELPERS = {"PHASE": ("fragment_funcs",), "ROWS": ("rows_of", "say_rows"), "MESH": ("symbol_of",)}


def _users(constant: str) -> set[str]:
    found: set[str] = set()
    for path, text in _SOURCES.items():
        own = r"\b" if "from dialects.attributes import" in text else r"\bnames\."
        if re.search(rf"{own}{constant}\b", text) or any(f"{helper}(" in text for helper in _HELPERS.get(constant, ())):
            pass_name = re.search(r'name: ClassVar\[str\] = "(.*)"', text)
            words = (
                pass_name[1] if pass_name else next(said for start, said in _CALLED.items() if path.startswith(start))
            )
            found.update(words.split(", "))
    return found


@pytest.mark.parametrize("constant", [name for name, value in vars(attributes).items() if f"\n| `{value}` |" in PAGE])
def test_page_tells_who_writes_and_reads(constant: str) -> None:
    rows = re.search(rf"\n\| `{getattr(attributes, constant)}` .*(\n\| \| .*)?", PAGE)
    cells = [cell for row in rows[0].splitlines() for cell in row.split("|")[5:7]]
    said = {word for cell in cells for word in re.findall(r"[a-z-]+", cell)}
    assert said - {"and", "of", "messages", "people"} == _users(constant)

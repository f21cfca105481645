"""docs/ir.md is dialects/attributes.py for readers: the same names, each in the table, and an example that the tools print."""

import re
from pathlib import Path

import pytest

from dialects import attributes

PAGE = (Path(__file__).parents[3] / "docs" / "ir.md").read_text()
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

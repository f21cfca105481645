"""Which solvers a program may be given to: what is said of wrong versions and of missing ones."""

import importlib.metadata
import tomllib
from collections.abc import Iterator
from pathlib import Path

import mip
import pytest

from dialects.errors import UserError
from passes.solvers.program import HIGHS, Backend, new_program, refuse_wrong_highs


@pytest.fixture(autouse=True)
def _ask_again() -> Iterator[None]:
    refuse_wrong_highs.cache_clear()
    yield
    refuse_wrong_highs.cache_clear()


@pytest.mark.parametrize("version", ["1.12.0", "1.13.1", "1.14.0", "1.15.1"])
def test_wrong_versions_are_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: version)
    with pytest.raises(UserError, match=rf"highspy {version} is installed, .* pip install 'highspy>="):
        new_program("highs")
    new_program("cbc")


@pytest.mark.parametrize(("backend", "remedy"), [("cbc", "cbcbox"), ("highs", HIGHS)])
@pytest.mark.parametrize("error", [FileNotFoundError, NameError])
def test_a_missing_solver_is_said(
    backend: Backend, remedy: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(**_: object) -> None:
        raise error

    monkeypatch.setattr(mip, "Model", missing)
    with pytest.raises(UserError, match=f"finds no solver {backend} .* pip install '{remedy}'"):
        new_program(backend)


def test_what_is_asked_for_is_what_is_required() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert HIGHS in project["dependencies"]

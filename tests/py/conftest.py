"""Marks each test by its folder: pure (no MLIR), ir (in one process), mpi (several ranks), gpu, frontends; files beside them are ir."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_FOLDERS = ("pure", "ir", "mpi", "gpu", "frontends")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(_HERE).parts[0] if item.path.is_relative_to(_HERE) else ""
        item.add_marker(folder if folder in _FOLDERS else "ir")

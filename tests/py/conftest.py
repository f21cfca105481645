"""Marks each test by its folder: pure (no MLIR), ir (in one process), mpi (several ranks), gpu, hosts, frontends; files beside them are ir."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, and no verdict on the speed of a shared machine; MESHWRIGHT_EXAMPLES asks for long searches.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

_HERE = Path(__file__).parent
_FOLDERS = ("pure", "ir", "mpi", "gpu", "hosts", "frontends")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _keep_a_share(config, items, int(os.environ.get("MESHWRIGHT_SHARE", "1")))
    for item in items:
        folder = item.path.relative_to(_HERE).parts[0] if item.path.is_relative_to(_HERE) else ""
        item.add_marker(folder if folder in _FOLDERS else "ir")


@pytest.fixture(autouse=True, scope="session")
def own_executables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests compile is found again by tests of this session alone."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "executables"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MESHWRIGHT_CACHE", str(folder))
        yield


def _keep_a_share(config: pytest.Config, items: list[pytest.Item], share: int) -> None:
    """Of each test every ``share``-th set of arguments, the first at least: enough to see whether other versions run plans."""
    places: dict[str, int] = {}
    left_out: list[pytest.Item] = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        places[test] = places.get(test, -1) + 1
        if places[test] % share:
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]

"""Which jaxlibs the runtime was written for: said in one place in code, and the same in pyproject.toml."""

import tomllib

import pytest
from conftest import ROOT

from dialects.errors import Failure
from runtime.devices.jaxlib_api import BEFORE, OLDEST, check_version


@pytest.mark.parametrize("version", ["0.10.2", "0.11.0", "0.11.2", "0.12.0", "0.12.0.1", "0.12.9"])
def test_accepts(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize("version", ["0.4.38", "0.10.1", "0.13.0", "0.13.0.dev20270101", "1.0"])
def test_refuses_with_the_range_and_the_remedy(version: str) -> None:
    with pytest.raises(Failure, match=f"got jaxlib {version}, want 0.10.2 to 0.12.x") as caught:
        check_version(version)
    assert caught.value.remedy == "pip install 'jaxlib>=0.10.2,<0.13'"


def test_this_jaxlib_is_one() -> None:
    check_version()


def test_the_package_asks_for_the_same_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = f">={'.'.join(map(str, OLDEST))},<{BEFORE[0]}.{BEFORE[1]}"
    assert f"jaxlib{asked}" in project["dependencies"]
    assert f"jax{asked}" in extras["jax"]
    assert f"jax-cuda13-plugin[with-cuda]{asked}" in extras["gpu"]
    assert f"jax-cuda12-plugin[with-cuda]{asked}" in extras["gpu-cuda12"]

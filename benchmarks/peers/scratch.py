"""A scratch environment for the peer: PuLP and its CBC in a virtual environment, alpa's wheel unpacked beside it, not installed."""

import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

ALPA = "alpa==0.2.3"  # the last release, December 2022
PULP = "pulp==3.3.2"  # alpa wants pulp>=2.6.0; the newest of 2026-11-21, with CBC in the wheel


@dataclass(frozen=True)
class Scratch:
    """The interpreter that has PuLP, and the folder that has alpa/."""

    python: Path
    wheel: Path


def make_scratch(folder: Path) -> Scratch:
    """Set the environment up in `folder`, once."""
    python, wheel = folder / "venv/bin/python", folder / "wheel"
    if not (folder / "venv/.done").exists():
        venv.create(folder / "venv", with_pip=True, clear=True)
        _pip(str(python), "install", PULP, "numpy")
        (folder / "venv/.done").touch()
    if not (wheel / "alpa/shard_parallel/auto_sharding.py").exists():
        _pip(sys.executable, "download", "--no-deps", "--dest", str(folder), ALPA)
        with zipfile.ZipFile(next(folder.glob("alpa-*.whl"))) as archive:
            archive.extractall(wheel)
    return Scratch(python, wheel)


def _pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)

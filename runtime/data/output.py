"""``--outputs F.npz``: written whole or not at all, and found unwritable before the run where that can be known."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from compiler.plan.scratch import whole_file
from dialects.errors import Failure, fail
from runtime.transport.base import Array


def check_file(path: str, what: str) -> None:
    """Raise UserError if ``path`` cannot become a file."""
    if Path(path).is_dir():
        fail("is a folder, want a file name", where=f"{what} {path}")
    check_folder(Path(path).resolve().parent, what)


def check_folder(path: Path, what: str) -> None:
    """Raise UserError if no file can be written into the existing folder ``path``."""
    if not path.is_dir():
        fail("is not a folder" if path.exists() else "no such folder", where=f"{what} {path}", remedy="make it first")
    if not os.access(path, os.W_OK):
        fail("no permission to write there", where=f"{what} {path}")


def write_npz(path: str, arrays: dict[int, Array]) -> None:
    """Write the arrays keyed "0", "1", …; bfloat16 and other types that numpy lacks are stored as raw bytes (V2, V1).

    Read those back with ``.view(ml_dtypes.bfloat16)``. Raises Failure if the disk is full; no partial file remains.
    """
    try:
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **{str(index): _plain(array) for index, array in arrays.items()})
    except OSError as error:
        raise Failure(f"not written: {error.strerror or error}", where=path) from error


def _plain(array: Array) -> Array:
    return array.view(f"V{array.dtype.itemsize}") if array.dtype.isbuiltin != 1 else array

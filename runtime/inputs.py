"""Where the arguments come from: ``--inputs F.npz``, or generated from ``--seed``; read by slices, never whole.

Keys are argument indices, "0", "1", …; a batch argument may have one leading dimension more, the steps. What the file
does not have is generated, the same on every rank.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compiler.plan import Argument
from dialects.errors import fail
from runtime.dtypes import is_complex, is_float, numpy_dtype
from runtime.generate import generate
from runtime.transfer import Slices

Array = NDArray[Any]


class Inputs:
    """The arguments of one run. Raises UserError when made if the file does not fit the arguments."""

    def __init__(self, arguments: tuple[Argument, ...], path: str | None, seed: int, steps: int) -> None:
        self._arguments, self._seed, self._steps = arguments, seed, steps
        self._given: dict[int, Array] = _read(path, arguments, steps) if path else {}
        self.generated = tuple(a.index for a in arguments if a.index not in self._given)

    def slices(self, index: int, step: int, where: Slices) -> Array:
        """The part ``where`` of argument ``index`` as step ``step`` sees it. State is asked for at step 0 only."""
        argument = self._arguments[index]
        given = self._given.get(index)
        if given is None:
            at = step if argument.role == "batch" else 0
            return generate(argument, self._seed, at, where)
        if given.ndim > len(argument.shape):
            given = given[step]
        return np.array(given[where]).view(numpy_dtype(argument.dtype))

    def whole(self, index: int, step: int) -> Array:
        """All of argument ``index``."""
        return self.slices(index, step, tuple(slice(0, size) for size in self._arguments[index].shape))

    def changes(self, index: int) -> bool:
        """Whether the argument has a value of its own at each step: a generated batch, or a given one with steps."""
        argument, given = self._arguments[index], self._given.get(index)
        return argument.role == "batch" and (given is None or given.ndim > len(argument.shape))

    def check_values(self, rank: int, size: int) -> None:
        """Refuse NaN in what was given. The ranks share the arguments: this one reads each ``size``-th."""
        for index in sorted(self._given):
            argument = self._arguments[index]
            if index % size != rank or not (is_float(argument.dtype) or is_complex(argument.dtype)):
                continue
            flat = self._given[index].reshape(-1)
            for start in range(0, flat.size, 1 << 22):
                part = np.array(flat[start : start + (1 << 22)]).view(numpy_dtype(argument.dtype))
                bad = np.isnan(part if is_complex(argument.dtype) else part.astype(np.float64))
                if bad.any():
                    at = np.unravel_index(start + int(bad.argmax()), self._given[index].shape)
                    place = f" at {[int(i) for i in at]}" if at else ""
                    fail(f"got NaN{place}, want numbers", where=_where(argument), remedy="check what wrote the file")


def _read(path: str, arguments: tuple[Argument, ...], steps: int) -> dict[int, Array]:
    """Every array of the file as a view of it where possible, checked against the arguments."""
    if not Path(path).is_file():
        fail("no such file", where=path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            known = {str(argument.index) for argument in arguments}
            for key in members:
                if key not in known:
                    wanted = f"the program has arguments 0 to {len(arguments) - 1}"
                    fail(f"got key '{key}', want an argument index", where=path, remedy=wanted)
            given = {int(key): _member(path, archive, info) for key, info in members.items()}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, zipfile.error) as error:
        fail(f"not a readable .npz file ({error})", where=path, remedy="write it with numpy.savez")
    for index, array in given.items():
        _check(arguments[index], array, steps)
    return given


def _member(path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    """One array: a memory map if it is stored uncompressed (numpy.savez), so that ranks share pages; else loaded."""
    with archive.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        read_1, read_2 = np.lib.format.read_array_header_1_0, np.lib.format.read_array_header_2_0
        shape, fortran, dtype = (read_1 if version == (1, 0) else read_2)(stream)
        header_bytes = stream.tell()
    order = "F" if fortran else "C"
    if dtype.hasobject or info.compress_type != zipfile.ZIP_STORED or 0 in shape or shape == ():
        with archive.open(info) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    with Path(path).open("rb") as file:
        file.seek(info.header_offset + 26)  # the lengths of the local header, which may differ from the directory's
        name_bytes, extra_bytes = np.frombuffer(file.read(4), "<u2")
    start = info.header_offset + 30 + int(name_bytes) + int(extra_bytes) + header_bytes
    return np.memmap(path, dtype, "r", start, shape, order)


def _check(argument: Argument, array: Array, steps: int) -> None:
    dtype = numpy_dtype(argument.dtype)
    shapes = [argument.shape, (steps, *argument.shape)] if argument.role == "batch" else [argument.shape]
    if array.shape not in shapes:
        wanted = " or ".join(str(list(shape)) for shape in shapes)
        fail(f"got shape {list(array.shape)}, want {wanted}", where=_where(argument))
    raw = array.dtype.kind == "V" and array.dtype.names is None and array.dtype.itemsize == dtype.itemsize
    if array.dtype != dtype and not (raw and dtype.isbuiltin != 1):
        builtin = dtype.isbuiltin == 1
        remedy = f"convert it: x.astype('{dtype.name}')" if builtin else f"convert it: x.astype(ml_dtypes.{dtype.name})"
        fail(f"got dtype {array.dtype}, want {dtype.name} ({argument.dtype})", where=_where(argument), remedy=remedy)


def _where(argument: Argument) -> str:
    return f"argument {argument.index} ({argument.name})" if argument.name else f"argument {argument.index}"

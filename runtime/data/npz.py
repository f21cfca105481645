"""One .npz file, which may come from anywhere: its arrays by key, each held against what is wanted before any of it is read.

A zip file says how long its members are, an array's header what shape it has; both can lie. So a member is read only after key,
shape, type and size have been found to be those that the program takes, and never for longer than that. Nothing in it is executed.
"""

from __future__ import annotations

import io
import math
import os
import stat
import warnings
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialects.errors import MeshwrightError, fail

Array = NDArray[Any]
HEADER_BYTES = 1 << 14  # of an array's header numpy takes 10 000
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what numpy writes


@dataclass(frozen=True)
class Member:
    """One array of the file: its header, and ``array`` when it is asked for."""

    path: str
    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    header_bytes: int

    def check_size(self, where: str) -> None:
        """Raise UserError unless the member is as long as its array, which is by now known to be what is wanted."""
        need = self.header_bytes + math.prod(self.shape) * self.dtype.itemsize
        stored = self.info.compress_type == zipfile.ZIP_STORED
        if self.info.file_size != need or (stored and self.info.compress_size != need):
            shown = self.info.file_size if self.info.file_size != need else self.info.compress_size
            fail(f"got {shown} bytes in '{self.info.filename}', want {need}", where=where, remedy=REMEDY)

    def check_sum(self) -> None:
        """Read all of it once against its checksum. Raises UserError for a damaged file."""
        with damage(self.path), zipfile.ZipFile(self.path) as archive, archive.open(self.info) as stream:
            while stream.read(1 << 20):
                pass

    @cached_property
    def array(self) -> Array:
        """A memory map if it is stored uncompressed (numpy.savez), so that ranks share its pages; else loaded."""
        with damage(self.path):
            if self.info.compress_type != zipfile.ZIP_STORED or 0 in self.shape or self.shape == ():
                with zipfile.ZipFile(self.path) as archive, archive.open(self.info) as stream:
                    return np.lib.format.read_array(stream, allow_pickle=False)
            with Path(self.path).open("rb") as file:
                file.seek(self.info.header_offset + 26)  # the lengths of the local header, not always the directory's
                name_bytes, extra_bytes = np.frombuffer(file.read(4), "<u2")
            start = self.info.header_offset + 30 + int(name_bytes) + int(extra_bytes) + self.header_bytes
            return np.memmap(self.path, self.dtype, "r", start, self.shape, "F" if self.fortran else "C")


REMEDY = "write it with numpy.savez"


@contextmanager
def damage(path: str) -> Generator[None]:
    """Whatever a file makes zipfile and numpy raise is the file's fault: one sentence, a UserError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's, about files of Python 2
            yield
    except MeshwrightError:
        raise
    except Exception as error:  # noqa: BLE001 they raise some twelve kinds, MemoryError among them
        said = str(error).splitlines() or [type(error).__name__]
        fail(f"not a readable .npz file ({said[0][:200]})", where=path, remedy=REMEDY)


def read_headers(path: str, num_arguments: int) -> dict[int, Member]:
    """The headers of every array of the file by argument index. Raises UserError for what is no .npz file of arguments."""
    _check_regular(path)
    given: dict[int, Member] = {}
    with damage(path), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            key = info.filename.removesuffix(".npy")
            if not (key.isascii() and key.isdecimal() and key == str(int(key[:9])) and int(key) < num_arguments):
                wanted = f"the program has arguments 0 to {num_arguments - 1}"
                fail(f"got key '{key[:80]}', want an argument index", where=path, remedy=wanted)
            if int(key) in given:
                fail(f"has the key '{key}' twice", where=path, remedy=REMEDY)
            given[int(key)] = _header(path, archive, info)
    return given


def _check_regular(path: str) -> None:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 a path of any text
    except (OSError, ValueError):
        fail("no such file", where=path)
    if not stat.S_ISREG(mode):
        fail("is not a file", where=path, remedy="give an .npz file")


def _header(path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    if info.flag_bits & 0x1:
        fail(f"'{info.filename}' is encrypted", where=path, remedy=REMEDY)
    if info.compress_type not in METHODS:
        want = "want it stored or deflated"
        fail(f"'{info.filename}' is compressed by method {info.compress_type}, {want}", where=path, remedy=REMEDY)
    with archive.open(info) as stream:
        head = io.BytesIO(stream.read(HEADER_BYTES))  # a header that says that it is longer ends here
    version = np.lib.format.read_magic(head)
    if version not in ((1, 0), (2, 0), (3, 0)):
        fail(f"'{info.filename}' has the .npy version {version[0]}.{version[1]}", where=path, remedy=REMEDY)
    read_1, read_2 = np.lib.format.read_array_header_1_0, np.lib.format.read_array_header_2_0
    shape, fortran, dtype = (read_1 if version == (1, 0) else read_2)(head)
    if dtype.hasobject:
        fail(f"'{info.filename}' holds Python objects, want numbers", where=path, remedy="write plain arrays")
    return Member(path, info, shape, dtype, fortran, head.tell())

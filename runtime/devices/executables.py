"""Compiled programs on this host's disk, by content: a second start of the same plan compiles nothing.

Each file is this user's alone and holds the digest of its content: an executable is code, and is loaded from nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from compiler.plan.scratch import whole_file

FOLDER = "MESHWRIGHT_CACHE"  # "off": none
MOST_BYTES = 4 << 30  # of a folder; the files that were not read for longest go first
MAGIC = b"meshwright executable 1\n"
DIGEST_BYTES = 32
CPU_WORDS = ("model name", "flags", "Features")  # of /proc/cpuinfo: code is for one kind of processor


class Executables:
    """The folder, or none: where nothing can be kept, everything is compiled."""

    def __init__(self, folder: Path | None, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder if folder is not None and _own(folder) else None, most_bytes

    @classmethod
    def of_user(cls) -> Executables:
        """In $MESHWRIGHT_CACHE, by default in the user's cache (XDG Base Directory Specification)."""
        said = os.environ.get(FOLDER, "")
        if said == "off":
            return cls(None)
        with suppress(RuntimeError):  # no home
            usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "meshwright" / "executables"
            return cls(Path(said) if said else usual)
        return cls(None)

    def made(self, content: Iterable[bytes], make: Callable[[], bytes]) -> bytes:
        """What ``make`` makes of ``content`` (all that it depends on besides this host's processor), or made before."""
        if self._folder is None:
            return make()
        key = hashlib.sha256()
        for part in (*content, _processor()):
            key.update(b"%d:" % len(part))
            key.update(part)
        path = self._folder / key.hexdigest()
        found = _read(path)
        if found is not None:
            with suppress(OSError):
                os.utime(path)
            return found
        binary = make()
        self._keep(path, binary)
        return binary

    def _keep(self, path: Path, binary: bytes) -> None:
        """Nothing happens where the disk is full: the next run compiles again."""
        if len(binary) > self._most_bytes:
            return
        with suppress(OSError), whole_file(path) as partial:
            partial.write_bytes(MAGIC + hashlib.sha256(binary).digest() + binary)
        with suppress(OSError):
            path.chmod(0o600)
            self._prune()

    def _prune(self) -> None:
        assert self._folder is not None
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        total = 0
        for path in files:
            total += path.stat().st_size
            if total > self._most_bytes:
                path.unlink(missing_ok=True)


def _own(folder: Path) -> bool:
    """Make it if it is not there; whether it is this user's, and nobody else writes into it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _safe(folder.lstat(), stat.S_ISDIR)
    except OSError:
        return False


def _safe(found: os.stat_result, kind: Callable[[int], bool]) -> bool:
    return kind(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(path: Path) -> bytes | None:
    """The content of a sound file; None, and no file any more, if it is not."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not _safe(os.fstat(fd), stat.S_ISREG):
        os.close(fd)
    else:
        with os.fdopen(fd, "rb") as file:
            head, binary = file.read(len(MAGIC) + DIGEST_BYTES), file.read()
        if head == MAGIC + hashlib.sha256(binary).digest():
            return binary
    with suppress(OSError):
        path.unlink()
    return None


@cache
def _processor() -> bytes:
    """What tells processors apart for which XLA makes other code."""
    words = {platform.machine()}
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        words |= {line for line in lines if line.startswith(CPU_WORDS)}
    return "\n".join(sorted(words)).encode()

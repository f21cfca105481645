"""Files and folders on their way: hidden beside what they become, and locked while somebody writes them.

A process that is killed removes nothing; the kernel takes its locks. So the next run knows what was left behind: what bears
the name, belongs to this user, and is locked by nobody.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2
SUFFIX = ".partial"


class Scratch:
    """A locked temporary ``path``, a folder or a file, with ``remove``: gone, if it still is where it was made."""

    def __init__(self, parent: Path, prefix: str, *, folder: bool = True) -> None:
        """Make it in ``parent`` after clearing away what killed processes left there under ``prefix``. Raises OSError."""
        clear_left_behind(parent, prefix)
        if folder:
            self.path = Path(tempfile.mkdtemp(prefix=prefix, suffix=SUFFIX, dir=parent))
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        else:
            self._fd, name = tempfile.mkstemp(prefix=prefix, suffix=SUFFIX, dir=parent)
            self.path = Path(name)
        _lock(self._fd)

    def remove(self) -> None:
        """Remove it and let the lock go; nothing happens to a file that was renamed to its place."""
        _remove(self.path)
        self.let_go()

    def let_go(self) -> None:
        """Only let the lock go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def clear_left_behind(parent: Path, prefix: str) -> None:
    """Remove what nobody writes any more."""
    for path in parent.glob(f"{_literal(prefix)}*{SUFFIX}"):
        with suppress(OSError):
            if path.is_symlink() or path.stat().st_uid != os.getuid():
                continue
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if _lock(fd):
                    _remove(path)
            finally:
                os.close(fd)


def exchange(first: Path, second: Path) -> bool:
    """Swap two paths at once, so that at no moment one of them is missing; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(second))


def _lock(fd: int) -> bool:
    """Lock for this process alone; False if another holds it, or where there are no locks."""
    try:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _literal(text: str) -> str:
    """``text`` for a glob that means just it."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)

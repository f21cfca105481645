"""Files and folders on their way: hidden beside what they become, and locked while somebody writes them.

A process that is killed removes nothing; the kernel takes its locks. So the next run knows what was left behind: what bears
the name, belongs to this user, and is locked by nobody.
"""

from __future__ import annotations

import atexit
import ctypes
import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2
SUFFIX = ".partial"
MOST_PREFIX = 100  # letters of a name that its temporary one begins with: a file name has 255 bytes at most
_made: set[Path] = (
    set()
)  # what ends with this process: an interrupt may come before the caller has what it would remove


class Scratch:
    """A locked temporary ``path``, a folder or a file, with ``remove``: gone, if it still is where it was made."""

    def __init__(self, parent: Path, prefix: str, *, folder: bool = True) -> None:
        """Make it in ``parent`` after clearing away what killed processes left there under ``prefix``. Raises OSError."""
        clear_left_behind(parent, prefix)
        for _ in range(100):
            self.path = parent / f"{prefix}{secrets.token_hex(4)}{SUFFIX}"
            _made.add(self.path)
            try:
                self._fd = _make(self.path, folder=folder)
            except FileExistsError:  # another's
                _made.discard(self.path)
                continue
            _lock(self._fd, wait=True)
            if self.path.exists():
                return
            os.close(self._fd)  # another process took it for left behind, before it was locked
            _made.discard(self.path)
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(parent))

    def remove(self) -> None:
        """Remove it and let the lock go; nothing happens to a file that was renamed to its place."""
        _remove(self.path)
        self.let_go()

    def let_go(self) -> None:
        """Only let the lock go."""
        _made.discard(self.path)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _make(path: Path, *, folder: bool) -> int:
    """A new folder or file, this user's alone -> opened. Raises FileExistsError and other OSErrors."""
    if not folder:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    path.mkdir(mode=0o700)
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def whole_file(path: str | Path) -> Generator[Path]:
    """A file to write in the body, which becomes ``path`` at its end, on the disk and all at once; nothing, after an exception.

    Links stay and what they lead to is replaced; devices and pipes (/dev/null, /dev/stdout) are written to as they are. Raises
    OSError.
    """
    try:
        target = Path(path).resolve()
    except RuntimeError as error:  # Python 3.12 and older, of links in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error
    there = target.stat() if target.exists() else None
    if there is not None and not stat.S_ISREG(there.st_mode):
        yield target
        return
    partial = Scratch(target.parent, f".{target.name[:MOST_PREFIX]}-", folder=False)
    try:
        yield partial.path
        partial.path.chmod(0o666 & ~_umask() if there is None else stat.S_IMODE(there.st_mode))
        _sync(partial.path)
        partial.path.replace(target)
        with suppress(OSError):  # not every file system can
            _sync(target.parent)
    finally:
        partial.remove()


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


def _lock(fd: int, *, wait: bool = False) -> bool:
    """Lock for this process alone; False if another holds it and this one does not ``wait``, or where there are no locks."""
    try:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (ImportError, OSError):
        return False
    return True


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@atexit.register
def _remove_made() -> None:
    for path in _made:
        _remove(path)


def _literal(text: str) -> str:
    """``text`` for a glob that means just it."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)

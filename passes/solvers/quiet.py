"""Silence for solvers that write to the process's standard output whatever their log level says."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Generator


@contextlib.contextmanager
def quiet() -> Generator[None, None, None]:
    """Discard what C code writes to file descriptors 1 and 2 inside the block; Python's own output before it is kept.

    CBC's linear-programming path prints three lines on stdout at log level 0 (python-mip 2.0.0), and our ``--json``
    commands own that stream. The descriptors are the whole process's: do not use this around work that prints.
    """
    libc = ctypes.CDLL(None)
    with contextlib.ExitStack() as stack:
        sys.stdout.flush()
        sys.stderr.flush()
        libc.fflush(None)
        null = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, null)
        for descriptor in (1, 2):
            with contextlib.suppress(OSError):  # a closed descriptor needs no silence
                saved = os.dup(descriptor)
                stack.callback(os.close, saved)
                stack.callback(os.dup2, saved, descriptor)
                os.dup2(null, descriptor)
        stack.callback(libc.fflush, None)
        yield

"""Read a binary module in a process of its own first: a damaged one can end the process that reads it.

MLIR reports damage by quoting it, and jaxlib 0.10.2 ends the process (std::terminate) when a quote is no UTF-8: tried with one
byte changed in 400 copies of a module, 1 in 120 did. Costs 0.3 s, once a command. Text needs no probe: it is UTF-8 or no module.
"""

import os
import subprocess
import sys
from pathlib import Path

from dialects.errors import fail

_TIMEOUT_S = 600  # it takes 0.3 s: this ends only what hangs


def probe(blob: bytes, shown: str) -> None:
    """Raise UserError unless a second process can read the module ``blob`` that messages call ``shown``."""
    # -P and this process's own path: a folder `compiler` where the user happens to be is not ours
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    command = [sys.executable, "-P", "-m", "compiler.frontends.canary", shown]
    done = subprocess.run(command, input=blob, capture_output=True, env=environment, timeout=_TIMEOUT_S, check=False)
    message = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0 or (done.returncode == 2 and message):
        return  # readable, or refused in words that the caller will find itself
    if done.returncode > 0 and not message:
        return  # the probe itself could not run; the reader says why
    fail("damaged: reading it crashes MLIR", where=shown, remedy="export it again")

"""Read a module in a process of its own first where it could end the process that reads it.

MLIR reports damage by quoting it, and jaxlib 0.10.2 ends the process (std::terminate) when a quote is no UTF-8: tried with one
byte changed in 400 copies of a module, 1 in 120 did. It reads nests recursively, and affine expressions for ever. The second
process costs 0.3 s, once a command, so plain text goes without: of 4,000 mutants of texts that nest as programs do, none did harm.
"""

import os
import subprocess
import sys
from pathlib import Path

from compiler.frontends.limits import too_deep
from dialects.errors import fail
from dialects.nesting import MAX_DEPTH, bracket_depth, has_rare_parts

_TIMEOUT_S = 60  # it takes 0.3 s: this ends only what hangs
_BYTES_PER_S = 1 << 20  # and what is large has longer
_PLAIN_DEPTH = 64


def is_plain(text: str, shown: str) -> bool:
    """Whether MLIR can read ``text`` in this process, whatever it says. Refuses nests that no process could read."""
    deepest = bracket_depth(text)
    if deepest > MAX_DEPTH:
        too_deep(f"brackets nest {deepest} deep, want at most {MAX_DEPTH}", shown)
    return deepest <= _PLAIN_DEPTH and not has_rare_parts(text)


def probe(blob: bytes, shown: str) -> None:
    """Raise UserError unless a second process can read the module ``blob`` that messages call ``shown``."""
    # -P and this process's own path: a folder `compiler` where the user happens to be is not ours
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}
    command = [sys.executable, "-P", "-m", "compiler.frontends.canary", shown]
    limit_s = _TIMEOUT_S + len(blob) / _BYTES_PER_S
    try:
        done = subprocess.run(command, input=blob, capture_output=True, env=environment, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        fail(f"damaged: reading it does not end in {limit_s:.0f} s", where=shown, remedy="export it again")
    message = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0 or (done.returncode == 2 and message):
        return  # readable, or refused in words that the caller will find itself
    if done.returncode > 0 and not message:
        return  # the probe itself could not run; the reader says why
    fail("damaged, or nested too deep: reading it crashes MLIR", where=shown, remedy="export it again")

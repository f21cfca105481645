"""Read a binary module in a process of its own first: a damaged one can end the process that reads it.

MLIR reports damage by quoting it, and jaxlib 0.10.2 ends the process (std::terminate) when a quote is no UTF-8: tried with one
byte changed in 400 copies of a module, 1 in 120 did. Costs 0.3 s, once a command. Text needs no probe: it is UTF-8 or no module.
"""

import os
import subprocess
import sys
from typing import cast

from jaxlib.mlir import ir

from dialects.context import make_context
from dialects.errors import MeshwrightError, fail
from dialects.ops import all_ops

_TIMEOUT_S = 600


def probe(blob: bytes, shown: str) -> None:
    """Raise UserError unless a second process can read the module ``blob`` that messages call ``shown``."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path) or "."}
    command = [sys.executable, "-m", "compiler.frontends.probe", shown]
    done = subprocess.run(command, input=blob, capture_output=True, env=environment, timeout=_TIMEOUT_S, check=False)
    message = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0 or (done.returncode == 2 and message):
        return  # readable, or refused in words that the caller will find itself
    if done.returncode > 0 and not message:
        return  # the probe itself could not run; the reader says why
    fail("damaged: reading it crashes MLIR", where=shown, remedy="export it again")


def _main() -> int:
    from compiler.frontends.parse import parse_unprobed

    shown = sys.argv[1]
    with make_context() as context, ir.Location.unknown():
        try:
            module = parse_unprobed(sys.stdin.buffer.read(), context, shown).module
        except MeshwrightError as error:
            print(error)
            return error.exit_code
        for op in all_ops(module.operation):
            _read_names(op)
        module.operation.verify()
    return 0


def _read_names(op: ir.Operation) -> None:
    """Touch every name and string that any pass could read."""
    _read_location(op.location)
    for region in op.regions:
        for block in region.blocks:
            for argument in block.arguments:
                _read_location(argument.location)
    for name in op.attributes:
        _read_attribute(op.attributes[name])


def _read_location(location: ir.Location) -> None:
    left = [location]
    while left:
        here = left.pop()
        if isinstance(here, ir.FileLineColLoc):
            _ = here.filename
        elif isinstance(here, ir.NameLoc):
            _ = here.name_str
            left.append(here.child_loc)
        elif isinstance(here, ir.CallSiteLoc):
            left += (here.caller, here.callee)
        elif isinstance(here, ir.FusedLoc):
            left += [cast(ir.Location, inner) for inner in here.locations]


def _read_attribute(attribute: ir.Attribute) -> None:
    if isinstance(attribute, ir.StringAttr):
        _ = attribute.value
    elif isinstance(attribute, ir.ArrayAttr):
        for item in attribute:
            _read_attribute(item)
    elif isinstance(attribute, ir.DictAttr):
        for item in attribute:
            _ = item.name
            _read_attribute(item.attr)


if __name__ == "__main__":
    sys.exit(_main())

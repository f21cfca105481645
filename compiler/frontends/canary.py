"""The process that reads a module first (``probe`` starts it): every op, every name and string that any pass could read.

``python -m compiler.frontends.canary SHOWN`` takes the module on stdin; SHOWN is what messages call it.
"""

import sys
from typing import cast

from jaxlib.mlir import ir

from compiler.frontends.parse import parse_unprobed
from dialects.context import make_context
from dialects.errors import MeshwrightError
from dialects.ops import all_ops


def _main() -> int:
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
        try:
            _read_attribute(op.attributes[name])
        except TypeError:  # jaxlib 0.10 cannot hold a complex elements attribute, and there are no names in one
            continue


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

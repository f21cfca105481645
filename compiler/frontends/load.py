"""A checked program from a file: the one way in for ``plan`` and ``inspect``."""

from dataclasses import dataclass
from pathlib import Path

from jaxlib.mlir import ir

from compiler.frontends.bounded import fix_bounds
from compiler.frontends.check import check_program
from compiler.frontends.entry import select_main
from compiler.frontends.limits import check_limits
from compiler.frontends.marks import check_marks
from compiler.frontends.mhlo import from_mhlo
from compiler.frontends.parse import Kind, parse_bytes, read_bytes
from compiler.frontends.platform import HOST, fix_platform
from compiler.frontends.sharding_rules import use_own_rules


@dataclass(frozen=True)
class LoadedModule:
    """A checked program: its entry is the public function @main, static shapes, StableHLO, CHLO and sdy ops only.

    ``name``: the user's name of the program; ``platforms``: those that the file says it was lowered for, or ().
    """

    module: ir.Module
    kind: Kind
    name: str
    platforms: tuple[str, ...] = ()


def load_module(path: str, context: ir.Context, platform: str | None = None, devices: str = HOST) -> LoadedModule:
    """Read, parse and check ``path`` ("-" is stdin); ``platform``: of several the one to take, None: that of the ``devices``.

    Raises UserError, one sentence, for anything that is not a program.
    """
    return load_bytes(read_bytes(path), context, "<stdin>" if path == "-" else path, platform, devices)


def load_bytes(
    blob: bytes, context: ir.Context, shown: str, platform: str | None = None, devices: str = HOST
) -> LoadedModule:
    """Parse and check the content of a file that messages call ``shown``; else as ``load_module``."""
    parsed = parse_bytes(blob, context, shown)
    module = parsed.module
    check_limits(module, shown)
    check_marks(module, shown)
    from_mhlo(module, shown)
    fix_bounds(module, shown)
    check_program(module, shown)
    select_main(module, shown)
    fix_platform(module, parsed.platforms, platform, shown, devices)
    use_own_rules(module)
    attributes = module.operation.attributes
    symbol = ir.StringAttr(attributes["sym_name"]).value if "sym_name" in attributes else ""
    return LoadedModule(module, parsed.kind, parsed.name or symbol or Path(shown).stem, parsed.platforms)

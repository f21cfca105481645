"""One file, any of four kinds, told apart by content: StableHLO text, MLIR bytecode, portable artifact, jax.export blob."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dialects.diagnostics import Diagnostic, captured, first_error
from dialects.errors import Failure, UserError, fail
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from compiler.frontends.check import check_program
from compiler.frontends.entry import fix_platform, select_main
from compiler.frontends.jax_export import read_exported

Kind = Literal["text", "bytecode", "portable artifact", "jax.export"]
KINDS = "StableHLO as .mlir text, MLIR bytecode, a portable artifact or a serialized jax.export"
_MAGIC = b"ML\xefR"


@dataclass(frozen=True)
class LoadedModule:
    """A checked program: its entry is the public function @main, static shapes, StableHLO, CHLO and sdy ops only.

    ``name``: the user's name of the program; ``platforms``: those that the file says it was lowered for, or ().
    """

    module: ir.Module
    kind: Kind
    name: str
    platforms: tuple[str, ...] = ()


def load_module(path: str, context: ir.Context) -> LoadedModule:
    """Read, parse and check ``path`` ("-" is stdin). Raises UserError, one sentence, for anything that is not a program."""
    shown = "<stdin>" if path == "-" else path
    return parse_module(read_bytes(path), context, shown)


def read_bytes(path: str) -> bytes:
    """The content of a file or of stdin."""
    if path == "-":
        return sys.stdin.buffer.read()
    file = Path(path)
    try:
        return file.read_bytes()
    except FileNotFoundError:
        fail("no such file", where=path)
    except IsADirectoryError:
        fail("is a directory, want a module", where=path, remedy=f"give a file: {KINDS}")
    except OSError as error:
        raise Failure(f"cannot be read: {error.strerror or error}", where=path) from error


def parse_module(blob: bytes, context: ir.Context, shown: str) -> LoadedModule:
    """Parse and check the content of a file that messages call ``shown``."""
    platforms: tuple[str, ...] = ()
    if not blob.strip():
        fail("the file is empty", where=shown, remedy=f"want {KINDS}")
    kind: Kind = "text"
    name = ""
    if blob.startswith(_MAGIC):
        kind = "portable artifact" if blob[4:].lstrip(b"\0\r\n\t ")[:9] == b"StableHLO" else "bytecode"
    elif (exported := read_exported(blob)) is not None:
        kind, blob, platforms, name = "jax.export", exported.artifact, exported.platforms, exported.name
    elif not _looks_like_text(blob):
        fail(f"not a module ({len(blob)} bytes of something else)", where=shown, remedy=f"want {KINDS}")
    module = _parse(blob, kind, context, shown)
    check_program(module, shown)
    select_main(module, shown)
    fix_platform(module, platforms, shown)
    return LoadedModule(module, kind, name or _module_name(module) or Path(shown).stem, platforms)


def _parse(blob: bytes, kind: Kind, context: ir.Context, shown: str) -> ir.Module:
    with captured(context) as seen:
        try:
            if kind in ("portable artifact", "jax.export"):
                return stablehlo.deserialize_portable_artifact(context, blob)
            module = ir.Module.parse(blob, context)
            return _from_vhlo(module, context) if _holds_vhlo(module) else module
        except (ir.MLIRError, ValueError) as error:
            raise _unreadable(first_error(seen, error), kind, shown) from None


def _holds_vhlo(module: ir.Module) -> bool:
    return any(op.operation.name.startswith("vhlo.") for op in module.body.operations)


def _from_vhlo(module: ir.Module, context: ir.Context) -> ir.Module:
    """Bytecode or text of the versioned dialect, not written by a StableHLO serializer, is a portable artifact as well."""
    return stablehlo.deserialize_portable_artifact(context, str(module).encode())


def _unreadable(error: Diagnostic, kind: Kind, shown: str) -> UserError:
    where = f"{shown}:{error.line}:{error.column}" if kind == "text" and error.line else shown
    for phrase in ("Dialect `", "created with unregistered dialect", "unregistered operation"):
        if phrase in error.message:
            return UserError(_flat(error.message), where=where, remedy="want StableHLO, CHLO or sdy: convert the program first")
    if kind == "text":
        return UserError(f"not a valid module: {_flat(error.message)}", where=where, remedy=f"want {KINDS}")
    return UserError(f"damaged or truncated {kind}: {_flat(error.message)}", where=where, remedy="export it again")


def _flat(message: str) -> str:
    return " ".join(message.split(". If this is intended")[0].split())


def _looks_like_text(blob: bytes) -> bool:
    try:
        blob.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in blob


def _module_name(module: ir.Module) -> str:
    attributes = module.operation.attributes
    return ir.StringAttr(attributes["sym_name"]).value if "sym_name" in attributes else ""

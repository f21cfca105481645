"""Bytes -> module, whichever of four kinds they are. Nothing is checked here: ``compiler.opt`` reads any IR."""

import os
import stat
import sys
from dataclasses import dataclass
from typing import BinaryIO, Literal

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from compiler.frontends.jax_export import read_exported
from compiler.frontends.mhlo import admit_mhlo
from compiler.frontends.probe import is_plain, probe
from dialects.diagnostics import Diagnostic, captured, first_error
from dialects.errors import Failure, UserError, fail

Kind = Literal["text", "bytecode", "portable artifact", "jax.export"]
KINDS = "StableHLO as .mlir text, MLIR bytecode, a portable artifact or a serialized jax.export"
_MAGIC = b"ML\xefR"
MAX_BYTES = 4 << 30
_SMALLER = "give large constants as arguments instead of writing them into the program"


@dataclass(frozen=True)
class Parsed:
    """A module with what its file says: the exported function's name ("" if unknown) and its platforms."""

    module: ir.Module
    kind: Kind
    name: str = ""
    platforms: tuple[str, ...] = ()


def _at_most(file: BinaryIO, shown: str) -> bytes:
    given = file.read(MAX_BYTES + 1)
    if len(given) > MAX_BYTES:
        fail(f"has more than {MAX_BYTES} bytes", where=shown, remedy=_SMALLER)
    return given


def read_bytes(path: str) -> bytes:
    """The content of a file or a pipe, or of stdin for "-"; devices, which may have no end, are refused."""
    if path == "-":
        return _at_most(sys.stdin.buffer, "<stdin>")
    try:
        kind = os.stat(path).st_mode  # noqa: PTH116 a path of any text
        if stat.S_ISDIR(kind):
            fail("is a directory, want a module", where=path, remedy=f"give a file: {KINDS}")
        if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
            fail("is no file and no pipe, want a module", where=path, remedy=f"give a file: {KINDS}")
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe into which nobody writes is empty
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if found.st_size > MAX_BYTES:
                fail(f"has {found.st_size} bytes, want a module of at most {MAX_BYTES}", where=path, remedy=_SMALLER)
            os.set_blocking(fd, True)
            return _at_most(file, path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        fail("no such file", where=path)
    except MemoryError as error:
        raise Failure("is larger than the memory that is left", where=path) from error
    except OSError as error:
        raise Failure(f"cannot be read: {error.strerror or error}", where=path) from error


def parse_bytes(blob: bytes, context: ir.Context, shown: str) -> Parsed:
    """Parse the content of a file that messages call ``shown``. Raises UserError, one sentence, for anything else."""
    if not _is_text(blob) or not is_plain(blob.decode(), shown):
        probe(blob, shown)
    return parse_unprobed(blob, context, shown)


def parse_unprobed(blob: bytes, context: ir.Context, shown: str) -> Parsed:
    """``parse_bytes`` without the safety of a second process."""
    if not blob.strip():
        fail("the file is empty", where=shown, remedy=f"want {KINDS}")
    if blob.startswith(_MAGIC):
        producer = blob[4:].lstrip(b"\0\r\n\t ")
        kind = "portable artifact" if producer.startswith(b"StableHLO") else "bytecode"
        return Parsed(_parse(blob, kind, context, shown), kind)
    exported = read_exported(blob)
    if exported is not None:
        module = _parse(exported.artifact, "jax.export", context, shown)
        return Parsed(module, "jax.export", exported.name, exported.platforms)
    if not _is_text(blob):
        fail(f"not a module ({len(blob)} bytes of something else)", where=shown, remedy=f"want {KINDS}")
    return Parsed(_parse(blob, "text", context, shown), "text")


def _parse(blob: bytes, kind: Kind, context: ir.Context, shown: str) -> ir.Module:
    admit_mhlo(blob, context)
    with context, captured(context) as seen:
        try:
            if kind in ("portable artifact", "jax.export"):
                return stablehlo.deserialize_portable_artifact(context, blob)
            module = _parse_text(blob.decode(), shown) if kind == "text" else ir.Module.parse(blob)
            if any(op.operation.name.startswith("vhlo.") for op in module.body.operations):
                # bytecode or text of the versioned dialect that no StableHLO serializer has signed
                return stablehlo.deserialize_portable_artifact(context, str(module).encode())
            return module
        except (ir.MLIRError, ValueError) as error:
            raise _unreadable(first_error(seen, error), kind, shown) from None


def _parse_text(text: str, shown: str) -> ir.Module:
    """``ir.Module.parse`` calls every source "-"; ``ir.Operation.parse`` takes its name, so that locations are true."""
    try:
        top = ir.Operation.parse(text, source_name=shown).operation
    except ir.MLIRError as error:
        if "single top-level operation" not in str(error):
            raise
        if any(line.startswith(("#", "!")) for line in text.splitlines()):
            return ir.Module.parse(text)  # aliases cannot stand inside of a module
        top = ir.Operation.parse(f"module {{ {text}\n}}", source_name=shown).operation
    module = ir.Module.create(top.location)
    if top.name != "builtin.module":
        module.body.append(top)
        return module
    for item in list(top.regions[0].blocks[0].operations):
        module.body.append(item)
    for name in top.attributes:
        module.operation.attributes[name] = top.attributes[name]
    return module


def _unreadable(error: Diagnostic, kind: Kind, shown: str) -> UserError:
    where = f"{shown}:{error.line}:{error.column}" if kind == "text" and error.line else shown
    message = " ".join(error.message.split(". If this is intended")[0].split())
    if any(
        phrase in message for phrase in ("Dialect `", "created with unregistered dialect", "unregistered operation")
    ):
        return UserError(message, where=where, remedy="want StableHLO, CHLO or sdy: convert the program first")
    if kind == "text":
        return UserError(f"not a valid module: {message}", where=where, remedy=f"want {KINDS}")
    return UserError(f"damaged or truncated {kind}: {message}", where=where, remedy="export it again")


def _is_text(blob: bytes) -> bool:
    try:
        blob.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in blob

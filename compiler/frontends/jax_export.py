"""Read the little we need from a serialized ``jax.export.Exported``, without jax.

The format is a flatbuffer without a file identifier (jax/_src/export/serialization.fbs, root table ``Exported``); the
slots below are those of ``serialization_generated.py`` in jax 0.4.30 to 0.10. Fields are only ever added, so newer ones read too.
"""

import struct
from dataclasses import dataclass

from flatbuffers import encode, number_types
from flatbuffers.table import Table

_SERIALIZATION_VERSION = 4
_FUNCTION_NAME = 6
_PLATFORMS = 22
_MLIR_MODULE_SERIALIZED = 30
_CALLING_CONVENTION_VERSION = 32

_MOST_PLATFORMS = 64


@dataclass(frozen=True)
class Exported:
    """One exported function: its StableHLO portable artifact and the platforms that it was lowered for."""

    name: str
    platforms: tuple[str, ...]
    artifact: bytes
    calling_convention: int


def read_exported(blob: bytes) -> Exported | None:
    """The blob as an Exported, or None when it is not one (never raises on foreign or damaged bytes)."""
    try:
        return _read(blob)
    except (struct.error, IndexError, ValueError, TypeError, OverflowError):
        return None


def _read(blob: bytes) -> Exported | None:
    if len(blob) < 16:
        return None
    root = int(encode.Get(number_types.UOffsetTFlags.packer_type, blob, 0))
    if not 4 <= root < len(blob) - 4:
        return None
    table = Table(blob, root)
    artifact = _bytes(table, _MLIR_MODULE_SERIALIZED)
    version = _number(table, _SERIALIZATION_VERSION)
    if artifact is None or not artifact.startswith(b"ML\xefR") or not 2 <= version <= 1000:
        return None
    return Exported(
        name=_text(table, _FUNCTION_NAME),
        platforms=_texts(table, _PLATFORMS),
        artifact=artifact,
        calling_convention=_number(table, _CALLING_CONVENTION_VERSION),
    )


def _slot(table: Table, slot: int) -> int:
    return int(table.Offset(slot))


def _number(table: Table, slot: int) -> int:
    offset = _slot(table, slot)
    return int(table.Get(number_types.Uint16Flags, offset + table.Pos)) if offset else 0


def _text(table: Table, slot: int) -> str:
    offset = _slot(table, slot)
    return _string(table, offset + table.Pos) if offset else ""


def _string(table: Table, position: int) -> str:
    start = position + int(table.Get(number_types.UOffsetTFlags, position))
    length = int(table.Get(number_types.UOffsetTFlags, start))
    return _slice(table, start + 4, length).decode("utf-8", "replace")


def _texts(table: Table, slot: int) -> tuple[str, ...]:
    offset = _slot(table, slot)
    if not offset:
        return ()
    start, count = int(table.Vector(offset)), int(table.VectorLen(offset))
    if count > _MOST_PLATFORMS:
        raise ValueError("not a list of platforms")
    return tuple(_string(table, start + 4 * i) for i in range(count))


def _bytes(table: Table, slot: int) -> bytes | None:
    offset = _slot(table, slot)
    return _slice(table, int(table.Vector(offset)), int(table.VectorLen(offset))) if offset else None


def _slice(table: Table, start: int, length: int) -> bytes:
    blob = bytes(table.Bytes[start : start + length])
    if len(blob) < length:
        raise ValueError("truncated")
    return blob

"""The seal of a plan's signature: what program.mlir was planned with, above its text.

Types and state can be read from the program itself; names, roles and which value holds a result cannot. Two results of one
type whose values were exchanged would be a sound plan of another program.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from compiler.plan.records import Argument, Plan, Result

_HEAD = b"// signature: "


def seal_line(plan: Plan) -> str:
    """A comment with the SHA-256 of the argument and result records, for the first line of program.mlir."""
    return _HEAD.decode() + _digest(plan)


def sealed_as(plan: Plan, program: bytes) -> bool:
    """Whether ``program`` was planned with these arguments and results; one without a seal does not say."""
    line = program[:200].partition(b"\n")[0]
    return not line.startswith(_HEAD) or line.removeprefix(_HEAD).strip() == _digest(plan).encode()


def _digest(plan: Plan) -> str:
    return hashlib.sha256(msgspec.json.encode([_said(plan.arguments), _said(plan.results)])).hexdigest()


def _said(items: Sequence[Argument | Result]) -> list[dict[str, Any]]:
    """Without ``part`` where there is none: plans made before there were parts stay good."""
    documents: list[dict[str, Any]] = [msgspec.to_builtins(item) for item in items]
    return [{key: it for key, it in document.items() if key != "part" or it is not None} for document in documents]

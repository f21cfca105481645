"""Plans on disk: written whole or not at all, checked before they are used. A plan is data; loading it executes nothing."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from compiler.plan.check import check_plan
from compiler.plan.records import VERSION, Plan
from dialects.errors import Failure, fail

PLAN_FILE = "plan.json"


def write_plan(plan: Plan, files: Mapping[str, str | bytes], out: str) -> Plan:
    """Write ``plan`` and ``files`` (relative path -> content) as the folder ``out``, replacing an older plan there.

    Everything goes to a folder beside it first, which is renamed at the end. Returns the plan with its digests.
    Raises UserError when ``out`` is something else than a plan, Failure when the disk is full or not writable.
    """
    target = Path(out)
    if target.exists() and not (target.is_dir() and ((target / PLAN_FILE).is_file() or not any(target.iterdir()))):
        fail("exists and is not a plan folder", where=out, remedy="give another -o, or remove it")
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    signed = msgspec.structs.replace(plan, digests=digests)
    contents[PLAN_FILE] = msgspec.json.format(msgspec.json.encode(signed), indent=1)
    partial: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        for name, content in contents.items():
            file = partial / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        partial.chmod(0o755)
        _swap(partial, target)
    except OSError as error:
        raise Failure(f"cannot write the plan: {error.strerror or error}", where=out) from error
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
    return signed


def _swap(partial: Path, target: Path) -> None:
    """Put ``partial`` in the place of ``target``; an older plan is gone only once the new one is there."""
    if not target.exists():
        os.rename(partial, target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    os.rename(target, old / "plan")
    os.rename(partial, target)
    shutil.rmtree(old, ignore_errors=True)


def load_plan(path: str) -> Plan:
    """Read and check the plan folder ``path``. Raises UserError, one sentence, on anything that is not a sound plan."""
    file = Path(path) / PLAN_FILE
    try:
        blob = file.read_bytes()
    except FileNotFoundError:
        fail(f"there is no {PLAN_FILE} in it", where=path, remedy="give a folder that `python -m compiler plan` wrote")
    except OSError as error:
        raise Failure(f"cannot be read: {error.strerror or error}", where=str(file)) from error
    plan = decode_plan(blob, str(file))
    for name, digest in plan.digests.items():
        content = read_plan_file(path, name)
        if hashlib.sha256(content).hexdigest() != digest:
            fail(
                "its content is not what was planned (sha256 differs)",
                where=str(Path(path) / name),
                remedy="plan again instead of editing",
            )
    missing = {plan.program, *(fragment.file for fragment in plan.fragments)} - plan.digests.keys()
    if missing:
        fail(f"has no digest for {', '.join(sorted(missing))}", where=str(file), remedy="plan again instead of editing")
    return plan


def decode_plan(blob: bytes, where: str) -> Plan:
    """Decode and check the content of a plan.json."""
    try:
        head = msgspec.json.decode(blob)
    except msgspec.DecodeError as error:
        fail(f"is not JSON: {error}", where=where, remedy="plan again")
    version = head.get("version") if isinstance(head, dict) else None
    if version != VERSION:
        fail(f"got plan version {version!r}, want {VERSION}", where=where, remedy="plan again with this meshwright")
    try:
        plan = msgspec.convert(head, Plan)
    except msgspec.ValidationError as error:
        fail(f"{error}", where=where, remedy="plan again instead of editing")
    check_plan(plan, where)
    return plan


def read_plan_file(path: str, name: str) -> bytes:
    """The content of a file that a plan names; it must lie inside the plan folder."""
    root = Path(path).resolve()
    file = (root / name).resolve()
    if not file.is_relative_to(root):
        fail(f"names '{name}', outside of the plan folder", where=path, remedy="plan again instead of editing")
    try:
        return file.read_bytes()
    except FileNotFoundError:
        fail("the plan names it, and it is missing", where=str(file), remedy="plan again, or copy the whole folder")
    except OSError as error:
        raise Failure(f"cannot be read: {error.strerror or error}", where=str(file)) from error

"""Plans on disk: written whole or not at all, checked before they are used. A plan is data; loading it executes nothing."""

import hashlib
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from compiler.plan.check import check_plan
from compiler.plan.records import VERSION, Plan
from compiler.plan.scratch import Scratch, exchange
from compiler.plan.strict_json import decode_strict, without_controls
from dialects.errors import Failure, fail

PLAN_FILE = "plan.json"
MOST_PLAN_BYTES = 1 << 30  # of plan.json; of 64 devices and 1000 layers it has some 10 MB
MOST_FILE_BYTES = 1 << 36  # of a module, whose constants are in it


def write_plan(plan: Plan, files: Mapping[str, str | bytes], out: str) -> Plan:
    """Write ``plan`` and ``files`` (relative path -> content) as the folder ``out``, replacing an older plan there.

    Everything goes to a folder beside it first, which takes its place at the end. Returns the plan with its digests.
    Raises UserError when ``out`` holds anything but a plan, Failure when the disk is full or not writable.
    """
    target = Path(out)
    check_replaceable(out)
    signed, contents = sign_plan(plan, files)
    contents[PLAN_FILE] = msgspec.json.format(msgspec.json.encode(signed), indent=1)
    partial: Scratch | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target = target.resolve()  # where a link leads to, so that the link stays
        partial = Scratch(target.parent, f".{target.name}-")
        for name, content in contents.items():
            file = partial.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        partial.path.chmod(0o755)
        _swap(partial.path, target)
    except OSError as error:
        raise Failure(f"cannot write the plan: {error.strerror or error}", where=out) from error
    finally:
        if partial is not None:
            partial.remove()
    return signed


def sign_plan(plan: Plan, files: Mapping[str, str | bytes]) -> tuple[Plan, dict[str, bytes]]:
    """The plan, printable and with the digests of its ``files``, and the files as bytes: nothing is written."""
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return msgspec.structs.replace(printable(plan), digests=digests), contents


def printable(plan: Plan) -> Plan:
    """The plan without control characters in its names, which are the user's program's."""
    document = msgspec.to_builtins(plan)
    clean = without_controls(document)
    return plan if clean == document else msgspec.convert(clean, Plan)


def check_replaceable(out: str) -> None:
    """Raise UserError if ``out`` is there and holds anything that no plan of ours wrote: replacing it would lose that."""
    target = Path(out)
    remedy = "give another -o, or remove it"
    if not target.exists():
        return
    if not target.is_dir():
        fail("exists and is not a plan folder", where=out, remedy=remedy)
    try:
        foreign = _foreign(target)
    except OSError as error:
        raise Failure(f"cannot be read: {error.strerror or error}", where=out) from error
    if foreign is not None:
        fail(f"exists and is not a plan folder, or not only: '{foreign}' is not of a plan", where=out, remedy=remedy)


def _foreign(folder: Path) -> str | None:
    """A name in ``folder`` that is not of the plan there; None if all is, or if it is empty."""
    names: set[str] = set()
    with suppress(OSError, ValueError, MemoryError):
        document: Any = decode_strict(_read_regular(folder / PLAN_FILE, MOST_PLAN_BYTES))
        if isinstance(document, dict) and isinstance(document.get("digests"), dict):  # pyright: ignore[reportUnknownMemberType]
            names = {PLAN_FILE, *document["digests"]}
    parents = {str(parent) for name in names for parent in Path(name).parents}
    for root, folders, files in os.walk(folder, onerror=_raise):
        here = Path(root).relative_to(folder)
        for name in [*files, *(f for f in folders if str(here / f) not in parents or (Path(root) / f).is_symlink())]:
            if str(here / name) not in names or name in folders:
                return str(here / name)
    return None


def _raise(error: OSError) -> None:
    raise error


def _swap(partial: Path, target: Path) -> None:
    """Put ``partial`` in the place of ``target``; an older plan is at ``partial`` then, or gone once the new one is there."""
    if not target.exists():
        os.rename(partial, target)
    elif exchange(partial, target):
        if (foreign := _foreign(partial)) is not None:  # it came while the new plan was written
            exchange(partial, target)
            fail(f"'{foreign}' is not of a plan", where=str(target), remedy="give another -o, or remove it")
    else:
        old = Scratch(target.parent, f".{target.name}-old-")
        os.rename(target, old.path / "plan")
        os.rename(partial, target)
        old.remove()


def load_plan(path: str) -> Plan:
    """Read and check the plan folder ``path``. Raises UserError, one sentence, on anything that is not a sound plan."""
    file = Path(path) / PLAN_FILE
    try:
        blob = _read_regular(file, MOST_PLAN_BYTES)
    except FileNotFoundError:
        fail(f"there is no {PLAN_FILE} in it", where=path, remedy="give a folder that `python -m compiler plan` wrote")
    except ValueError as error:
        fail(f"{error}", where=str(file), remedy="plan again")
    except OSError as error:
        raise Failure(f"cannot be read: {error.strerror or error}", where=str(file)) from error
    plan = decode_plan(blob, str(file))
    for name in plan.digests:
        read_signed(path, plan, name)
    missing = {plan.program, *(fragment.file for fragment in plan.fragments)} - plan.digests.keys()
    if missing:
        fail(f"has no digest for {', '.join(sorted(missing))}", where=str(file), remedy="plan again instead of editing")
    return plan


def decode_plan(blob: bytes, where: str) -> Plan:
    """Decode and check the content of a plan.json."""
    try:
        head = decode_strict(blob)
    except ValueError as error:
        fail(f"{error}", where=where, remedy="plan again")
    version = head.get("version") if isinstance(head, dict) else None
    if type(version) is not int or version != VERSION:
        fail(
            f"got plan version {str(version)[:40]}, want {VERSION}",
            where=where,
            remedy="plan again with this meshwright",
        )
    try:
        plan = msgspec.convert(head, Plan)
    except msgspec.ValidationError as error:
        fail(f"{error}", where=where, remedy="plan again instead of editing")
    check_plan(plan, where)
    return plan


def read_signed(path: str, plan: Plan, name: str) -> bytes:
    """The content of a file that a plan names; it must lie inside the plan folder, and be what was planned."""
    content = read_plan_file(path, name)
    if hashlib.sha256(content).hexdigest() != plan.digests.get(name):
        fail(
            "its content is not what was planned (sha256 differs)",
            where=str(Path(path) / name),
            remedy="plan again instead of editing",
        )
    return content


def read_plan_file(path: str, name: str) -> bytes:
    """The content of a file that a plan names; it must lie inside the plan folder."""
    root = Path(path).resolve()
    try:
        file = (root / name).resolve()
    except RuntimeError as error:  # what Python before 3.13 makes of a link that leads to itself
        raise Failure("cannot be read: Too many levels of symbolic links", where=str(Path(path) / name)) from error
    if not file.is_relative_to(root):
        fail(f"names '{name}', outside of the plan folder", where=path, remedy="plan again instead of editing")
    try:
        return _read_regular(file, MOST_FILE_BYTES)
    except FileNotFoundError:
        fail("the plan names it, and it is missing", where=str(file), remedy="plan again, or copy the whole folder")
    except ValueError as error:
        fail(f"{error}", where=str(file), remedy="plan again")
    except OSError as error:
        raise Failure(f"cannot be read: {error.strerror or error}", where=str(file)) from error


def _read_regular(file: Path, most_bytes: int) -> bytes:
    """The content of a regular file: a pipe would wait for ever, a device never end. Raises ValueError for those, OSError."""
    fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as stream:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("is not a regular file")
        if found.st_size > most_bytes:
            raise ValueError(f"has {found.st_size} bytes, more than any plan ({most_bytes})")
        return stream.read(found.st_size)

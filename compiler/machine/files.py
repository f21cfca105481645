"""Machine files: those that come with the project, and anyone's own, read and checked."""

import difflib
import math
import tomllib
from pathlib import Path
from typing import Any, cast

import msgspec

from compiler.machine.description import Link, Machine
from dialects.errors import fail

_FOLDER = Path(__file__).parent / "known"


def known_machines() -> tuple[str, ...]:
    """The names that need no file."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_machine(
    name_or_path: str = "local-cpu",
    hosts: int | None = None,
    devices_per_host: int | None = None,
    memory_bytes: float | None = None,
) -> Machine:
    """The machine of a known name or of a TOML file, with the size that the command line gives in place of the file's.

    Raises UserError: no such machine, a file that is not TOML, a missing, misspelt or wrong key, more hosts or devices
    asked for than there are.
    """
    path = _find(name_or_path)
    machine = _read(path)
    asked = (("hosts", hosts, machine.hosts), ("devices_per_host", devices_per_host, machine.devices_per_host))
    for key, value, there in asked:
        if value is not None and value < 1:
            fail(f"got {value}, want at least 1", where=f"--{key.replace('_', '-')}")
        if value is not None and there is not None and value > there:
            words = key.replace("_", " ")
            fail(
                f"a mesh larger than the machine: got {value} {words}, '{machine.name}' has {there}",
                where=f"--{key.replace('_', '-')}",
                remedy=f"ask for at most {there}, or change {key} in {path}",
            )
    if memory_bytes is not None and not 0 < memory_bytes < math.inf:
        fail(f"got {memory_bytes} bytes, want more than 0", where="--memory-per-device")
    return msgspec.structs.replace(
        machine,
        hosts=hosts or machine.hosts or 1,
        devices_per_host=devices_per_host or machine.devices_per_host or 1,
        memory_bytes=memory_bytes or machine.memory_bytes,
    )


def load_machine_for(
    num_devices: int, name_or_path: str, devices_per_host: int | None = None, memory_bytes: float | None = None
) -> Machine:
    """``load_machine`` with as many hosts as ``num_devices`` take; all in one host if neither the file nor the caller says."""
    per_host = devices_per_host or _read(_find(name_or_path)).devices_per_host or num_devices
    return load_machine(name_or_path, math.ceil(num_devices / per_host), per_host, memory_bytes)


def _find(name_or_path: str) -> Path:
    if name_or_path in known_machines():
        return _FOLDER / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if not path.is_file() and (path.suffix == ".toml" or path.parent != Path()):
        fail("there is no such machine file", where=name_or_path)
    if not path.is_file():
        close = difflib.get_close_matches(name_or_path, known_machines(), 1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        known = ", ".join(known_machines())
        remedy = f"{hint}known machines: {known}; or give the path of a .toml file"
        fail(f"unknown machine '{name_or_path}'", remedy=remedy)
    return path


def _read(path: Path) -> Machine:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        fail(f"cannot be read as TOML: {error}", where=str(path))
    _check_keys(data, Machine, str(path))
    for name in ("intra_host", "inter_host", "transfer"):
        if name in data:
            _check_keys(data[name], Link, f"{path}, [{name}]")
    try:
        machine = msgspec.convert(data, Machine)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        key = f", key '{where.rstrip('`')}'" if where else ""
        fail(message[:1].lower() + message[1:], where=f"{path}{key}")
    if "f32" not in machine.flops_per_s:
        fail("key 'f32' is missing", where=f"{path}, [flops_per_s]")
    links = [
        number
        for link in (machine.within_host, machine.between_hosts, machine.transfer)
        if link is not None
        for number in (link.latency_s, link.bandwidth_bytes_per_s)
    ]
    sizes = (machine.memory_bytes, machine.memory_bandwidth_bytes_per_s, machine.dispatch_s)
    numbers = [*machine.flops_per_s.values(), *machine.slowdown.values(), *sizes, *links]
    if not all(math.isfinite(number) for number in numbers):
        fail("numbers must be finite", where=str(path))
    return machine


def _check_keys(table: object, kind: type[msgspec.Struct], where: str) -> None:
    """An unknown key is a mistake, and the nearest known one is likely what was meant."""
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    for key in cast("dict[str, Any]", table) if isinstance(table, dict) else ():
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            meant = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(known)}"
            fail(f"unknown key '{key}'", where=where, remedy=meant)

"""Machine files: those that come with the project, and anyone's own, read and checked."""

import difflib
import math
import tomllib
import typing
from pathlib import Path
from typing import Any, cast

import msgspec

from compiler.machine.description import Link, Machine, Range
from compiler.options import MOST_BYTES, MOST_DEVICES
from dialects.errors import fail

MOST_FILE_BYTES = 1 << 20
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
        if value is not None and value > MOST_DEVICES:
            fail(f"got {str(value)[:40]}, want at most {MOST_DEVICES}", where=f"--{key.replace('_', '-')}")
        if value is not None and there is not None and value > there:
            words = key.replace("_", " ")
            fail(
                f"a mesh larger than the machine: got {value} {words}, '{machine.name}' has {there}",
                where=f"--{key.replace('_', '-')}",
                remedy=f"ask for at most {there}, or change {key} in {path}",
            )
    _check_count(hosts or machine.hosts, devices_per_host or machine.devices_per_host, "--hosts, --devices-per-host")
    if memory_bytes is not None and not 1 <= memory_bytes <= MOST_BYTES:
        fail(f"got {memory_bytes:g} bytes, want from 1 to {MOST_BYTES:g}", where="--memory-per-device")
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
        if path.stat().st_size > MOST_FILE_BYTES:
            fail(f"has more than {MOST_FILE_BYTES} bytes, want a machine file", where=str(path))
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        fail("cannot be read as TOML: it is nested too deep", where=str(path))
    except (OSError, ValueError) as error:  # not text, not TOML, a number of 5000 digits
        fail(f"cannot be read as TOML: {str(error)[:300]}", where=str(path))
    _check_keys(data, Machine, str(path))
    for name in ("intra_host", "inter_host", "transfer"):
        if name in data:
            _check_keys(data[name], Link, f"{path}, [{name}]")
    try:
        machine = msgspec.convert(data, Machine)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$.")
        key = f", key '{where.rstrip('`')}'" if where else ""
        remedy = "no machine has more than 1e24 of anything" if "out of range" in message else ""
        fail(message[:1].lower() + message[1:], where=f"{path}{key}", remedy=remedy)
    _check_ranges(machine, str(path))
    if "f32" not in machine.flops_per_s:
        fail("key 'f32' is missing", where=f"{path}, [flops_per_s]")
    _check_count(machine.hosts, machine.devices_per_host, str(path))
    return machine


def _check_ranges(table: Machine | Link, where: str) -> None:
    """Raise UserError for a number that no machine has; NaN is none either."""
    hints = typing.get_type_hints(type(table), include_extras=True)
    for item in msgspec.structs.fields(type(table)):
        value, allowed = getattr(table, item.name), _range_of(hints[item.name])
        if isinstance(value, Link):
            _check_ranges(value, f"{where}, [{item.encode_name}]")
        for key, number in cast(
            "dict[str, Any]", value if isinstance(value, dict) else {item.encode_name: value}
        ).items():
            if allowed is not None and number is not None and not allowed.least <= number <= allowed.most:
                place = f"{where}, [{item.encode_name}]" if isinstance(value, dict) else where
                want = f"from {allowed.least:g} to {allowed.most:g}"
                fail(f"got {str(number)[:40]}, want {want}", where=f"{place}, key '{key}'")


def _range_of(hint: Any) -> Range | None:
    """The range in a type: its own, or that of one of its parts."""
    own = next((part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Range)), None)
    return own or next((found for part in typing.get_args(hint) if (found := _range_of(part))), None)


def _check_count(hosts: int | None, devices_per_host: int | None, where: str) -> None:
    """Raise UserError for more devices than a plan can name."""
    if (hosts or 1) * (devices_per_host or 1) > MOST_DEVICES:
        fail(
            f"got {hosts or 1} hosts x {devices_per_host or 1} devices, want at most {MOST_DEVICES} in all", where=where
        )


def _check_keys(table: object, kind: type[msgspec.Struct], where: str) -> None:
    """An unknown key is a mistake, and the nearest known one is likely what was meant."""
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    for key in cast("dict[str, Any]", table) if isinstance(table, dict) else ():
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            meant = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(known)}"
            fail(f"unknown key '{key}'", where=where, remedy=meant)

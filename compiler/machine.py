"""The machine: how fast its devices and links are, how much they hold. A TOML file, units in the names of its keys.

Known machines are the files of compiler/machines; anyone's own file has the same keys and is named by its path.
"""

import difflib
import math
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec

from compiler.plan import records as plan
from dialects.errors import fail
from passes.solvers.mesh_costs import Kind

_FOLDER = Path(__file__).parent / "machines"

Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way between two devices: a message of b bytes takes latency_s + b / bandwidth_bytes_per_s.

    ``bandwidth_per = "host"``: between hosts, all devices of a host share that bandwidth; "device": each has its own.
    """

    latency_s: Positive
    bandwidth_bytes_per_s: Positive
    bandwidth_per: Literal["device", "host"] = "device"

    def transfer_s(self, num_bytes: float) -> float:
        """Seconds for one message."""
        return self.latency_s + num_bytes / self.bandwidth_bytes_per_s


_LINK_KEYS = {"within_host": "intra_host", "between_hosts": "inter_host"}


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_LINK_KEYS):
    """``hosts`` x ``devices_per_host`` equal devices. A file may leave either out: then any number can be asked for.

    ``memory_bytes``, ``memory_bandwidth_bytes_per_s`` and ``flops_per_s`` (by MLIR element type, f32 at least) are per
    device; ``dispatch_s`` is the fixed cost of starting one compiled program. A link that there is no use for can be left out.
    ``transfer``: messages between meshes, where they do not go the way of the collectives. ``rings_only`` and
    ``slowdown``: see ``passes.solvers.mesh_costs``.
    """

    name: str
    hosts: Count | None = None
    devices_per_host: Count | None = None
    memory_bytes: Positive
    memory_bandwidth_bytes_per_s: Positive
    dispatch_s: Positive
    flops_per_s: dict[str, Positive]
    within_host: Link | None = None  # the file's [intra_host]
    between_hosts: Link | None = None  # the file's [inter_host]
    transfer: Link | None = None
    rings_only: bool = False
    slowdown: dict[Kind, Positive] = {}

    @property
    def intra_host(self) -> Link:
        """The link between two devices of a host. Raises UserError if the machine has none and needs one."""
        return self.within_host or self._instead(self.between_hosts, "intra_host", "devices_per_host")

    @property
    def inter_host(self) -> Link:
        """The link between devices of two hosts. Raises UserError if the machine has none and needs one."""
        return self.between_hosts or self._instead(self.within_host, "inter_host", "hosts")

    def _instead(self, other: Link | None, key: str, count: str) -> Link:
        """With one host there are no two to link; nor are there two devices in a host that has one."""
        if other is not None and getattr(self, count) == 1:
            return other
        number, words = getattr(self, count), count.replace("_", " ")
        remedy = f"add a table [{key}] with latency_s and bandwidth_bytes_per_s"
        fail(f"machine '{self.name}' has {number or 'any number of'} {words} and no link [{key}]", remedy=remedy)

    @property
    def num_devices(self) -> int:
        """All devices; what the file leaves open counts as one."""
        return (self.hosts or 1) * (self.devices_per_host or 1)

    def compute_s(self, flops: float, num_bytes: float, dtype: str = "f32") -> float:
        """Roofline (Williams et al., CACM'09): the slower of computing and moving, plus the dispatch."""
        rate = self.flops_per_s.get(dtype, self.flops_per_s["f32"])
        return self.dispatch_s + max(flops / rate, num_bytes / self.memory_bandwidth_bytes_per_s)

    def link(self, first_device: int, second_device: int) -> Link:
        """The link of a transfer between two devices, which are numbered host by host."""
        if self.transfer is not None:
            return self.transfer
        size = self.devices_per_host or 1
        return self.intra_host if first_device // size == second_device // size else self.inter_host

    def require_devices(self, wanted: int) -> None:
        """Raise UserError if a mesh (or all meshes) of ``wanted`` devices is larger than the machine."""
        if wanted > self.num_devices:
            shape = f"{self.hosts or 1} hosts x {self.devices_per_host or 1} devices = {self.num_devices}"
            fail(
                f"a mesh larger than the machine: got {wanted} devices, '{self.name}' has {shape}",
                remedy="use fewer devices, or say how many there are with --hosts and --devices-per-host",
            )

    def summary(self) -> plan.Machine:
        """What a plan says of the machine."""
        return plan.Machine(self.name, self.hosts or 1, self.devices_per_host or 1, self.memory_bytes)


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


def parse_bytes(text: str) -> float:
    """Read "16GiB", "512 MB" or "1e9" as bytes. Raises UserError."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([KMGT]i?)?B?\s*", text, re.IGNORECASE)
    try:
        number = float(match[1]) if match else 0.0
    except ValueError:
        number = 0.0
    if not match or not 0 < number < math.inf:
        fail(f"got '{text}', want a size in bytes", remedy="write it as 16GiB, 512MB or 1000000000")
    unit = (match[2] or "").lower()
    power = "kmgt".index(unit[0]) + 1 if unit else 0
    return number * (1024.0 if unit.endswith("i") else 1000.0) ** power


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

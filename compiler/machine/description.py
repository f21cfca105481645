"""The machine: how fast its devices and links are, how much they hold. A TOML file, units in the names of its keys.

Known machines are the files of compiler/machine/known; anyone's own file has the same keys and is named by its path.
"""

from typing import Annotated, Literal, NamedTuple

import msgspec

from compiler.options import MOST_BYTES, MOST_DEVICES
from compiler.plan import records as plan
from dialects.errors import fail
from passes.solvers.costs.mesh_costs import Kind


class Range(NamedTuple):
    """What a number of a machine may be: wider than any machine, and narrow enough that no product leaves what a float holds."""

    least: float
    most: float


Count = Annotated[int, Range(1, MOST_DEVICES)]
Seconds = Annotated[float, Range(1e-15, 1e6)]
Rate = Annotated[float, Range(1, 1e24)]  # a second
Bytes = Annotated[float, Range(1, MOST_BYTES)]
Factor = Annotated[float, Range(1e-6, 1e6)]


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way between two devices: a message of b bytes takes latency_s + b / bandwidth_bytes_per_s.

    ``bandwidth_per = "host"``: between hosts, all devices of a host share that bandwidth; "device": each has its own.
    """

    latency_s: Seconds
    bandwidth_bytes_per_s: Rate
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
    ``slowdown``: see ``passes.solvers.costs.mesh_costs``.
    """

    name: str
    hosts: Count | None = None
    devices_per_host: Count | None = None
    memory_bytes: Bytes
    memory_bandwidth_bytes_per_s: Rate
    dispatch_s: Seconds
    flops_per_s: dict[str, Rate]
    within_host: Link | None = None  # the file's [intra_host]
    between_hosts: Link | None = None  # the file's [inter_host]
    transfer: Link | None = None
    rings_only: bool = False
    slowdown: dict[Kind, Factor] = {}

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

"""What differs between kinds of devices. ``xla.World`` is what they have in common; ``Cpu`` is here, ``Cuda`` in ``cuda.py``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runtime.devices import jaxlib_api
from runtime.devices.gloo import without_reduce_scatter
from runtime.devices.jaxlib_api import Client, Distributed
from runtime.transport.nccl import Nccl

if TYPE_CHECKING:
    from jaxlib.mlir import ir

# XLA's passes that forget optimization barriers before it puts ops in order: without them a barrier holds on a CPU too.
DROP_BARRIERS = ("optimization-barrier-expander", "cse_barrier_expander")
# What makes a small loop one kernel: that of jaxlib 0.12 has no code for a barrier, and ends the process.
NO_BARRIERS_IN_IT = ("small-while-loop-hoisting",)


class Platform(ABC):
    """One kind of device, as this rank uses it."""

    name: str  # as jaxlib's clients call it
    overrides: tuple[
        tuple[str, str | bool], ...
    ]  # XLA's debug options in which compiling for it differs from XLA's defaults

    @abstractmethod
    def overrides_for(self, program: bytes) -> tuple[tuple[str, str | bool], ...]:
        """Those in which ``program`` (text, bytecode) is compiled."""

    @abstractmethod
    def make_client(self, num_devices: int) -> Client:
        """A client with all its devices in this process."""

    @abstractmethod
    def make_joined_client(self, distributed: Distributed, device: int, num_devices: int, host: str) -> Client:
        """A client with one device here, number ``device`` of a world; ``host``: this rank's address. Collective over the world."""

    @abstractmethod
    def prepare(self, module: ir.Module, *, joined: bool) -> None:
        """Rewrite, in place, what this platform would run otherwise than it is meant. ``joined``: over several processes."""

    @abstractmethod
    def check_programs(self, programs: Mapping[str, bytes]) -> None:
        """Raise UserError if this platform lacks a kernel that one of the ``programs``, fragments by name, calls."""

    @abstractmethod
    def provide_kernels(self, program: bytes) -> None:
        """Make the kernels that ``program`` calls known to XLA."""

    @abstractmethod
    def direct(self) -> Nccl | None:
        """How values travel between meshes from device to device; None: through the hosts, by MPI."""


class Cpu(Platform):
    """This host's cores, all of them one device; gloo carries the collectives."""

    name = "cpu"
    overrides = (("xla_disable_hlo_passes", ",".join(DROP_BARRIERS)),)

    def overrides_for(self, program: bytes) -> tuple[tuple[str, str | bool], ...]:
        """Barriers hold; what cannot compile them is left out too where there are any."""
        held = b"optimization_barrier" in program
        return (("xla_disable_hlo_passes", ",".join((*DROP_BARRIERS, *NO_BARRIERS_IN_IT))),) if held else self.overrides

    def make_client(self, num_devices: int) -> Client:
        """A client with all its devices in this process."""
        return jaxlib_api.make_client(num_devices)

    def make_joined_client(self, distributed: Distributed, device: int, num_devices: int, host: str) -> Client:
        """A client with one device here, whose collectives gloo does. Collective over the world."""
        return jaxlib_api.make_joined_client(distributed, device, num_devices, host)

    def prepare(self, module: ir.Module, *, joined: bool) -> None:
        """What gloo does not bear is said in other ops."""
        if joined:
            without_reduce_scatter(module)

    def check_programs(self, programs: Mapping[str, bytes]) -> None:
        """All that a plan may call is there (``dialects/custom_calls.py``)."""

    def provide_kernels(self, program: bytes) -> None:
        """Register jaxlib's LAPACK kernels if ``program`` calls any."""
        if calls_lapack(program):
            jaxlib_api.register_lapack()

    def direct(self) -> None:
        """Through the hosts."""


def calls_lapack(program: bytes) -> bool:
    """Whether a module (text, bytecode) or executable names a kernel of LAPACK."""
    return b"lapack_" in program or b"tridiagonal_solve_perturbed" in program

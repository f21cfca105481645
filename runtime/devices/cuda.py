"""GPUs: one of them is the device of a rank, XLA's own NCCL carries the collectives of a mesh.

jaxlib reaches them through a PJRT plugin, one shared object out of the wheel jax-cuda13-pjrt or jax-cuda12-pjrt; jax is not needed.
None of this has run on a GPU yet (docs/gpu.md says what was tried without one).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialects.errors import Failure, fail
from runtime.devices import jaxlib_api, jaxlib_gpu_api
from runtime.devices.jaxlib_api import Client, Distributed
from runtime.devices.platform import Platform, calls_lapack
from runtime.devices.precision import in_full_precision
from runtime.transport.nccl import CupyNccl

if TYPE_CHECKING:
    from jaxlib.mlir import ir

EXTRA = "pip install 'meshwright[gpu]' for CUDA 13, or 'meshwright[gpu-cuda12]'"
RELEASES = ("13", "12")  # of CUDA, as the wheels' names have them, the first that is there
LIBRARY = "xla_cuda_plugin.so"
MEMORY_FRACTION = 0.75  # XLA's own share of a GPU; CuPy's and NCCL's buffers lie in the rest


@dataclass(frozen=True)
class Cuda(Platform):
    """GPU ``ordinal`` of those that the driver shows; ``ranks_per_gpu`` ranks of this job use it at once."""

    plugin: str
    ordinal: int
    ranks_per_gpu: int = 1
    name = "cuda"
    # Device 0 of a mesh compiles alone: autotuning that is shared out would wait for the others.
    overrides = (("xla_gpu_shard_autotuning", False),)

    def overrides_for(self, program: bytes) -> tuple[tuple[str, str | bool], ...]:  # noqa: ARG002 all are alike
        """The same for every program."""
        return self.overrides

    def make_client(self, num_devices: int) -> Client:
        """A client with all its devices in this process: this rank's GPU, or the first ``num_devices``."""
        ordinals = [self.ordinal] if num_devices == 1 else list(range(num_devices))
        return self._client(ordinals, {}, None)

    def make_joined_client(self, distributed: Distributed, device: int, num_devices: int, host: str) -> Client:  # noqa: ARG002
        """A client with this rank's GPU, device ``device`` of a world. Collective over the world."""
        return self._client([self.ordinal], {"node_id": device, "num_nodes": num_devices}, distributed)

    def prepare(self, module: ir.Module, *, joined: bool) -> None:  # noqa: ARG002
        """f32 is computed in f32."""
        in_full_precision(module)

    def check_programs(self, programs: Mapping[str, bytes]) -> None:
        """Refuse what calls LAPACK: those kernels are the CPU's."""
        for name, program in programs.items():
            if calls_lapack(program):
                remedy = "run it with --platform cpu"
                fail("it calls LAPACK, whose kernels are the CPU's", where=f"fragment {name}", remedy=remedy)

    def provide_kernels(self, program: bytes) -> None:
        """XLA has all that passed ``check_programs``."""

    def direct(self) -> CupyNccl:
        """From GPU to GPU, by NCCL."""
        return CupyNccl(self.ordinal)

    def _client(self, ordinals: list[int], place: Mapping[str, int], distributed: Distributed) -> Client:
        options = client_options(jaxlib_gpu_api.users_options(), ordinals, self.ranks_per_gpu, place)
        try:
            return jaxlib_gpu_api.make_plugin_client("cuda", self.plugin, options, distributed)
        except RuntimeError as error:
            first = str(error).splitlines()[0]
            raise Failure(f"XLA makes no client of GPU {ordinals[0]}: {first}", remedy="see nvidia-smi") from error


def client_options(
    users: Mapping[str, Any], ordinals: list[int], ranks_per_gpu: int, place: Mapping[str, int]
) -> dict[str, Any]:
    """Options of XLA's GPU client as jax's ``xla_bridge`` passes them: the user's, this rank's GPU, its place in the world.

    Ranks that share a GPU share XLA's part of its memory, unless the user says how much each takes.
    """
    share = {"memory_fraction": MEMORY_FRACTION / ranks_per_gpu} if ranks_per_gpu > 1 else {}
    return {**share, **users, "platform_name": "cuda", "visible_devices": ordinals, **place}


def find_plugin() -> str:
    """The plugin's shared object. Raises UserError if none is installed, or one of another jaxlib."""
    for release in RELEASES:
        package = util.find_spec(f"jax_plugins.xla_cuda{release}") if util.find_spec("jax_plugins") else None
        path = Path(package.origin).with_name(LIBRARY) if package is not None and package.origin else None
        if path is not None and path.exists():
            _check_version(f"jax-cuda{release}-pjrt")
            return str(path)
    fail("jaxlib's CUDA plugin is not installed", where="--platform cuda", remedy=EXTRA)


def _check_version(package: str) -> None:
    """PJRT's interface changes with each release: plugin and jaxlib come from one."""
    try:
        found = metadata.version(package)
    except metadata.PackageNotFoundError:
        return  # one that was built here
    own = jaxlib_api.installed()
    if jaxlib_api.numbers(found) != jaxlib_api.numbers(own):
        remedy = f"pip install {package}=={own} {package.replace('pjrt', 'plugin')}=={own}"
        fail(f"got {package} {found}, want {own} as jaxlib", where="--platform cuda", remedy=remedy)

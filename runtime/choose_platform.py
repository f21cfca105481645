"""``--platform auto|cpu|cuda``: which devices the ranks of a job use, the same kind on all of them.

A rank is one device. The local rank is the number of its GPU, modulo how many there are; ``cuda`` lets ranks share one (NCCL 2.30
and newer), ``auto`` takes GPUs only where each rank has one of its own.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import util

from dialects.errors import MeshwrightError, fail
from runtime.devices.cuda import EXTRA, Cuda, find_plugin
from runtime.devices.gpus import visible_gpus
from runtime.devices.join import hosts_of
from runtime.devices.platform import Platform
from runtime.devices.xla import CPU
from runtime.process.failure import together
from runtime.transport.base import Transport
from runtime.transport.nccl import SHARED_GPU, SHARED_SINCE, nccl_version, shown_version

CHOICES = ("auto", "cpu", "cuda")
# Before CUDA is: with fewer queues than streams, what waits in one holds up what could run in another.
QUEUES = {"CUDA_DEVICE_MAX_CONNECTIONS": "32"}


@dataclass(frozen=True)
class Chosen:
    """The devices of this rank, and the ``words`` for it where they are worth a line."""

    platform: Platform
    words: str = ""


def choose_platform(asked: str, local_rank: int, transport: Transport) -> Chosen:
    """The platform of a job for which ``asked`` was given. Collective; raises Stop on all ranks if one lacks what it needs."""
    if asked == "cpu" or (asked == "auto" and not any(transport.gather_codes(has_plugin()))):
        return Chosen(CPU)
    plugin, ordinal, unique_id, why = "", 0, "", ""
    with together(transport, transport.rank):
        try:
            plugin, (ordinal, unique_id) = find_plugin(), seat_at(local_rank, gpus_here())
        except MeshwrightError as error:
            if asked == "cuda":
                raise
            why = error.message
    texts = transport.gather_texts(why)
    if any(texts):
        rank = next(rank for rank, text in enumerate(texts) if text)
        return Chosen(CPU, f"on CPUs, for rank {rank} has no GPU: {texts[rank]}")
    place = zlib.crc32(f"{hosts_of(transport)[transport.rank]} {unique_id}".encode())
    places = transport.gather_codes(place)
    sharing = max(places.count(one) for one in places)
    if sharing > 1 and asked == "auto":
        return Chosen(CPU, f"on CPUs, for {sharing} ranks would share a GPU (--platform cuda lets them)")
    with together(transport, transport.rank):
        if sharing > 1:
            check_sharing(sharing)
    for name, value in QUEUES.items():
        os.environ.setdefault(name, value)
    shared = f", up to {sharing} ranks on one" if sharing > 1 else ""
    return Chosen(Cuda(plugin, ordinal, places.count(place)), f"on GPUs{shared}")


def has_plugin() -> bool:
    """Whether a PJRT plugin of any kind is installed: else there is nothing to ask the driver for."""
    return util.find_spec("jax_plugins") is not None


def seat_at(local_rank: int, gpus: Sequence[str]) -> tuple[int, str]:
    """The number and the unique id of the GPU of a host's rank ``local_rank``."""
    ordinal = local_rank % len(gpus)
    return ordinal, gpus[ordinal]


def check_sharing(ranks: int, version: Callable[[], int] = nccl_version) -> None:
    """Let ``ranks`` ranks use one GPU. Raises UserError if this NCCL refuses two of them."""
    os.environ.setdefault(SHARED_GPU, "1")  # before NCCL is loaded
    found = version()
    if found < SHARED_SINCE:
        fail(
            f"got {ranks} ranks on one GPU and NCCL {shown_version(found)}, want {shown_version(SHARED_SINCE)} or newer for that",
            where="--platform cuda",
            remedy="start one rank a GPU, or pip install -U nvidia-nccl-cu13",
        )


def gpus_here() -> list[str]:
    """The unique ids of the GPUs, once CuPy is known to be there. Raises UserError if there is none."""
    if util.find_spec("cupy") is None:
        fail("CuPy, which carries values between meshes, is not installed", where="--platform cuda", remedy=EXTRA)
    return visible_gpus()

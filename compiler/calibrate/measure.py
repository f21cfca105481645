"""Measure this machine: start ``runtime.measure.calibrate`` under mpirun, fit what it says, show how well it fits."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compiler.calibrate.fit import LinkFit, Sample, fit_link, fit_message, fit_rate
from compiler.units import show_bytes
from dialects.errors import Failure, fail

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What is measured: bytes of messages, rows of square matrices, bytes of vectors, element types; seconds of one batch."""

    message_bytes: tuple[int, ...] = (4096, 65536, 1 << 20, 8 << 20)
    matrix_sizes: tuple[int, ...] = (128, 256, 512, 1024)
    vector_bytes: tuple[int, ...] = (1 << 16, 1 << 20, 1 << 23, 1 << 25)
    dtypes: tuple[str, ...] = ("f64", "f32", "bf16", "f16")
    batch_s: float = 0.05


# The largest of each takes some milliseconds: beside it the dispatch is small even on a busy machine.
SMALL = Sizes(
    message_bytes=(4096, 262144), matrix_sizes=(128, 512), vector_bytes=(65536, 1 << 22), dtypes=("f32",), batch_s=0.005
)


@dataclass(frozen=True)
class Calibration:
    """The numbers of a machine file, with every sample and what the fit says of it; ``about``: ranks, hosts, cores, processor."""

    dispatch_s: float
    memory_bandwidth_bytes_per_s: float
    flops_per_s: dict[str, float]
    links: dict[str, LinkFit]  # "intra" and, over several hosts, "inter"
    transfer: LinkFit
    samples: tuple[Sample, ...]
    about: dict[str, Any]


def measure(num_ranks: int, sizes: Sizes) -> dict[str, Any]:
    """What ``runtime.measure.calibrate`` says on ``num_ranks`` ranks. UserError without mpirun, Failure when the job fails."""
    if num_ranks < 2:
        fail(f"got {num_ranks}, want at least 2 ranks, to have a link between them", where="-np")
    command = [
        _mpirun(),
        "-np",
        str(num_ranks),
        sys.executable,
        "-P",  # a folder `runtime` where the user happens to be is not ours
        "-m",
        "runtime.measure.calibrate",
        json.dumps(asdict(sizes)),
    ]
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line.removeprefix("error: ") for line in done.stderr.splitlines() if line.strip()]
        said = next(
            (line.removeprefix("error: ") for line in done.stderr.splitlines() if line.startswith("error: ")), ""
        )
        raise Failure(f"the measurement ended with code {done.returncode}: {said or ' '.join(lines[-1:])}")
    return json.loads(done.stdout)


def calibration(measured: dict[str, Any]) -> Calibration:
    """Fit everything. Raises Failure where the measurements make no sense: the machine was too busy."""
    samples: list[dict[str, Any]] = measured["samples"]
    dispatch_s = float(next(sample["seconds"] for sample in samples if sample["what"] == "dispatch"))
    try:
        return _fit(measured, samples, dispatch_s)
    except ValueError as error:
        raise Failure(str(error), remedy="measure again while the machine does nothing else") from error


def _fit(measured: dict[str, Any], samples: list[dict[str, Any]], dispatch_s: float) -> Calibration:
    shown: list[Sample] = []
    memory, fitted = fit_rate([_work(sample) for sample in samples if sample["what"] == "memory"], dispatch_s)
    shown += fitted
    flops: dict[str, float] = {}
    matmuls = [sample for sample in samples if sample["what"] == "matmul"]
    for dtype in dict.fromkeys(str(sample["dtype"]) for sample in matmuls):
        flops[dtype], fitted = fit_rate([_work(one) for one in matmuls if one["dtype"] == dtype], dispatch_s)
        shown += fitted
    links: dict[str, LinkFit] = {}
    collectives = [sample for sample in samples if sample["what"] == "collective"]
    for level in dict.fromkeys(str(sample["level"]) for sample in collectives):
        links[level] = fit_link([_work(one) for one in collectives if one["level"] == level], dispatch_s)
        shown += links[level].samples
    transfer = fit_message([_work(sample) for sample in samples if sample["what"] == "message"])
    shown += transfer.samples
    about = {key: value for key, value in measured.items() if key != "samples"}
    return Calibration(dispatch_s, memory, flops, links, transfer, tuple(shown), about)


def _work(sample: dict[str, Any]) -> Sample:
    seconds = float(sample["seconds"])
    if sample["what"] == "matmul":
        return Sample(f"matmul {sample['dtype']}", f"{sample['size']}²", float(sample["flops"]), seconds)
    group = str(sample.get("kind", sample["what"]))
    num_bytes = float(sample["bytes"])
    return Sample(group, show_bytes(num_bytes), num_bytes, seconds, int(sample.get("devices", 1)))


def _mpirun() -> str:
    beside = Path(sys.executable).with_name("mpirun")
    found = str(beside) if beside.exists() else shutil.which("mpirun")
    if found is None:
        fail("there is no mpirun", remedy="pip install mpich mpi4py")
    return found

"""What a user can ask of the planner: one frozen record, the same for the command line, the launcher and Python callers."""

from dataclasses import dataclass

# The choosers of passes/choosers by name, as words only: the command line shows them without loading a solver.
CHOOSER_NAMES = (
    *("ilp", "data", "zero1", "zero2", "zero3", "megatron"),
    *("gspmd", "mesh-tensorflow", "tofu", "flexflow", "greedy"),
)
# What jax.export and its plugins call the platforms that a program can be lowered for.
PLATFORMS = ("cpu", "cuda", "rocm", "tpu", "gpu", "oneapi", "metal", "METAL", "neuron")

MOST_DEVICES = 1 << 17  # in all; a plan names each of them
MOST_COUNT = (1 << 31) - 1  # microbatches, and indices: XLA's are 32 bits wide
MOST_BYTES = 1e24  # of a device
BUCKET_BYTES = 32.0 * 1024 * 1024  # benchmarks/gradient_sums.py


@dataclass(frozen=True, kw_only=True)
class StageSpec:
    """What is asked of one stage of the forward part (docs/plan-spec.md). None means: choose.

    ``until``: cut after this layer, op or ``file:line``; None of the last stage alone. ``devices``: how many; ``ranks``: which
    of the machine, in this order, and stages with the same ones share a mesh. ``shape``: sizes of the logical axes.
    """

    until: str | None = None
    devices: int | None = None
    ranks: tuple[int, ...] | None = None
    shape: tuple[int, ...] | None = None
    intra: str | None = None
    remat: str = "none"


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """None means: choose. ``devices``: how many there are when neither hosts nor a machine file says so.

    ``platform``: of a program for several the one to take: a name, an index, or all names in order, of which that of the devices,
    ``devices_platform``, else the CPU;
    ``batch_statistics``: "whole" or "per-microbatch"; ``batch_args``: "argument", "argument:dim" or "argument:dim:outer" each;
    ``state_args``: (argument, result) pairs; ``memory_per_device`` in bytes; ``mesh``: sizes of the axes of each mesh;
    ``bucket_bytes``: collectives of one moment travel in one buffer of at most so many bytes on a device, 0: each alone;
    ``annotate``: (argument, sharding) pairs; ``respect_annotations``: whether the user's shardings bind ilp and start gspmd;
    ``stage_specs``: the stages by hand, () where they are chosen.
    """

    machine: str | None = None
    platform: str | None = None
    devices_platform: str = "cpu"
    hosts: int | None = None
    devices_per_host: int | None = None
    devices: int | None = None
    microbatches: int | None = None
    stages: int | None = None
    schedule: str = "1f1b"
    batch_statistics: str = "whole"
    batch_args: tuple[str, ...] | None = None
    loss: int | None = None
    state_args: tuple[tuple[int, int], ...] | None = None
    memory_per_device: float | None = None
    intra: str = "ilp"
    mesh: tuple[int, ...] | None = None
    annotate: tuple[tuple[str, str], ...] = ()
    respect_annotations: bool = True
    bucket_bytes: float = BUCKET_BYTES
    stage_specs: tuple[StageSpec, ...] = ()

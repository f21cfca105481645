"""What a plan is expected to take: seconds per stage and step, bytes per device. Compared with measurements in docs/benchmarks.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from passes.analysis.liveness import peak_temp_bytes

from compiler.emit import Part
from compiler.machine import Machine
from compiler.plan import Plan, Prediction, Send, Sharding, Value

_BITS = {"i1": 8, "complex<f32>": 64, "complex<f64>": 128}


@dataclass(frozen=True)
class Estimate:
    """The fields of plan.Prediction, filled in by ``estimate``."""

    step_s: float = 0.0
    stage_forward_s: tuple[float, ...] = ()
    stage_backward_s: tuple[float, ...] = ()
    mesh_argument_bytes: tuple[float, ...] = ()
    mesh_peak_bytes: tuple[float, ...] = ()
    transfer_bytes_per_step: float = 0.0
    bubble_fraction: float = 0.0

    def prediction(self) -> Prediction:
        """As the plan writes it."""
        return Prediction(
            self.step_s,
            self.stage_forward_s,
            self.stage_backward_s,
            self.mesh_argument_bytes,
            self.mesh_peak_bytes,
            self.transfer_bytes_per_step,
            self.bubble_fraction,
        )


def value_bytes(value: Value) -> float:
    """Bytes of one instance of a value, all shards together."""
    return prod(value.shape) * dtype_bits(value.dtype) / 8


def dtype_bits(dtype: str) -> int:
    """Bits of an MLIR element type in memory: f8E4M3FN has 8, ui32 has 32, i1 takes a byte."""
    if dtype in _BITS:
        return _BITS[dtype]
    digits = ""
    for c in dtype.lstrip("abcdefghijklmnopqrstuvwxyz"):
        if not c.isdigit():
            break
        digits += c
    return int(digits or 32)


def shard_fraction(plan: Plan, mesh: int, sharding: Sharding) -> float:
    """The part of a value that one device of ``mesh`` holds."""
    sizes = {axis.name: axis.size for axis in plan.meshes[mesh].axes}
    return 1.0 / prod(sizes[axis] for dim in sharding for axis in dim)


def estimate(plan: Plan, parts: Sequence[Part], in_flight: Sequence[int], machine: Machine) -> Estimate:
    """Roofline per fragment, the slowest stage times the microbatches plus the fill of the pipeline (Alpa, OSDI'22, eq. 2)."""
    width = len(plan.meshes[0].ranks)
    seconds = {part.name: machine.compute_s(part.flops / width, part.traffic_bytes / width) for part in parts}

    def per_stage(phase: str) -> list[float]:
        return [sum(seconds[p.name] for p in parts if p.stage == stage and p.phase == phase) for stage in range(plan.num_stages)]

    forward, backward = per_stage("forward"), per_stage("backward")
    once = max((a + b for a, b in zip(per_stage("setup"), per_stage("update"), strict=True)), default=0.0)
    both = [a + b for a, b in zip(forward, backward, strict=True)]
    per_mesh = [0.0] * len(plan.meshes)
    for part in parts:
        if part.phase in ("forward", "backward"):
            per_mesh[plan.fragments[[f.name for f in plan.fragments].index(part.name)].mesh] += seconds[part.name]
    slowest = max(per_mesh, default=0.0)
    busy = slowest * plan.microbatches
    pipeline = sum(both) + (plan.microbatches - 1) * slowest
    sizes = {value.id: value_bytes(value) for value in plan.values}
    moved = sum(sizes[i.value] for instructions in plan.instructions for i in instructions if isinstance(i, Send))
    link = machine.inter_host if (machine.hosts or 1) > 1 else machine.intra_host
    transfer = link.transfer_s(moved / max(1, plan.microbatches * len(plan.meshes) * width)) if moved else 0.0
    arguments = _argument_bytes(plan)
    return Estimate(
        step_s=pipeline + once + transfer * plan.microbatches,
        stage_forward_s=tuple(forward),
        stage_backward_s=tuple(backward),
        mesh_argument_bytes=tuple(arguments),
        mesh_peak_bytes=tuple(a + b for a, b in zip(arguments, _working_bytes(plan, parts, in_flight), strict=True)),
        transfer_bytes_per_step=moved,
        bubble_fraction=1.0 - busy / pipeline if pipeline else 0.0,
    )


def _argument_bytes(plan: Plan) -> list[float]:
    """Per mesh, bytes per device of what lives through the step: state, constants, whole batches."""
    held = [0.0] * len(plan.meshes)
    for value in plan.values:
        for placement in value.placements:
            if value.kind == "argument":
                held[placement.mesh] += value_bytes(value) * shard_fraction(plan, placement.mesh, placement.sharding)
    return held


def _working_bytes(plan: Plan, parts: Sequence[Part], in_flight: Sequence[int]) -> list[float]:
    """Per mesh, bytes per device of accumulators, activations of the microbatches in flight, and the largest temporaries."""
    held = [0.0] * len(plan.meshes)
    mesh_of = {fragment.name: fragment.mesh for fragment in plan.fragments}
    stage_of = {port.value: part.stage for part in parts for port in part.outputs}
    for value in plan.values:
        for placement in value.placements:
            size = value_bytes(value) * shard_fraction(plan, placement.mesh, placement.sharding)
            if value.kind == "step":
                held[placement.mesh] += size
            elif value.kind in ("microbatch", "batch"):
                held[placement.mesh] += size * in_flight[stage_of.get(value.id, 0)]
    for mesh, ranks in enumerate(m.ranks for m in plan.meshes):
        held[mesh] += max((peak_temp_bytes(p.func) / len(ranks) for p in parts if mesh_of[p.name] == mesh), default=0.0)
    return held

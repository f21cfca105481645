"""Which devices each stage of a plan spec has, once the machine is known."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from math import prod

from compiler.options import StageSpec
from dialects.errors import fail

WHERE = "--plan-spec"
_SHOWN = 8  # ranks in a message


def resolved(specs: Sequence[StageSpec], num_devices: int) -> tuple[StageSpec, ...]:
    """The same with ``ranks`` and ``devices`` of every stage. Specs that speak of no devices stay as they are.

    A stage without ``ranks`` takes the next devices that no stage names. Stages that say neither share what is left in equal parts.
    Stages with the same ranks share a mesh. Raises UserError: devices that do not add up, ranks in two meshes, shapes that do not fit.
    """
    if all(spec.devices is None and spec.ranks is None for spec in specs):
        return tuple(specs)
    named = {rank for spec in specs for rank in spec.ranks or ()}
    if high := [rank for rank in sorted(named) if rank >= num_devices]:
        fail(f"got rank {high[0]}, and the machine has {num_devices} devices, numbered from 0", where=WHERE)
    free = iter([rank for rank in range(num_devices) if rank not in named])
    counts = _counts(specs, num_devices, num_devices - len(named))
    given = [spec.ranks or tuple(islice(free, count)) for spec, count in zip(specs, counts, strict=True)]
    found = tuple(
        replace(spec, ranks=ranks, devices=len(ranks)) for spec, ranks in zip(specs, given, strict=True)
    )
    _check(found, num_devices)
    return found


def _counts(specs: Sequence[StageSpec], num_devices: int, num_free: int) -> list[int]:
    """How many devices each stage without ranks takes."""
    asked = [0 if spec.ranks else spec.devices for spec in specs]
    silent = asked.count(None)
    left = num_free - sum(count or 0 for count in asked)
    if left < 0 or (not silent and left) or (silent and (left % silent or left < silent)):
        wanted = " + ".join("?" if spec.ranks is None and spec.devices is None else str(_size(spec)) for spec in specs)
        more = f", and {left} left for {silent} stages that do not say" if silent else ""
        remedy = "change `devices`, or --hosts and --devices-per-host"
        fail(f"got {wanted} devices{more}, want all {num_devices} of the machine", where=WHERE, remedy=remedy)
    return [left // silent if count is None else count for count in asked]


def _size(spec: StageSpec) -> int:
    return len(spec.ranks) if spec.ranks is not None else spec.devices or 0


def _check(specs: Sequence[StageSpec], num_devices: int) -> None:
    """Every device in one mesh; what stages of one mesh say of it is the same."""
    meshes: dict[tuple[int, ...], int] = {}
    owner: dict[int, int] = {}
    for number, spec in enumerate(specs):
        ranks = spec.ranks or ()
        first = specs[meshes.setdefault(ranks, number)]
        if spec.shape is not None and prod(spec.shape) != len(ranks):
            sizes = "x".join(map(str, spec.shape))
            fail(f"stage {number} has the shape {sizes} and {len(ranks)} devices, want as many", where=WHERE)
        for key in ("shape", "intra"):
            if getattr(spec, key) != getattr(first, key):
                both = f"stages {meshes[ranks]} and {number} have the same ranks and another {key}"
                fail(f"{both}, want the same: they share a mesh", where=WHERE)
        for rank in ranks if meshes[ranks] == number else ():
            if owner.setdefault(rank, number) != number:
                message = f"rank {rank} is in stages {owner[rank]} and {number}, which differ in others"
                fail(message, where=WHERE, remedy="give both the same ranks, in the same order, to share a mesh")
    if missing := [str(rank) for rank in range(num_devices) if rank not in owner]:
        more = " …" if len(missing) > _SHOWN else ""
        fail(f"no stage has rank {' '.join(missing[:_SHOWN])}{more}, want all {num_devices} devices used", where=WHERE)

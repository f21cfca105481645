"""The meshes that a user asks for, stage by stage: which devices, in which logical shape. What does not add up is one sentence."""

from collections.abc import Sequence
from math import prod

from compiler.machine.layout import Asked, Layout, layout_of
from compiler.options import StageSpec
from dialects.errors import fail

MOST_AXES = 3


def asked_layout(specs: Sequence[StageSpec], devices: int) -> Layout:
    """The meshes of ``specs`` on a machine of ``devices``, one spec a stage. Raises UserError naming the stage that does not fit.

    A stage without ``ranks`` takes the first ``devices`` that no stage names and none before it took; stages that say neither
    share what is left equally. Stages with the same ``ranks`` share a mesh, and all devices are taken.
    """
    _check_ranks(specs, devices)
    named = {rank for spec in specs for rank in spec.ranks or ()}
    free = [device for device in range(devices) if device not in named]
    share = _share(specs, len(free))
    meshes: dict[tuple[int, ...], list[int]] = {}
    for stage, spec in enumerate(specs):
        ranks = spec.ranks
        if ranks is None:
            count = share if spec.devices is None else spec.devices
            ranks, free = tuple(free[:count]), free[count:]
        meshes.setdefault(ranks, []).append(stage)
    numbers = {stage: number for number, stages in enumerate(meshes.values()) for stage in stages}
    asked = [_asked(specs, stages, len(ranks)) for ranks, stages in meshes.items()]
    return layout_of(list(meshes), [numbers[stage] for stage in range(len(specs))], asked)


def _check_ranks(specs: Sequence[StageSpec], devices: int) -> None:
    owner: dict[int, int] = {}
    for stage, spec in enumerate(specs):
        where = f"stage {stage}"
        if spec.devices is not None and spec.devices < 1:
            fail(f"got {spec.devices} devices, want at least 1", where=where)
        if spec.ranks is None:
            continue
        shown = _shown(spec.ranks)
        if not spec.ranks or len(set(spec.ranks)) < len(spec.ranks):
            fail(f"got ranks {shown}, want at least one, each once", where=where)
        wrong = [rank for rank in spec.ranks if not 0 <= rank < devices]
        if wrong:
            fail(f"got rank {wrong[0]}, want 0 to {devices - 1}, the devices of the machine", where=where)
        if spec.devices not in (None, len(spec.ranks)):
            fail(f"got {spec.devices} devices and ranks {shown}", where=where, remedy="say one of the two")
        for rank in spec.ranks:
            other = owner.setdefault(rank, stage)
            if specs[other].ranks != spec.ranks:
                message = f"got ranks {shown}, and stage {other} has {_shown(specs[other].ranks or ())}"
                fail(message, where=where, remedy="stages share all devices of a mesh, in one order, or none")


def _share(specs: Sequence[StageSpec], free: int) -> int:
    """How many of ``free`` devices each stage gets that asks for no number; 0 if there is none such. All are given away."""
    counts = [spec.devices for spec in specs if spec.ranks is None]
    open_stages = counts.count(None)
    left = free - sum(count or 0 for count in counts)
    if left > 0 and not counts:
        fail(f"{left} devices of the machine are on no stage", where="ranks of the stages", remedy="name all of them")
    if left < 0 or (left > 0 and not open_stages):
        have = f"the machine has {free}" if len(counts) == len(specs) else f"{free} are left to them"
        fail(
            f"the stages ask for {free - left} devices, and {have}",
            where="devices of the stages",
            remedy="change devices or ranks, or --hosts and --devices-per-host",
        )
    if open_stages and (left == 0 or left % open_stages):
        message = f"{left} devices are left for {open_stages} stage{'s' * (open_stages > 1)} that ask for no number"
        fail(message, where="devices of the stages", remedy="say devices of each stage")
    return left // open_stages if open_stages else 0


def _asked(specs: Sequence[StageSpec], stages: Sequence[int], count: int) -> Asked:
    """What the stages of one mesh of ``count`` devices say of it together."""
    shape: tuple[int, ...] | None = None
    intra: str | None = None
    for stage in stages:
        spec, where = specs[stage], f"stage {stage}"
        if spec.shape is not None and (
            prod(spec.shape) != count or len(spec.shape) > MOST_AXES or min(spec.shape, default=0) < 1
        ):
            want = f"want up to {MOST_AXES} sizes with the product {count}, its devices"
            fail(f"got shape {_shown(spec.shape)}, {want}", where=where)
        for what, mine, before in (("shape", spec.shape, shape), ("intra", spec.intra, intra)):
            if mine is not None and before not in (None, mine):
                said = _shown(mine) if isinstance(mine, tuple) else mine
                remedy = "stages with the same ranks are decided together"
                fail(f"got {what} {said}, and a stage with the same ranks says another", where=where, remedy=remedy)
        shape, intra = shape or spec.shape, intra or spec.intra
    return Asked(shape, intra)


def _shown(numbers: Sequence[int]) -> str:
    first = ", ".join(map(str, numbers[:8]))
    return f"[{first}{', …' if len(numbers) > 8 else ''}]"

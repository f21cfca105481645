"""A plan spec among the planner's other options: it fills them in, and what is said twice must be the same."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from compiler.options import PlanOptions, StageSpec
from compiler.spec.file import PlanSpec
from dialects.errors import fail


def with_spec(options: PlanOptions, spec: PlanSpec, said: Collection[str] = ()) -> PlanOptions:
    """``options`` with what ``spec`` asks for. ``said``: fields that the user gave a value. Raises UserError when both differ."""
    stages = spec.stages
    asked: dict[str, Any] = {
        "stages": len(stages),
        "microbatches": spec.microbatches,
        "schedule": spec.schedule,
        "intra": _common(stages, "intra"),
        "mesh": _common(stages, "shape"),
    }
    for name, value in asked.items():
        given = getattr(options, name)
        if value is not None and name in said and given not in (None, value):
            word = _shown(given)
            message = f"got {word}, and the plan spec says {_shown(value)}, want the same"
            fail(message, where=f"--{name}", remedy=f"leave --{name} out, or change the file")
    fields = {name: value for name, value in asked.items() if value is not None}
    return replace(options, **fields, stage_specs=stages)


def num_devices(stages: Collection[StageSpec]) -> int | None:
    """How many devices stages ask for in all; None where one leaves it open."""
    ranks = {rank for stage in stages for rank in stage.ranks or ()}
    counts = [stage.devices for stage in stages if stage.ranks is None]
    return None if not stages or None in counts else len(ranks) + sum(count or 0 for count in counts)


def _common(stages: Collection[StageSpec], key: str) -> Any:
    """What all stages say, None if they differ."""
    values = {getattr(stage, key) for stage in stages}
    return values.pop() if len(values) == 1 else None


def _shown(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)

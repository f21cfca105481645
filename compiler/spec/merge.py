"""A plan spec among the planner's other options: it fills them in, and what is said twice must be the same."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from compiler.options import PlanOptions, StageSpec
from compiler.spec.file import PlanSpec
from dialects.errors import fail


def with_spec(options: PlanOptions, spec: PlanSpec, said: Collection[str] = ()) -> PlanOptions:
    """``options`` with what ``spec`` asks for. ``said``: fields that the user gave a value. Raises UserError when both differ."""
    asked: dict[str, list[Any]] = {
        "stages": [len(spec.stages)],
        "microbatches": [spec.microbatches],
        "schedule": [spec.schedule],
        "intra": [stage.intra for stage in spec.stages],
        "mesh": [stage.shape for stage in spec.stages],
    }
    for name, values in asked.items():
        given = getattr(options, name)
        other = next((value for value in values if value not in (None, given)), None)
        if other is not None and name in said and given is not None:
            message = f"got {_shown(given)}, and the plan spec says {_shown(other)}, want the same"
            fail(message, where=f"--{name}", remedy=f"leave --{name} out, or change the file")
    # what all stages say is the plan's own; shapes stay with their meshes
    common = {name: values[0] for name, values in asked.items() if name != "mesh" and len(set(values)) == 1}
    fields = {name: value for name, value in common.items() if value is not None}
    return replace(options, **fields, stage_specs=spec.stages)


def num_devices(stages: Collection[StageSpec]) -> int | None:
    """How many devices stages ask for in all; None where one leaves it open."""
    ranks = {rank for stage in stages for rank in stage.ranks or ()}
    counts = [stage.devices for stage in stages if stage.ranks is None]
    return None if not stages or None in counts else len(ranks) + sum(count or 0 for count in counts)


def _shown(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)

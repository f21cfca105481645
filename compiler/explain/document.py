"""A plan as one JSON document for programs: all that the tables show, and more."""

from typing import Any

import msgspec

from compiler.explain.facts import clock_rows, mesh_rows, sharding_rows, stage_rows, transfer_rows
from compiler.plan.decisions import GroupRecord
from compiler.plan.records import Plan


def explain_json(plan: Plan) -> dict[str, Any]:
    """All that ``explain_text`` shows and more, in builtin types."""
    return {
        "name": plan.name,
        "machine": msgspec.to_builtins(plan.machine),
        "schedule": plan.schedule,
        "microbatches": plan.microbatches,
        "num_stages": plan.num_stages,
        "batch_size": plan.batch_size,
        "stages": msgspec.to_builtins(stage_rows(plan)),
        "meshes": msgspec.to_builtins(mesh_rows(plan)),
        "arguments": msgspec.to_builtins(plan.arguments),
        "results": msgspec.to_builtins(plan.results),
        "shardings": msgspec.to_builtins(sharding_rows(plan)),
        "transfers": msgspec.to_builtins(transfer_rows(plan)),
        "clock": clock_rows(plan.slots, plan.num_stages),
        "prediction": msgspec.to_builtins(plan.prediction),
        "decisions": msgspec.to_builtins(plan.decisions),
        "remarks": list(plan.remarks),
    }


def group_json(mesh: str, group: GroupRecord) -> dict[str, Any]:
    """One group of the decision on ``mesh``."""
    return {"mesh": mesh, **msgspec.to_builtins(group)}

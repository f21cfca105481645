"""The plan spec of any plan, as the text of a file: what ``explain --spec`` prints."""

import json

from compiler.plan.records import Mesh, Plan
from dialects.errors import fail
from dialects.plain import plain


def spec_text(plan: Plan, where: str) -> str:
    """The TOML text: planned again for the same program and machine it gives this plan. Raises UserError for plans of before it."""
    if not plan.stages:
        fail("does not say where its stages end, as plans do since --plan-spec", where=where, remedy="plan again")
    machine = plan.machine
    lines = [
        f"# {plain(plan.name)}, planned for {plain(machine.name)}",
        f"# with --hosts {machine.hosts} --devices-per-host {machine.devices_per_host}",
        f"microbatches = {plan.microbatches}",
        f"schedule = {json.dumps(plan.schedule)}",
    ]
    chooser = {decision.mesh: decision.chooser for decision in plan.decisions}
    in_order = _are_in_order(plan)
    for stage in plan.stages:
        mesh = plan.meshes[stage.mesh]
        lines += ["", "[[stage]]"]
        if stage.until:
            lines.append(f"until = {json.dumps(stage.until, ensure_ascii=False)}")
        if in_order:
            lines.append(f"devices = {len(mesh.ranks)}")
        else:
            lines.append(f"ranks = [{', '.join(map(str, mesh.ranks))}]")
        lines.append(f"shape = [{', '.join(str(size) for size in _shape(mesh))}]")
        if stage.mesh in chooser:
            lines.append(f"intra = {json.dumps(chooser[stage.mesh])}")
    return "\n".join(lines) + "\n"


def _are_in_order(plan: Plan) -> bool:
    """Whether each stage has a mesh of its own, of the devices that come next."""
    ranks = [rank for stage in plan.stages for rank in plan.meshes[stage.mesh].ranks]
    return ranks == list(range(len(ranks)))


def _shape(mesh: Mesh) -> list[int]:
    return [axis.size for axis in mesh.axes] or [1]

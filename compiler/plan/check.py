"""What must hold between the parts of a plan, checked whenever one is read: a hand-edited plan gets one sentence, not a hang.

What its modules say of themselves is held against it by ``runtime.devices.check_modules``, before anything is compiled.
"""

from collections.abc import Sequence
from math import prod

from compiler.plan.check_instructions import check_instructions
from compiler.plan.check_runs import check_runs
from compiler.plan.check_values import Wrong, check_arguments, check_values, wrong
from compiler.plan.records import Plan, Result, Value
from dialects.errors import Failure, UserError
from dialects.values import arg_id

MOST_STAGES = MOST_MICROBATCHES = 1 << 20


def check_plan(plan: Plan, where: str) -> None:
    """Raise UserError at the first thing that does not fit."""
    try:
        _check(plan)
    except (Wrong, Failure, ValueError) as error:
        raise UserError(str(error), where=where, remedy="plan again instead of editing") from error


def _check(plan: Plan) -> None:
    _check_meshes(plan)
    _check_for_people(plan)
    check_values(plan)
    check_arguments(plan)
    check_runs(plan)
    held = held_results(plan.results, plan.values)
    for value in plan.values:
        if value.id in held and value.kind not in ("batch", "index"):  # those are fed to whoever asks
            held[value.id].add(value.placements[0].mesh)  # which gives it to rank 0
    check_instructions(plan.fragments, plan.values, plan.instructions, plan.microbatches, held)


def _check_meshes(plan: Plan) -> None:
    ranks = [rank for mesh in plan.meshes for rank in mesh.ranks]
    if sorted(ranks) != list(range(len(ranks))) or not ranks:
        wrong(f"its meshes have the ranks {ranks[:64]}, want each of 0 to {max(0, len(ranks) - 1)} once")
    for mesh in plan.meshes:
        names = [axis.name for axis in mesh.axes]
        if len(set(names)) < len(names):
            wrong(f"mesh '{mesh.name}' has two axes of one name among {names}")
        if any(axis.size < 1 for axis in mesh.axes):
            wrong(f"mesh '{mesh.name}' has axes of {[axis.size for axis in mesh.axes]}, want sizes of at least 1")
        if not mesh.ranks or prod(axis.size for axis in mesh.axes) != len(mesh.ranks):
            wrong(f"mesh '{mesh.name}' has {len(mesh.ranks)} ranks and axes of {[axis.size for axis in mesh.axes]}")
    for count, what, most in (
        (plan.microbatches, "microbatches", MOST_MICROBATCHES),
        (plan.num_stages, "stages", MOST_STAGES),
    ):
        if not 1 <= count <= most:
            wrong(f"got {count} {what}, want at least 1 and at most {most}")
    if plan.batch_size is not None and plan.batch_size < 1:
        wrong(f"got a batch of {plan.batch_size} rows, want at least 1")


def _check_for_people(plan: Plan) -> None:
    """What only ``explain`` reads: it must be possible to print."""
    for slot in plan.slots:
        if not slot.stage < plan.num_stages or slot.clock >= 4 * len(plan.slots) + 64:
            wrong(f"a slot is of stage {slot.stage} at clock {slot.clock}, which is not in the schedule")
    if any(decision.mesh >= len(plan.meshes) for decision in plan.decisions):
        wrong(f"a decision is about a mesh that is not there, there are {len(plan.meshes)}")
    if plan.stages and len(plan.stages) != plan.num_stages:
        wrong(f"it lists {len(plan.stages)} stages, want {plan.num_stages}")
    if any(stage.mesh >= len(plan.meshes) for stage in plan.stages):
        wrong(f"a stage is on a mesh that is not there, there are {len(plan.meshes)}")
    machine, expected = plan.machine, plan.prediction
    if machine.memory_bytes <= 0 or machine.hosts < 1 or machine.devices_per_host < 1:
        wrong(f"machine '{machine.name}' has no hosts, devices or memory")
    for name, found, most in (
        ("stage_forward_s", expected.stage_forward_s, plan.num_stages),
        ("stage_backward_s", expected.stage_backward_s, plan.num_stages),
        ("mesh_argument_bytes", expected.mesh_argument_bytes, len(plan.meshes)),
        ("mesh_peak_bytes", expected.mesh_peak_bytes, len(plan.meshes)),
    ):
        if len(found) > most:
            wrong(f"the prediction has {len(found)} numbers in {name}, want {most}")


def held_results(results: Sequence[Result], values: Sequence[Value]) -> dict[str, set[int]]:
    """Value id -> meshes that must hold it after the step: where the state that it becomes lives."""
    places = {value.id: {p.mesh for p in value.placements} for value in values}
    held: dict[str, set[int]] = {}
    for result in results:
        meshes = held.setdefault(result.value, set())
        if result.state_arg is not None:
            meshes |= places.get(arg_id(result.state_arg), set())
    return held

"""What must hold of a plan's fragments and of how often each runs: once a microbatch, or once a step."""

from collections.abc import Mapping

from compiler.plan.check_values import wrong
from compiler.plan.records import Fragment, Plan, Run, Value
from dialects.values import ONCE_A_STEP, PER_MICROBATCH


def check_runs(plan: Plan) -> None:
    """Each fragment fits its values, and every one runs exactly as often as its phase says. Raises Wrong."""
    if len({fragment.name for fragment in plan.fragments}) != len(plan.fragments):
        wrong("two fragments have one name")
    values = {value.id: value for value in plan.values}
    for fragment in plan.fragments:
        _check_fragment(plan, fragment, values)
    _check_makers(plan, values)
    _check_counts(plan)


def _check_fragment(plan: Plan, fragment: Fragment, values: Mapping[str, Value]) -> None:
    name = f"fragment '{fragment.name}'"
    if not 0 <= fragment.mesh < len(plan.meshes) or any(not 0 <= i < len(fragment.inputs) for i in fragment.donated):
        wrong(f"{name} names a mesh or an input that is not there")
    if not fragment.stage < plan.num_stages:
        wrong(f"{name} is of stage {fragment.stage}, there are {plan.num_stages}")
    for value in (*fragment.inputs, *fragment.outputs):
        if value not in values:
            wrong(f"{name} names '{value}', there is no value '{value}'")
        if all(placement.mesh != fragment.mesh for placement in values[value].placements):
            wrong(f"{name} names '{value}', which has no placement on mesh {fragment.mesh}")
    if len(set(fragment.outputs)) < len(fragment.outputs) or len(set(fragment.donated)) < len(fragment.donated):
        wrong(f"{name} gives or donates one value twice")
    becomes = {value.id: _next_value(plan, value) for value in plan.values if value.kind == "argument"}
    for value in (fragment.inputs[position] for position in fragment.donated):
        if fragment.inputs.count(value) > 1:
            wrong(f"{name} donates '{value}', which it also reads elsewhere")
        if values[value].kind in ("batch", "index"):
            wrong(f"{name} donates '{value}', which is not its own: its kind is '{values[value].kind}'")
        if values[value].kind == "argument" and becomes[value] in (None, value):
            wrong(f"{name} donates '{value}', which the next step reads and no result renews")


def _next_value(plan: Plan, value: Value) -> str | None:
    """What the buffer of an argument holds after the step; None for one that is no state."""
    following = None if value.argument is None else plan.arguments[value.argument].state_result
    return None if following is None else plan.results[following].value


def _check_makers(plan: Plan, values: Mapping[str, Value]) -> None:
    """Kinds of values follow from the fragments that make them."""
    makers: dict[str, list[Fragment]] = {}
    for fragment in plan.fragments:
        for value in fragment.outputs:
            makers.setdefault(value, []).append(fragment)
    for value in plan.values:
        by = makers.get(value.id, [])
        made = value.kind in ("microbatch", "step")
        if by and not made:
            wrong(f"value '{value.id}' of kind '{value.kind}' is made by '{by[0].name}', and comes from an argument")
        once = any(fragment.phase in ONCE_A_STEP for fragment in by)
        if by and once != (value.kind == "step"):
            wrong(f"value '{value.id}' of kind '{value.kind}' is made by '{by[0].name}', of the phase {by[0].phase}")
        for fragment in by:
            if value.kind == "step" and fragment.phase in PER_MICROBATCH and value.id not in fragment.inputs:
                wrong(f"fragment '{fragment.name}' gives '{value.id}' once a microbatch without reading it first")


def _check_counts(plan: Plan) -> None:
    if len(plan.instructions) != len(plan.meshes):
        wrong(f"there are {len(plan.instructions)} instruction lists for {len(plan.meshes)} meshes")
    fragments = {fragment.name: fragment for fragment in plan.fragments}
    ran: dict[str, set[int | None]] = {name: set() for name in fragments}
    for mesh, instructions in enumerate(plan.instructions):
        for run in instructions:
            if run.microbatch is not None and not 0 <= run.microbatch < plan.microbatches:
                wrong(f"mesh {mesh} works on microbatch {run.microbatch}, there are {plan.microbatches}")
            if not isinstance(run, Run):
                continue
            found = fragments.get(run.fragment)
            if found is None or found.mesh != mesh:
                wrong(f"mesh {mesh} runs '{run.fragment}', which is not one of its fragments")
            each = found.phase in PER_MICROBATCH
            if each != (run.microbatch is not None):
                often = "once a microbatch" if each else "once a step"
                wrong(f"mesh {mesh} runs '{run.fragment}' on microbatch {run.microbatch}, its phase runs {often}")
            if run.microbatch in ran[run.fragment]:
                wrong(f"mesh {mesh} runs '{run.fragment}' on microbatch {run.microbatch} twice")
            ran[run.fragment].add(run.microbatch)
    for name, done in ran.items():
        want = plan.microbatches if fragments[name].phase in PER_MICROBATCH else 1
        if len(done) != want:
            wrong(f"'{name}' runs {len(done)} times a step, want {want}")

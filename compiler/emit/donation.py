"""Which buffers a run may overwrite: inputs that nothing reads later, and the outputs that take their place."""

from collections.abc import Collection, Mapping, Sequence

from compiler.emit.instructions import Timeline
from compiler.emit.parts import Part
from compiler.plan.program import Program
from compiler.plan.records import (
    Argument,
    Fragment,
    Result,
    Run,
    Value,
)
from dialects.values import arg_id


def find_donated(
    fragments: Sequence[Fragment],
    values: Sequence[Value],
    runs: Sequence[Sequence[Run]],
    num_microbatches: int,
    results: Mapping[str, Collection[int]],
    replaced_arguments: Collection[str] = (),
) -> dict[str, tuple[int, ...]]:
    """Per fragment, the positions of the inputs that every one of its runs is the last to use on its mesh.

    Arguments qualify only if in ``replaced_arguments`` (state whose next value is another result). Values fed by the
    runtime (kinds "batch" and "index") never do: an instance of a batch may be the argument's own buffer.
    The ``donated`` fields of ``fragments`` are not read.
    """
    program = Program.of(fragments, values, num_microbatches, results)
    kept = {program.instance(value, None) for value in results}
    shared = {f.name: set(range(len(f.inputs))) for f in fragments}
    for timeline in (Timeline.of(program, mesh_runs) for mesh_runs in runs):
        for position, run in enumerate(timeline.runs):
            writes = program.writes(run)
            for index, instance in enumerate(program.reads(run)):
                kind = program.values[instance[0]].kind
                fed = kind in ("batch", "index") or (kind == "argument" and instance[0] not in replaced_arguments)
                dies = timeline.last_read[instance] == position and timeline.last_write.get(instance, -1) <= position
                if fed or not (instance in writes or (dies and instance not in kept)):
                    shared[run.fragment].discard(index)
    return {name: tuple(sorted(positions)) for name, positions in shared.items()}


def replaced_arguments(arguments: Sequence[Argument], results: Sequence[Result]) -> set[str]:
    """State arguments whose next value is another value: their buffers may be reused once they were read last."""
    held = {result.value for result in results}
    values = {arg_id(a.index): a for a in arguments if a.state_result is not None}
    return {value for value, a in values.items() if value not in held and results[a.state_result or 0].value != value}


def aliases_of(part: Part, fragment: Fragment, results: Sequence[Result]) -> dict[int, int]:
    """Donated input -> output that takes its buffer: an accumulator, or the next value of the same state."""
    next_value = {arg_id(r.state_arg): r.value for r in results if r.state_arg is not None}
    outputs = {port.value: i for i, port in enumerate(part.outputs)}
    aliases: dict[int, int] = {}
    for position in fragment.donated:
        port = part.inputs[position]
        output = outputs.get(port.value, outputs.get(next_value.get(port.value, "")))
        if output is None or output in aliases.values():
            continue
        given = part.outputs[output]
        if (given.dtype, given.shape, given.sharding) == (port.dtype, port.shape, port.sharding):
            aliases[position] = output
    return aliases

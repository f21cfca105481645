"""All that a device holds as it runs its list, in bytes: what is alive at once, and what donation saves."""

from collections.abc import Mapping, Sequence

from compiler.plan.pieces import POSTED_AHEAD
from compiler.plan.program import Instance, Program
from compiler.plan.records import Fragment, Free, Instruction, Recv, Result, Run
from dialects.values import arg_id


def reused_bytes(fragment: Fragment, results: Sequence[Result], sizes: Mapping[str, int]) -> int:
    """Bytes of the outputs that are written into donated inputs: an accumulator, or the next value of the same state."""
    next_value = {arg_id(result.state_arg): result.value for result in results if result.state_arg is not None}
    left = set(fragment.outputs)
    found = 0
    for position in fragment.donated:
        value = fragment.inputs[position]
        output = value if value in left else next_value.get(value)
        if output in left and sizes.get(output) == sizes.get(value):
            left.remove(output)
            found += sizes.get(value, 0)
    return found


def peak_bytes(
    program: Program,
    instructions: Sequence[Instruction],
    sizes: Mapping[str, int],
    temp_bytes: Mapping[str, float],
    reused: Mapping[str, int],
) -> tuple[float, float]:
    """(arguments, peak) in bytes per device of one mesh: live values along its list, plus what a run needs inside.

    Receives that are posted ahead have their memory already.

    ``sizes``: from ``placed_bytes``. ``temp_bytes``: fragment -> bytes per device that only its run needs. ``reused``:
    fragment -> ``reused_bytes``; other donated inputs are dropped after the run and count with its outputs.
    """
    arguments = {v.id: sizes[v.id] for v in program.values.values() if v.kind == "argument" and v.id in sizes}
    live: dict[Instance, int] = {(value, None): size for value, size in arguments.items()}
    coming = _received_together(instructions, sizes)
    ahead = sum(coming[:POSTED_AHEAD])
    peak = sum(live.values()) + ahead
    taken = 0
    for item in instructions:
        if isinstance(item, Recv):
            live[item.value, item.microbatch] = sizes.get(item.value, 0)
            taken += not item.joined
            ahead = sum(coming[taken : taken + POSTED_AHEAD])
        elif isinstance(item, Free):
            live.pop((item.value, item.microbatch), None)
        elif isinstance(item, Run):
            live |= {instance: sizes.get(instance[0], 0) for instance in program.reads(item) if instance not in live}
            donated = program.donates(item)
            written = {instance: sizes.get(instance[0], 0) for instance in program.writes(item)}
            new = sum(written.values()) - reused.get(item.fragment, 0)
            peak = max(peak, sum(live.values()) + ahead + new + int(temp_bytes.get(item.fragment, 0)))
            for instance in donated:
                del live[instance]
            live |= written
        peak = max(peak, sum(live.values()) + ahead)
    # a batch that is returned as it came is put there at the end
    returned = {
        program.instance(v, None): sizes[v] for v in program.results if v in sizes and program.values[v].kind == "batch"
    }
    peak = max(peak, sum((live | returned).values()))
    return float(sum(arguments.values())), float(peak)


def _received_together(instructions: Sequence[Instruction], sizes: Mapping[str, int]) -> list[int]:
    """Bytes per device of each receive and what is joined to it, in order."""
    found: list[int] = []
    for item in instructions:
        if isinstance(item, Recv):
            size = sizes.get(item.value, 0)
            if item.joined and found:
                found[-1] += size
            else:
                found.append(size)
    return found

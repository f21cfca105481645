"""From the runs of each mesh to its instruction list: who sends what to whom, when to wait for it, when to drop it.

The rules, which compiler/plan/check_instructions.py checks again on the finished lists:
1. A value is sent once to each other mesh that reads it, right after its last write; Send never blocks.
2. It is received just before the first run that reads it, or earlier: messages of a pair of meshes are received in the
   order sent. Receiving early cannot block longer, since whatever waits for the later message waits for both.
3. Small values that go to one mesh after one run are joined: they travel in the messages of the first of them, and are received
   together with it.
4. It is dropped after its last use on a mesh, unless it is an argument, a result kept there, or donated by that use.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from compiler.plan.program import Instance, Program
from compiler.plan.records import Fragment, Free, Instruction, Recv, Run, Send, Value

IsSmall = Callable[[str, int, int], bool]  # of (value, from mesh, to mesh)


def make_instructions(
    fragments: Sequence[Fragment],
    values: Sequence[Value],
    runs: Sequence[Sequence[Run]],
    num_microbatches: int,
    results: Mapping[str, Collection[int]],
    is_small: IsSmall = lambda *_: False,
) -> tuple[tuple[Instruction, ...], ...]:
    """The instruction list of each mesh, given the runs of each in order. See ``Program`` for ``results``.

    A value of kind "step" that several runs write is an accumulator: others see it after the last write. A value of
    kind "microbatch" (or "batch", "index") read by a run without a microbatch is the last microbatch's.
    A value that several meshes write is the same on all of them (small state that each updates for itself): the first
    of them sends it to those that do not. ``is_small(value, from mesh, to mesh)``: whether a message of its own is a waste.
    """
    program = Program.of(fragments, values, num_microbatches, results)
    meshes = [Timeline.of(program, mesh_runs) for mesh_runs in runs]
    sends = [_joined(_sends(program, meshes, mesh), mesh, is_small) for mesh in range(len(runs))]
    receives = [_receives(meshes, sends, mesh) for mesh in range(len(runs))]
    return tuple(_emit(program, meshes[mesh], sends[mesh], receives[mesh], mesh) for mesh in range(len(runs)))


@dataclass(frozen=True)
class Timeline:
    """When each instance is read and written on one mesh, as positions in its runs."""

    runs: Sequence[Run]
    first_read: dict[Instance, int] = field(default_factory=dict[Instance, int])
    last_read: dict[Instance, int] = field(default_factory=dict[Instance, int])
    last_write: dict[Instance, int] = field(default_factory=dict[Instance, int])

    @staticmethod
    def of(program: Program, runs: Sequence[Run]) -> "Timeline":
        timeline = Timeline(runs)
        for position, run in enumerate(runs):
            for instance in program.reads(run):
                timeline.first_read.setdefault(instance, position)
                timeline.last_read[instance] = position
            for instance in program.writes(run):
                timeline.last_write[instance] = position
        return timeline


@dataclass(frozen=True)
class _Sent:
    """An instance to send to mesh ``to``; ``joined`` to the one before."""

    instance: Instance
    to: int
    joined: bool = False


_Sends = dict[int, list[_Sent]]  # position of the run -> what is sent after it
_Receives = dict[
    int, list[tuple[Instance, int, bool]]
]  # position -> instances received before it, where from, and if joined


def _sends(program: Program, meshes: Sequence[Timeline], mesh: int) -> _Sends:
    """What ``mesh`` sends after each of its runs, in the order that the runs give it."""
    result: _Sends = {}
    kept = [program.kept(other) for other in range(len(meshes))]
    for position, run in enumerate(meshes[mesh].runs):
        for instance in program.writes(run):
            if meshes[mesh].last_write[instance] != position:
                continue
            for other, timeline in enumerate(meshes):
                if other == mesh or instance in timeline.last_write:
                    continue  # a replicated value: that mesh computes its own
                writers = [i for i, each in enumerate(meshes) if instance in each.last_write]
                if mesh == writers[0] and (instance in timeline.first_read or instance in kept[other]):
                    result.setdefault(position, []).append(_Sent(instance, other))
    return result


def _joined(sends: _Sends, mesh: int, is_small: IsSmall) -> _Sends:
    """The same with small values of one run and one target behind the first of them."""
    result: _Sends = {}
    for position, sent in sends.items():
        small: dict[int, list[_Sent]] = {}
        for item in sent:
            if is_small(item.instance[0], mesh, item.to):
                small.setdefault(item.to, []).append(item)
        ordered: list[_Sent] = []
        for item in sent:
            group = small.get(item.to, [])
            if item not in group:
                ordered.append(item)
            elif item is group[0]:
                ordered += [item, *(replace(other, joined=True) for other in group[1:])]
        result[position] = ordered
    return result


def _receives(meshes: Sequence[Timeline], sends: Sequence[_Sends], mesh: int) -> _Receives:
    """What ``mesh`` receives before each of its runs (and after them all), in order sent; what is joined stays together."""
    result: _Receives = {}
    runs, first_read = meshes[mesh].runs, meshes[mesh].first_read
    for source, sent in enumerate(sends):
        arrivals = [item for position in sorted(sent) for item in sent[position] if item.to == mesh]
        needed, group = len(runs), list[tuple[Instance, int, bool]]()
        for item in reversed(arrivals):
            needed = min(needed, first_read.get(item.instance, len(runs)))
            group.insert(0, (item.instance, source, item.joined))
            if not item.joined:
                result.setdefault(needed, [])[:0] = group
                group = []
    return {position: sorted(items, key=lambda item: item[1]) for position, items in result.items()}


def _emit(
    program: Program, timeline: Timeline, sends: _Sends, receives: _Receives, mesh: int
) -> tuple[Instruction, ...]:
    out: list[Instruction] = []
    results = {program.instance(value, None) for value in program.results}
    arrived = {instance for items in receives.values() for instance, _, _ in items}
    kept = {instance for instance in results if instance not in arrived} | program.kept(mesh)
    for position, run in enumerate(timeline.runs):
        out += _recvs(receives, position)
        out.append(run)
        out += [Send(item.instance[0], item.to, item.instance[1], item.joined) for item in sends.get(position, ())]
        written = dict.fromkeys(program.writes(run))
        donated = program.donates(run)
        for value, microbatch in dict.fromkeys((*program.reads(run), *written)):
            instance = value, microbatch
            last = max(timeline.last_read.get(instance, -1), timeline.last_write.get(instance, -1))
            gone = instance in donated and instance not in written
            argument = program.values[value].kind == "argument"
            if last == position and not (gone or argument or instance in kept):
                out.append(Free(value, microbatch))
    out += _recvs(receives, len(timeline.runs))
    return tuple(out)


def _recvs(receives: _Receives, position: int) -> list[Recv]:
    return [
        Recv(value, source, microbatch, joined) for (value, microbatch), source, joined in receives.get(position, ())
    ]

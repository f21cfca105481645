"""Pipeline schedules as data: a schedule is a few ordering rules, and a greedy unit clock turns them into task lists.

Sources: GPipe (Huang et al., NeurIPS'19) and 1F1B (PipeDream-Flush; Narayanan et al.,
"Memory-Efficient Pipeline-Parallel DNN Training", ICML'21). To add a schedule, add a row to ``SCHEDULES``.
"""

import itertools
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from compiler.plan.records import Phase, Run, Slot
from dialects.errors import fail

FragmentKey = tuple[int, Phase, int]  # stage, phase, level


@dataclass(frozen=True)
class Task:
    """One run of one fragment. ``microbatch`` is None for setup and update; ``level``: hops between stages before."""

    stage: int
    phase: Phase
    microbatch: int | None = None
    level: int = 0

    @property
    def key(self) -> FragmentKey:
        """Which fragment it runs."""
        return self.stage, self.phase, self.level


@dataclass(frozen=True)
class Rules:
    """What makes a schedule, beyond data dependencies. Needs ``depth[s]``: stages from s on, as meshes change.

    ``bound_in_flight``: at most depth[s] microbatches are forwarded and not yet backwarded at stage s.
    ``all_forwards_first``: no backward of a stage before its last forward.
    """

    bound_in_flight: bool
    all_forwards_first: bool


SCHEDULES: Mapping[str, Rules] = {
    "gpipe": Rules(bound_in_flight=False, all_forwards_first=True),
    "1f1b": Rules(bound_in_flight=True, all_forwards_first=False),
}


@dataclass(frozen=True)
class Schedule:
    """``tasks[mesh]``: what the mesh runs, in order. ``slots``: the same on a clock where each task takes one tick.

    ``in_flight[stage]``: the most microbatches whose forward has run there and whose backward has not.
    """

    name: str
    num_stages: int
    num_microbatches: int
    stage_to_mesh: tuple[int, ...]
    tasks: tuple[tuple[Task, ...], ...]
    slots: tuple[Slot, ...]
    in_flight: tuple[int, ...]

    def runs(self, names: Mapping[FragmentKey, str]) -> tuple[tuple[Run, ...], ...]:
        """The runs of each mesh, given the name of each fragment."""
        return tuple(tuple(Run(names[task.key], task.microbatch) for task in tasks) for tasks in self.tasks)


def make_schedule(
    name: str,
    num_stages: int,
    num_microbatches: int,
    *,
    has_backward: bool = True,
    stage_to_mesh: Sequence[int] | None = None,
    has_setup: bool = False,
    num_update_levels: int = 1,
    fragments: Collection[FragmentKey] | None = None,
) -> Schedule:
    """The task lists of schedule ``name``. One mesh a stage unless ``stage_to_mesh`` says otherwise.

    ``fragments``: the (stage, phase, level) that exist; tasks of others are left out and what they order stays ordered.
    Without it every stage has forward, backward if ``has_backward``, one setup if ``has_setup`` and all update levels.
    Raises UserError on an unknown name or on counts below 1.
    """
    if name not in SCHEDULES:
        fail(f"unknown schedule '{name}'", remedy=f"known schedules: {', '.join(SCHEDULES)}")
    if num_stages < 1 or num_microbatches < 1:
        fail(f"got {num_stages} stages and {num_microbatches} microbatches, want at least one of each")
    meshes = tuple(range(num_stages)) if stage_to_mesh is None else tuple(stage_to_mesh)
    if fragments is None:
        levels = {"forward": 1, "backward": int(has_backward), "setup": int(has_setup), "update": num_update_levels}
        fragments = [(s, p, level) for s in range(num_stages) for p in _PRIORITY for level in range(levels[p])]
    order = _Order(SCHEDULES[name], num_microbatches, meshes, frozenset(fragments))
    clocks = order.run_clock()
    tasks = tuple(tuple(t for _, t in clocks if meshes[t.stage] == mesh) for mesh in range(max(meshes) + 1))
    slots = tuple(Slot(clock, task.stage, task.phase, task.microbatch) for clock, task in clocks)
    in_flight = tuple(_peak_in_flight([t for _, t in clocks if t.stage == stage]) for stage in range(num_stages))
    return Schedule(name, num_stages, num_microbatches, meshes, tasks, slots, in_flight)


def _peak_in_flight(tasks: Sequence[Task]) -> int:
    if not any(task.phase == "backward" for task in tasks):
        return int(any(task.phase == "forward" for task in tasks))
    running = peak = 0
    for task in tasks:
        running += {"forward": 1, "backward": -1}.get(task.phase, 0)
        peak = max(peak, running)
    return peak


_PRIORITY: tuple[Phase, ...] = ("setup", "backward", "forward", "update")  # backward before forward frees memory
_PER_MICROBATCH: frozenset[Phase] = frozenset(("forward", "backward"))


class _Order:
    """Which task may run before which. ``direct`` speaks of all tasks, ``needs`` only of those that have a fragment."""

    def __init__(
        self, rules: Rules, microbatches: int, meshes: tuple[int, ...], fragments: frozenset[FragmentKey]
    ) -> None:
        self.rules, self.microbatches, self.meshes, self.fragments = rules, microbatches, meshes, fragments
        self.stages = range(len(meshes))
        self.levels = {phase: 1 + max((k[2] for k in fragments if k[1] == phase), default=-1) for phase in _PRIORITY}
        self.last: Phase = "backward" if self.levels["backward"] else "forward"
        changes = [a != b for a, b in itertools.pairwise(meshes)]
        self.depth = [1 + sum(changes[stage:]) for stage in self.stages]
        self.known: dict[Task, frozenset[Task]] = {}

    def direct(self, task: Task) -> Iterator[Task]:
        """What must have run before ``task``, whether or not it has a fragment."""
        stage, m = task.stage, task.microbatch
        if m is None:
            yield from self._once_per_step(task)
            return
        if m > 0:
            yield Task(stage, task.phase, m - 1)
        if task.phase == "forward":
            yield from (Task(stage, "setup", None, level) for level in range(self.levels["setup"]))
            if stage > 0:
                yield Task(stage - 1, "forward", m)
            if self.rules.bound_in_flight and self.last == "backward" and m >= self.depth[stage]:
                yield Task(stage, "backward", m - self.depth[stage])
        else:
            yield Task(stage, "forward", self.microbatches - 1 if self.rules.all_forwards_first else m)
            if stage + 1 < len(self.meshes):
                yield Task(stage + 1, "backward", m)

    def _once_per_step(self, task: Task) -> Iterator[Task]:
        if task.level > 0:
            yield from (Task(stage, task.phase, None, task.level - 1) for stage in self.stages)
        if task.phase == "update":
            for stage in self.stages:
                if task.level > 0 or self.meshes[stage] == self.meshes[task.stage]:
                    yield Task(stage, self.last, self.microbatches - 1)

    def needs(self, task: Task) -> frozenset[Task]:
        """The tasks with a fragment that must have run before ``task``; those without pass on their own needs."""
        pending = [task]
        while pending:
            current = pending[-1]
            absent = [t for t in self.direct(current) if t.key not in self.fragments and t not in self.known]
            if absent:
                pending += absent
                continue
            pending.pop()
            found = (frozenset((t,)) if t.key in self.fragments else self.known[t] for t in self.direct(current))
            self.known[current] = frozenset[Task]().union(*found)
        return self.known[task]

    def queues(self, mesh: int) -> list[deque[Task]]:
        """Per stage and phase of a mesh, its tasks in the order that they run among themselves."""
        every = range(self.microbatches)
        result: list[deque[Task]] = []
        for stage in (stage for stage in self.stages if self.meshes[stage] == mesh):
            for phase in _PRIORITY:
                if phase in _PER_MICROBATCH:
                    tasks = [Task(stage, phase, m) for m in every]
                else:
                    tasks = [Task(stage, phase, None, level) for level in range(self.levels[phase])]
                result.append(deque(task for task in tasks if task.key in self.fragments))
        return [queue for queue in result if queue]

    def run_clock(self) -> list[tuple[int, Task]]:
        """Every tick, each mesh starts the most urgent task whose needs are done: (clock, task) in order of time."""
        queues = [self.queues(mesh) for mesh in range(max(self.meshes) + 1)]
        done: set[Task] = set()
        clocks: list[tuple[int, Task]] = []
        clock = 0
        while any(queues):
            started: list[Task] = []
            for mesh, waiting in enumerate(queues):
                ready = [queue for queue in waiting if self.needs(queue[0]) <= done]
                if ready:
                    started.append(min(ready, key=lambda queue: _urgency(queue[0])).popleft())
                    queues[mesh] = [queue for queue in waiting if queue]
            if not started:
                raise RuntimeError(f"schedule rules contradict each other at {[q[0] for w in queues for q in w]}")
            done.update(started)
            clocks += [(clock, task) for task in started]
            clock += 1
        return clocks


def _urgency(task: Task) -> tuple[int, int, int]:
    """Order among tasks that are ready on one mesh: the deeper into the pipeline, the sooner."""
    return _PRIORITY.index(task.phase), -task.stage if task.phase == "forward" else task.stage, task.level

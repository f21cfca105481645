"""Which task may run before which, and a greedy unit clock that turns that into task lists."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compiler.plan.records import Phase
from compiler.schedules.table import Rules

FragmentKey = tuple[int, Phase, int]  # stage, phase, level
Flows = Mapping[tuple[int, str], frozenset[tuple[int, str]]]  # (stage, phase) -> those that give what it reads


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


PRIORITY: tuple[Phase, ...] = ("setup", "backward", "forward", "update")  # backward before forward frees memory
_PER_MICROBATCH: frozenset[Phase] = frozenset(("forward", "backward"))


def chain(stages: int) -> Flows:
    """Each stage's forward reads of the one before it, its backward of the one behind it."""
    forward = {(stage, "forward"): frozenset({(stage - 1, "forward")}) for stage in range(1, stages)}
    return forward | {(stage, "backward"): frozenset({(stage + 1, "backward")}) for stage in range(stages - 1)}


class Order:
    """Which task may run before which. ``direct`` speaks of all tasks, ``needs`` only of those that have a fragment."""

    def __init__(
        self,
        rules: Rules,
        microbatches: int,
        meshes: tuple[int, ...],
        fragments: frozenset[FragmentKey],
        flows: Flows | None = None,
    ) -> None:
        self.rules, self.microbatches, self.meshes, self.fragments = rules, microbatches, meshes, fragments
        self.stages = range(len(meshes))
        self.levels = {phase: 1 + max((k[2] for k in fragments if k[1] == phase), default=-1) for phase in PRIORITY}
        self.last: Phase = "backward" if self.levels["backward"] else "forward"
        self.flows = chain(len(meshes)) if flows is None else flows
        self.depth = self._depths()
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
            yield from self._givers(task)
            if self.rules.bound_in_flight and self.last == "backward" and m >= self.depth[stage]:
                yield Task(stage, "backward", m - self.depth[stage])
        else:
            yield Task(stage, "forward", self.microbatches - 1 if self.rules.all_forwards_first else m)
            yield from self._givers(task)

    def _givers(self, task: Task) -> Iterator[Task]:
        """The runs that give what ``task`` reads, of its own microbatch or of the setup."""
        for stage, phase in sorted(self.flows.get((task.stage, task.phase), ())):
            if phase == "setup":
                yield from (Task(stage, phase, None, level) for level in range(self.levels["setup"]))
            elif phase in ("forward", "backward"):
                yield Task(stage, "forward" if phase == "forward" else "backward", task.microbatch)

    def _depths(self) -> list[int]:
        """Of each stage the meshes that a microbatch passes from it on, along the longest way."""
        depths = [1 for _ in self.meshes]
        for stage in reversed(self.stages):  # forward values go to later stages
            for giver, phase in self.flows.get((stage, "forward"), ()):
                if phase == "forward" and giver < stage:
                    further = depths[stage] + (self.meshes[giver] != self.meshes[stage])
                    depths[giver] = max(depths[giver], further)
        return depths

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
            for phase in PRIORITY:
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
    return PRIORITY.index(task.phase), -task.stage if task.phase == "forward" else task.stage, task.level

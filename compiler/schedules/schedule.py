"""Pipeline schedules as data: a schedule is a few ordering rules, and a greedy unit clock turns them into task lists.

Sources: GPipe (Huang et al., NeurIPS'19) and 1F1B (PipeDream-Flush; Narayanan et al.,
"Memory-Efficient Pipeline-Parallel DNN Training", ICML'21). To add a schedule, add a row to ``SCHEDULES``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from compiler.plan.records import Run, Slot
from compiler.schedules.order import PRIORITY, Flows, FragmentKey, Order, Task
from compiler.schedules.table import SCHEDULES
from dialects.errors import fail


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
    flows: Flows | None = None,
) -> Schedule:
    """The task lists of schedule ``name``. One mesh a stage unless ``stage_to_mesh`` says otherwise.

    ``fragments``: the (stage, phase, level) that exist; tasks of others are left out and what they order stays ordered.
    Without it every stage has forward, backward if ``has_backward``, one setup if ``has_setup`` and all update levels.
    ``flows``: what each stage's phases read of others; without it the stages are a chain.
    Raises UserError on an unknown name or on counts below 1.
    """
    if name not in SCHEDULES:
        fail(f"unknown schedule '{name}'", remedy=f"known schedules: {', '.join(SCHEDULES)}")
    if num_stages < 1 or num_microbatches < 1:
        fail(f"got {num_stages} stages and {num_microbatches} microbatches, want at least one of each")
    meshes = tuple(range(num_stages)) if stage_to_mesh is None else tuple(stage_to_mesh)
    if fragments is None:
        levels = {"forward": 1, "backward": int(has_backward), "setup": int(has_setup), "update": num_update_levels}
        fragments = [(s, p, level) for s in range(num_stages) for p in PRIORITY for level in range(levels[p])]
    order = Order(SCHEDULES[name], num_microbatches, meshes, frozenset(fragments), flows)
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

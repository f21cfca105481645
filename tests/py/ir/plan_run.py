"""Runs the instruction lists of a plan in this process: each mesh is as many CPU devices, a transfer hands the whole array over."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxlib.mlir import ir
from partition_run import run_partitioned

from compiler.plan.program import Instance, Program
from compiler.plan.records import Free, Plan, Recv, Run, Send, Value
from dialects.context import make_context
from dialects.sharding import MeshShape

Array = np.ndarray[Any, np.dtype[Any]]


def run_plan(folder: Path, plan: Plan, arguments: Sequence[Array]) -> list[Array]:
    """The results of one step."""
    with make_context(), ir.Location.unknown():
        return _played(_Step(folder, plan, arguments), plan)


def _played(step: "_Step", plan: Plan) -> list[Array]:
    at = [0] * len(plan.meshes)
    while any(at[mesh] < len(items) for mesh, items in enumerate(plan.instructions)):
        for mesh, items in enumerate(plan.instructions):
            while at[mesh] < len(items) and step.take(mesh, items[at[mesh]]):
                at[mesh] += 1
    return [step.result(result.value) for result in plan.results]


class _Step:
    def __init__(self, folder: Path, plan: Plan, arguments: Sequence[Array]) -> None:
        self.folder, self.plan, self.arguments = folder, plan, arguments
        self.program = Program.of(plan.fragments, plan.values, plan.microbatches, {})
        self.held: list[dict[Instance, Array]] = [{} for _ in plan.meshes]
        self.wires: dict[tuple[int, int], list[Array]] = {}
        self.compiled: dict[str, Any] = {}

    def take(self, mesh: int, item: Run | Send | Recv | Free) -> bool:
        if isinstance(item, Run):
            self.run(mesh, item)
            return True
        key = item.value, item.microbatch
        if isinstance(item, Send):
            self.wires.setdefault((mesh, item.to), []).append(self.held[mesh][key])
        elif isinstance(item, Free):
            self.held[mesh].pop(key, None)  # what the runtime feeds is not kept here
        else:
            wire = self.wires.get((item.source, mesh), [])
            if wire:
                self.held[mesh][key] = wire.pop(0)
                return True
            return False
        return True

    def run(self, mesh: int, run: Run) -> None:
        fragment = self.program.fragments[run.fragment]
        shape = MeshShape(tuple((axis.name, axis.size) for axis in self.plan.meshes[mesh].axes))
        given = [self.read(mesh, instance) for instance in self.program.reads(run)]
        module = ir.Module.parse((self.folder / fragment.file).read_text())
        known = self.compiled.get(run.fragment)
        taken, self.compiled[run.fragment] = run_partitioned(module, shape, given, [()] * len(given), 0, known)
        self.held[mesh].update(zip(self.program.writes(run), taken, strict=True))

    def read(self, mesh: int, instance: Instance) -> Array:
        value, number = self.program.values[instance[0]], instance[1] or 0
        if value.kind == "index":
            return np.array(number, np.int32)
        if value.kind == "batch":
            return self.rows(value, number)
        if value.kind == "argument" and instance not in self.held[mesh]:
            self.held[mesh][instance] = self.arguments[value.argument or 0]
        return self.held[mesh][instance]

    def rows(self, value: Value, number: int) -> Array:
        argument = self.plan.arguments[value.argument or 0]
        assert argument.batch_outer == 1
        return np.split(self.arguments[argument.index], self.plan.microbatches, argument.batch_dim)[number]

    def result(self, value: str) -> Array:
        mesh = self.program.values[value].placements[0].mesh
        return self.read(mesh, self.program.instance(value, None))

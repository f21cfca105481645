"""The planner's own problem for a GPT of Alpa's paper: exported, microbatched, one stage, all strategies on one logical mesh."""

import subprocess
import sys
import tempfile
from pathlib import Path

from jaxlib.mlir import ir

from compiler.frontends.load import load_module
from compiler.machine.files import load_machine
from compiler.machine.meshes import mesh_costs
from dialects.context import make_context
from dialects.sharding import MeshShape
from passes.analysis.shardings.cases import read_cases
from passes.fragments.realize import Realize
from passes.microbatch.microbatch import Microbatch
from passes.normalize.assign_roles import AssignRoles
from passes.normalize.normalize import Normalize
from passes.rules import write_rules
from passes.solvers.shardings.problem import ShardingProblem
from passes.stages.choose_stages import ChooseStages
from passes.stages.copy_views import CopyViews
from passes.stages.mark_phases import MarkPhases
from passes.stages.place import Place

SCRIPT = Path(__file__).resolve().parents[2] / "examples/paper/gpt.py"


def gpt_problem(layers: int, size: str, machine: str, mesh: tuple[int, ...]) -> ShardingProblem:
    """`layers` layers of the GPT of that size, one microbatch, on one mesh of a host of `machine`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, SCRIPT, "--size", size, "--layers", str(layers), "--name", "gpt", "--out", folder]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return read_problem(Path(folder) / "gpt.mlirbc", machine, mesh)


def read_problem(module: Path, machine: str, mesh: tuple[int, ...]) -> ShardingProblem:
    """The problem of a training step on one mesh, as `choose-shardings` sees it."""
    shape = MeshShape(tuple(zip("xyz", mesh, strict=False)))
    costs = mesh_costs(load_machine(machine, 1, shape.num_devices), shape)
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(str(module), context).module
        steps = (Normalize(), AssignRoles(), Microbatch(microbatches=1), CopyViews(), MarkPhases())
        for step in (*steps, ChooseStages(stages=1), Place(), Realize()):
            step.run(loaded)
        write_rules(loaded)
        (case,) = read_cases(loaded, costs)
        return case.problem

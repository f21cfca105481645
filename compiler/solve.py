"""``compiler solve``: the intra-operator decision alone, timed part by part, with its problem and the annotated module as files."""

import resource
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from jaxlib.mlir import ir

from compiler.decisions.memory import memory_record
from compiler.decisions.record import certificate_record
from compiler.frontends.load import load_module
from compiler.intra.decide import Decided, decide
from compiler.machine.layout import Layout, make_layout
from compiler.options import PlanOptions
from compiler.plan.decisions import CertificateRecord, MemoryRecord
from compiler.plan.scratch import whole_file
from compiler.prepare import find_roles, machine_of, prepare, run_passes
from dialects.context import make_context
from dialects.errors import Failure, fail
from passes.fragments.assign_meshes import AssignMeshes
from passes.fragments.whole_program import WholeProgram
from passes.microbatch.microbatch import Microbatch
from passes.solvers.shardings.files import dump_npz, write_mps
from passes.solvers.shardings.problem import ShardingProblem

DUMPS: dict[str, Callable[[ShardingProblem, str | Path], None]] = {".npz": dump_npz, ".mps": write_mps}


@dataclass
class Clock:
    """Seconds of each part."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def part(self, name: str) -> AbstractContextManager[None]:
        """Add the time spent inside to ``name``."""
        return self._part(name)

    @contextmanager
    def _part(self, name: str):  # noqa: ANN202 a generator, as contextmanager wants it
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


class SolvedMesh(msgspec.Struct, frozen=True):
    """The decision for one mesh."""

    mesh: str
    axes: dict[str, int]
    certificate: CertificateRecord
    num_rows: int
    memory: MemoryRecord


class Solved(msgspec.Struct, frozen=True):
    """What ``solve`` found: seconds of each part, the process' peak memory, the files that it wrote."""

    name: str
    chooser: str
    meshes: tuple[SolvedMesh, ...]
    seconds: dict[str, float]
    peak_bytes: int
    files: tuple[str, ...]


def solve(
    module_path: str, options: PlanOptions, *, whole: bool = False, dump: str | None = None, output: str | None = None
) -> Solved:
    """Decide, and write the problem to ``dump`` (.npz or .mps) and the annotated module to ``output``.

    ``whole``: the whole step is one fragment on all devices, without microbatches or stages.
    Raises UserError: another ending of ``dump``, or what ``plan`` refuses; Failure when a file cannot be written.
    """
    if dump is not None and Path(dump).suffix not in DUMPS:
        fail(f"got '{dump}', want a file that ends in {' or '.join(DUMPS)}", where="--dump")
    if whole and (options.stages or options.microbatches):
        fail("got --whole with --stages or --microbatches, want one of them", where="--whole")
    clock = Clock()
    machine = machine_of(options)
    with make_context() as context, ir.Location.unknown():
        with clock.part("load"):
            loaded = load_module(module_path, context, options.platform)
        with clock.part("passes"):
            if whole:
                module, layout = _whole(loaded.module, options), make_layout(1, machine.num_devices)
            else:
                find_roles(loaded.module, options)
                ready = prepare(loaded.module, loaded.name, machine, options)
                module, layout = ready.module, ready.outline.layout
        with clock.part("graph"):
            decided = decide(module, machine, layout, options)
        clock.seconds["graph"] -= decided.solve_s
        clock.seconds["solve"] = decided.solve_s
        with clock.part("write"):
            files = _write(module, decided, dump, output)
        return Solved(
            name=loaded.name,
            chooser=options.intra,
            meshes=_meshes(decided, layout),
            seconds=clock.seconds,
            peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            files=files,
        )


def _whole(module: ir.Module, options: PlanOptions) -> ir.Module:
    find_roles(module, options)
    if options.intra != "ilp":  # rules ask where the batch runs
        run_passes(module, [Microbatch(microbatches=1)])
    run_passes(module, [WholeProgram(), AssignMeshes(mesh_of=(0,))])
    return module


def _meshes(decided: Decided, layout: Layout) -> tuple[SolvedMesh, ...]:
    return tuple(
        SolvedMesh(
            mesh=layout.meshes[found.mesh].name,
            axes=dict(found.costs.mesh.axes),
            certificate=certificate_record(found.decision.solution.certificate),
            num_rows=len(found.decision.case.problem.rows),
            memory=memory_record(found.decision.case, found.decision.solution.choice),
        )
        for found in decided.meshes
    )


def _write(module: ir.Module, decided: Decided, dump: str | None, output: str | None) -> tuple[str, ...]:
    files: list[str] = []
    where = dump or ""
    try:
        for found in decided.meshes if dump is not None else ():
            path = Path(where)
            if len(decided.meshes) > 1:
                path = path.with_name(f"{path.stem}-mesh{found.mesh}{path.suffix}")
            with whole_file(path) as file:
                DUMPS[path.suffix](found.decision.case.problem, file)
            files.append(str(path))
        if output is not None:
            where = output
            decided.write(module)
            with whole_file(output) as path, path.open("wb") as file:
                if output.endswith(".mlirbc"):
                    module.operation.write_bytecode(file)
                else:
                    module.operation.print(file=file, binary=True, enable_debug_info=True)
            files.append(output)
    except OSError as error:
        raise Failure(f"cannot be written: {error.strerror or error}", where=where) from error
    return tuple(files)


def solved_json(solved: Solved) -> dict[str, Any]:
    """All of it in builtin types."""
    return msgspec.to_builtins(solved)

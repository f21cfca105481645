"""Claim: what is predicted is what XLA compiles: every collective, and the memory of each fragment and of the step.

    python benchmarks/truth.py PLAN_FOLDER …          plans that are there
    python benchmarks/truth.py --all                  tests/modules on a 2x2 mesh, data, zero3 and ilp, 2 microbatches
    python benchmarks/truth.py MODULE.mlirbc … [--intra ilp,data] [--mesh 2x2] [--microbatches 2]

Compiles every stage module as a job would, in this process. Three counts of collectives by (kind, devices a group, bytes a device
of the larger side): of the decision (what the solver priced, a step), of the stage modules, of XLA's optimised HLO. XLA's
``cpu-all-reduce-combiner`` makes one op of many sums: each entry of its tuple counts as a collective. Sums of 16-bit floats travel
as f32, and are priced so. A permutation has no groups.
"""

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

from jaxlib.mlir import ir

from compiler.driver import make_plan
from compiler.emit.parts import local_block
from compiler.options import PlanOptions
from compiler.plan.check import held_results
from compiler.plan.files import load_plan
from compiler.plan.program import Program
from compiler.plan.records import Fragment, Plan
from compiler.plan.sizes import placed_bytes
from compiler.simulate.memory import peak_bytes, reused_bytes
from compiler.simulate.timing import COLLECTIVES
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import CONTROL_FLOW, body_ops, main_func, num_bytes
from dialects.values import PER_MICROBATCH
from passes.analysis.ops.flops import UNKNOWN_TRIPS
from passes.analysis.ops.trip_count import trip_count
from runtime.devices.xla import Compiled, World, set_environment

PERMUTE = "collective_permute"
SILENT = ("all_slice", "keep_first")  # no device talks to another
_HLO = re.compile(r"= (\S.*?) (all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter)(?:-start)?\((.*)")
_TYPE = re.compile(r"([a-z]+)(\d*)[a-z0-9]*\[([\d,]*)\]")
_GROUPS = re.compile(r"replica_groups=(?:\{\{([\d,]*)\}|\[\d+,(\d+)\])")

Collective = tuple[str, int, float]  # kind, devices a group, bytes a device of the larger side


@dataclass(frozen=True)
class Truth:
    """A fragment as planned and as compiled. ``said``: in the module's text; ``made``: in XLA's HLO."""

    fragment: Fragment
    said: Counter[Collective]
    a_step: Counter[Collective]
    made: Counter[Collective]
    compiled: Compiled
    predicted_bytes: float

    @property
    def bytes(self) -> float:
        """Arguments, outputs and temporaries of one run, a device, as XLA lays them out."""
        return (
            self.compiled.argument_bytes
            + self.compiled.output_bytes
            - self.compiled.alias_bytes
            + self.compiled.temp_bytes
        )


def truths(folder: Path, plan: Plan, world: World) -> list[Truth]:
    """Compile every fragment of a plan whose meshes are as large as ``world``."""
    found: list[Truth] = []
    for fragment in plan.fragments:
        data = (folder / fragment.file).read_bytes()
        runs = plan.microbatches if fragment.phase in PER_MICROBATCH else 1
        with make_context():
            module = ir.Module.parse(data)
            ops = list(collectives_of(local_block(main_func(module)), float(runs)))
        said, a_step = Counter(item for item, _ in ops), Counter[Collective]()
        for item, times in ops:
            a_step[item] += times  # type: ignore[assignment]  # loops of unknown length
        compiled = world.look(data)
        found.append(Truth(fragment, said, a_step, in_hlo(compiled.hlo), compiled, predicted_bytes(plan, fragment)))
    return found


def predicted_bytes(plan: Plan, fragment: Fragment) -> float:
    """What we say that one run of a fragment takes on a device: inputs, outputs that take no donated buffer, temporaries."""
    sizes = placed_bytes(plan.values, plan.meshes, fragment.mesh)
    given = sum(sizes[value] for value in fragment.outputs)
    taken = reused_bytes(fragment, plan.results, sizes)
    return sum(sizes[value] for value in fragment.inputs) + given - taken + fragment.temp_bytes


def step_bytes(plan: Plan, temp_bytes: dict[str, float]) -> float:
    """The most that a device holds along its list, if the fragments' temporaries are these."""
    program = Program.of(plan.fragments, plan.values, plan.microbatches, held_results(plan.results, plan.values))
    peaks: list[float] = []
    for mesh, items in enumerate(plan.instructions):
        sizes = placed_bytes(plan.values, plan.meshes, mesh)
        reused = {each.name: reused_bytes(each, plan.results, sizes) for each in plan.fragments}
        peaks.append(peak_bytes(program, items, sizes, temp_bytes, reused)[1])
    return max(peaks)


def collectives_of(block: ir.Block, times: float) -> Iterator[tuple[Collective, float]]:
    for op in body_ops(block):
        if op.name in CONTROL_FLOW:
            trips = (trip_count(op) or UNKNOWN_TRIPS) if op.name == "stablehlo.while" else 1
            for region in op.regions:
                yield from collectives_of(region.blocks[0], times * trips)
        elif op.name in COLLECTIVES:
            kind = COLLECTIVES[op.name]
            group = (
                0
                if kind == PERMUTE
                else ir.RankedTensorType(ir.DenseIntElementsAttr(op.attributes["replica_groups"]).type).shape[1]
            )
            size = max(num_bytes(value) for value in (*op.operands, *op.results))
            yield (kind, group, size), times


def in_hlo(text: str) -> Counter[Collective]:
    """The collectives of a module's HLO, once each, however often its loops run."""
    found: Counter[Collective] = Counter()
    for types, name, rest in _HLO.findall(text):
        kind = name.replace("-", "_")
        groups = _GROUPS.search(rest)
        group = 0 if kind == PERMUTE or groups is None else int(groups[2] or len(groups[1].split(",")))
        sizes = [_bytes(*item) for item in _TYPE.findall(types)]
        if kind == "all_reduce":
            found.update((kind, group, size) for size in sizes)
        else:
            found[kind, group, sum(sizes) * (group if kind == "reduce_scatter" else 1)] += 1
    return found


def _bytes(letters: str, bits: str, dims: str) -> float:
    return prod(int(dim) for dim in dims.split(",") if dim) * max(int(bits or 8) // 8, 1)


def priced(plan: Plan) -> Counter[Collective]:
    """What the solver paid for in a step, and what was changed for values of other meshes; what travels in a bucket is one."""
    found: Counter[Collective] = Counter()
    for decision in plan.decisions:
        for bucket in decision.buckets:
            size = prod(decision.axes[axis] for axis in bucket.axes)
            for member in bucket.member_bytes:
                found[bucket.kind, size, member] -= bucket.times  # type: ignore[assignment]
            found[bucket.kind, size, sum(bucket.member_bytes)] += bucket.times  # type: ignore[assignment]
        items = [(item, 1) for group in decision.groups for item in group.collectives]
        for landing in decision.landings:
            items += [(item, 1) for item in landing.collectives] + [(item, -1) for item in landing.instead]
        for item, sign in items:
            if item.kind not in SILENT:
                size = 0 if item.kind == PERMUTE else prod(decision.axes[axis] for axis in item.axes)
                found[item.kind, size, item.num_bytes] += sign * item.times  # type: ignore[assignment]
    return Counter({item: times for item, times in found.items() if times})


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="plan folders or modules")
    parser.add_argument("--all", action="store_true", help="all of tests/modules")
    parser.add_argument("--intra", default="data,zero3,ilp")
    parser.add_argument("--mesh", default="2x2")
    parser.add_argument("--microbatches", default=2, type=int)
    given = parser.parse_args()
    set_environment(2)
    targets = [*given.targets, *(sorted(map(str, Path("tests/modules").glob("*.mlirbc"))) if given.all else [])]
    mesh = tuple(map(int, given.mesh.split("x")))
    worlds: dict[int, World] = {}
    print(
        f"{'plan':32} {'collectives':>11} {'fragment':>9} {'XLA':>9} {'ours':>9} {'error':>7} {'temp XLA':>9} {'ours':>9}"
    )
    with tempfile.TemporaryDirectory() as scratch:
        for target in targets:
            for name, folder in _plans(target, given.intra.split(","), mesh, given.microbatches, Path(scratch)):
                plan = load_plan(str(folder))
                size = len(plan.meshes[0].ranks)
                worlds[size] = worlds.get(size) or World.here(size)
                report(name, plan, truths(folder, plan, worlds[size]))


def _plans(
    target: str, intras: list[str], mesh: tuple[int, ...], microbatches: int, scratch: Path
) -> Iterator[tuple[str, Path]]:
    if Path(target).is_dir():
        yield Path(target).name, Path(target)
        return
    for intra in intras:
        name = f"{Path(target).stem} {intra}"
        options = PlanOptions(
            hosts=1, devices_per_host=prod(mesh), stages=1, mesh=mesh, intra=intra, microbatches=microbatches
        )
        try:
            make_plan(target, str(scratch / name), options)
        except UserError as error:
            print(f"{name:32} {error}", flush=True)
            continue
        yield name, scratch / name


def report(name: str, plan: Plan, found: list[Truth]) -> None:
    """One row a fragment and one for the step."""
    text = sum((truth.a_step for truth in found), Counter[Collective]())
    paid = priced(plan)
    for truth in found:
        if truth.bytes:
            same = "equal" if truth.said == truth.made else "DIFFER"
            _row(name, f"{truth.said.total():4} {same}", truth.fragment.phase, truth.bytes, truth.predicted_bytes)
            print(f" {truth.compiled.temp_bytes / 1e6:9.3f} {truth.fragment.temp_bytes / 1e6:9.3f}", flush=True)
            _differences("text", truth.said, "HLO", truth.made)
    temp = {truth.fragment.name: float(truth.compiled.temp_bytes) for truth in found}
    ours = {truth.fragment.name: truth.fragment.temp_bytes for truth in found}
    _row(
        name,
        f"{paid.total():4.0f} {'equal' if text == paid else 'DIFFER'}",
        "step",
        step_bytes(plan, temp),
        step_bytes(plan, ours),
    )
    print(flush=True)
    _differences("priced", paid, "text", text)


def _row(name: str, collectives: str, what: str, real: float, predicted: float) -> None:
    error = (predicted / real - 1) * 100
    print(f"{name:32} {collectives:>11} {what:>9} {real / 1e6:9.3f} {predicted / 1e6:9.3f} {error:+6.1f}%", end="")


def _differences(first: str, one: Counter[Collective], second: str, two: Counter[Collective]) -> None:
    for item in sorted({*one, *two}):
        if one[item] != two[item]:
            print(f"    {item}: {first} {one[item]:g}, {second} {two[item]:g}")


if __name__ == "__main__":
    sys.exit(main())

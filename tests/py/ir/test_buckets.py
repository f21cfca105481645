"""Buckets: whatever travels together arrives as it does alone, and the latencies charged are those of the buckets that are made."""

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxlib.mlir import ir
from partition_run import added, run_partitioned
from test_partition_ops import MESHES, partitioned, unreduced

from compiler.decisions.buckets import with_buckets
from compiler.frontends.load import load_module
from compiler.intra.decide import decide, written
from compiler.options import CHOOSER_NAMES, PlanOptions
from compiler.prepare import find_roles, machine_of, prepare
from compiler.transfers.arrivals import arrivals
from compiler.transfers.land_transfers import land
from dialects import attributes as names
from dialects.context import make_context
from dialects.ops import all_ops, entry_block, main_func
from dialects.sharding import MeshShape, Sharding
from passes.partition.buckets import larger_bytes
from passes.partition.partition import Partition
from passes.shardings.choose_shardings import Decision

MODULES = Path(__file__).parents[2] / "modules"
TYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "bf16": np.float32}
_WORLDS = (MESHES[1], MESHES[2], MeshShape((("x", 3),)))


def _moves(mesh: MeshShape, rank: int) -> list[tuple[Sharding, Sharding]]:
    """What one collective does: sums, scattered sums and gathers over each set of axes, along each dim."""
    found: list[tuple[Sharding, Sharding]] = []
    whole = Sharding(((),) * rank)
    for axes in {mesh.names, mesh.names[:1], mesh.names[-1:]}:
        opened = Sharding(whole.dims, tuple(sorted(axes)))
        split = [Sharding(tuple(axes if dim == mine else () for dim in range(rank))) for mine in range(rank)]
        found += [(opened, whole), *((opened, part) for part in split), *((part, whole) for part in split)]
    return sorted(found, key=str)


@st.composite
def _programs(draw: st.DrawFn) -> tuple[MeshShape, str, list[str]]:
    """A mesh, and a function that reshards each of its arguments and returns it; some read what others give."""
    mesh = draw(st.sampled_from(_WORLDS))
    arguments: list[str] = []
    body: list[str] = []
    results: list[tuple[str, str]] = []
    types: list[str] = []
    for i in range(draw(st.integers(2, 7))):
        element, rank = draw(st.sampled_from(sorted(TYPES))), draw(st.integers(0, 3))
        source, target = draw(st.sampled_from(_moves(mesh, rank)))
        dims = [
            mesh.num_devices * draw(st.integers(1, 3))
            if any(s.dims[d] for s in (source, target))
            else draw(st.integers(1, 5))
            for d in range(rank)
        ]
        kind = f"tensor<{''.join(f'{dim}x' for dim in dims)}{element}>"
        types.append(element)
        arguments.append(f"%a{i}: {kind} {{sdy.sharding = #sdy.sharding<@mesh, {source.text()}>}}")
        label = draw(st.integers(0, 1))
        body.append(f"%r{i} = sdy.reshard %a{i} <@mesh, {target.text()}> {{mw.joins = {label} : i64}} : {kind}")
        results.append((f"%r{i}", f"{kind} {{sdy.sharding = #sdy.sharding<@mesh, {target.text()}>}}"))
    order = draw(st.permutations(range(len(body))))
    given_types = ", ".join(entry.split(" {")[0] for _, entry in results)
    text = f"""sdy.mesh @mesh = <[{", ".join(f'"{name}"={size}' for name, size in mesh.axes)}]>
    func.func @main({", ".join(arguments)}) -> ({", ".join(entry for _, entry in results)}) {{
      {chr(10).join(body[i] for i in order)}
      return {", ".join(name for name, _ in results)} : {given_types}
    }}"""
    return mesh, text, types


@settings(max_examples=12, deadline=None)
@given(_programs(), st.sampled_from([1.0, 60.0, 400.0, 1e9]))
def test_what_travels_together_arrives(program: tuple[MeshShape, str, list[str]], bucket_bytes: float) -> None:
    mesh, text, types = program
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        random = np.random.default_rng(len(text))
        kinds = [ir.RankedTensorType(value.type) for value in entry_block(main_func(module)).arguments]
        arguments = [_numbers(random, tuple(kind.shape), name) for kind, name in zip(kinds, types, strict=True)]
        stacks, left = unreduced(module, "arg_attrs"), unreduced(module, "res_attrs")
        partitioned(module, mesh, bucket_bytes)
        for op in all_ops(module.operation):
            if names.MEMBERS in op.attributes and len(ir.DenseI64ArrayAttr(op.attributes[names.MEMBERS])) > 1:
                assert larger_bytes(op) <= bucket_bytes
        taken, _ = run_partitioned(module, mesh, arguments, stacks, 0)
    for mine, want, axes in zip(taken, arguments, left, strict=True):
        got = added(mine) if axes else mine
        assert np.allclose(
            got.astype(np.float64), want.astype(np.float64), rtol=1e-2 if want.dtype.itemsize == 2 else 1e-5
        )


def _numbers(random: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    import ml_dtypes

    kind = ml_dtypes.bfloat16 if name == "bf16" else TYPES[name]
    return np.asarray(random.integers(-50, 50, shape)).astype(kind)


@pytest.mark.parametrize(("stages", "mesh"), [(1, (4,)), (1, (2, 2)), (2, (2,))], ids=str)
@pytest.mark.parametrize("intra", [name for name in CHOOSER_NAMES if name != "flexflow"])
@pytest.mark.parametrize("name", ["jax_mlp", "zoo/lamb", "zoo/mixed_bfloat16"])
def test_what_is_charged_is_made(name: str, intra: str, stages: int, mesh: tuple[int, ...]) -> None:
    """With buckets for all and with small ones; on two meshes, after their values have landed."""
    bucket_bytes = Random(f"{name} {intra}").choice((1 << 25, 2000))
    options = PlanOptions(
        machine=str(MODULES / "slow-devices.toml"),
        hosts=1,
        devices_per_host=4,
        stages=stages,
        mesh=mesh,
        intra=intra,
        microbatches=2,
        bucket_bytes=bucket_bytes,
    )
    with make_context() as context, ir.Location.unknown():
        machine = machine_of(options)
        loaded = load_module(str(MODULES / f"{name}.mlirbc"), context, None)
        find_roles(loaded.module, options)
        ready = prepare(loaded.module, loaded.name, machine, options)
        decided = decide(ready.module, machine, ready.outline.layout, options)
        charged = [_charged(found.decision) for found in decided.meshes]
        sharded = written(decided, ready.module)
        for arrival in arrivals(ready.module, 2):
            reshards = [op for reading in arrival.readings for op in reading.reshards]
            assert not any(names.JOINS in op.attributes for op in reshards)
        land(ready.module, machine, ready.outline.layout.on(sharded.shapes).meshes, sharded.costs)
        Partition(bucket_bytes=bucket_bytes).run(ready.module)
        records = with_buckets(sharded.records, ready.module, sharded.costs)
    for record, said in zip(records, charged, strict=True):
        made = Counter(f"{bucket.kind} over {'*'.join(bucket.axes)} of {bucket.dtype}" for bucket in record.buckets)
        assert made == said
        total = sum(group.seconds for group in record.groups) + record.shared_s
        total += sum(bucket.latency_s for bucket in record.buckets)
        assert total == pytest.approx(record.certificate.objective_s, rel=1e-4)


def _charged(decision: Decision) -> Counter[str]:
    """How many buckets of each kind, axes and type a choice pays for."""
    problem, found = decision.case.problem, Counter[str]()
    for charge in problem.charges:
        found[charge.name.partition(",")[0]] += charge.buckets(problem.joined(charge, decision.solution.choice))
    return +found

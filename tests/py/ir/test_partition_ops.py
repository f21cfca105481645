"""The law of ``partition``, op by op: with random legal shardings the parts of eight devices make up the whole result.

On the same modules: ``verify-collectives`` agrees, and the collectives counted in the annotated module are those in the partitioned one.
MESHWRIGHT_EXAMPLES=20 draws 20 times as many, anew each time.
"""

import os
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import product
from random import Random
from typing import Any
from unittest import mock

import elementwise
import numpy as np
import pytest
from cases import OPS, Case, read
from jaxlib.mlir import ir
from partition_annotate import Annotator
from partition_run import added, devices, run_partitioned
from simulate import assert_same, make_arguments, whole

from compiler.frontends.load import load_bytes
from dialects import attributes as names
from dialects.context import make_context
from dialects.errors import Failure, UserError
from dialects.ops import all_ops, main_func
from dialects.sdy_attrs import SHARDING, read_sharding
from dialects.sharding import MeshShape
from dialects.signature import attr_dicts, i64
from passes.normalize.normalize import Normalize
from passes.partition import verify_collectives
from passes.partition.counts import Counts, annotated_counts, collective_counts
from passes.partition.partition import Partition
from passes.partition.steps import Step
from passes.partition.verify_collectives import VerifyCollectives
from passes.rules import write_rules

EXAMPLES = int(os.environ.get("MESHWRIGHT_EXAMPLES", "0"))
SHAPES = ("2", "4", "2x2", "2x2x2", "2x4", "1x4")
MESHES = tuple(MeshShape(tuple(zip("xyz", map(int, shape.split("x")), strict=False))) for shape in SHAPES)
OWN = [case for case in read("partition", "narrow") if case.partition != "no"]
ALL = [*OWN, *(case for case in (*elementwise.CASES, *read(*OPS)) if case.partition != "no")]


def loaded(text: str) -> ir.Module:
    context: Any = ir.Context.current
    module = load_bytes(text.encode(), context, "case.mlir").module
    Normalize().run(module)
    return module


def annotated(text: str, mesh: MeshShape, seed: int) -> tuple[ir.Module, Counter[str]]:
    module = loaded(text)
    random = Random(seed)
    annotator = Annotator(mesh, random)
    annotator.annotate(module)
    for op in all_ops(module.operation):
        if op.name == "sdy.reshard" and random.random() < 0.8:
            op.attributes[names.JOINS] = i64(0)
    assert module.operation.verify()
    return module, Counter(annotator.split_ops)


def partitioned(module: ir.Module, mesh: MeshShape, bucket_bytes: float = 0.0) -> Counts:
    """Verify and partition; the collectives, counted before and after. Buckets count as what they are made of."""
    if all(size > 1 for _, size in mesh.axes):
        VerifyCollectives().run(module)
    write_rules(module)
    predicted = annotated_counts(module)
    Partition(bucket_bytes=bucket_bytes).run(module)
    assert module.operation.verify()
    counted = collective_counts(module)
    assert counted == predicted
    return counted


def unreduced(module: ir.Module, which: str) -> list[tuple[str, ...]]:
    return [read_sharding(entry[SHARDING]).unreduced for entry in attr_dicts(main_func(module), which)]


def check(text: str, mesh: MeshShape, seed: int) -> Counter[str]:
    """Annotate at random, partition, run, compare; how often each op was split."""
    with make_context(), ir.Location.unknown():
        arguments = make_arguments(text, seed)
        module, split = annotated(text, mesh, seed)
        given = unreduced(module, "arg_attrs")
        left = [[axis for axis in axes if mesh.size((axis,)) > 1] for axes in unreduced(module, "res_attrs")]
        partitioned(module, mesh, (0.0, 100.0, 4096.0, 1e9)[zlib.crc32(text.encode()) % 4])
        stacks = [tuple(axis for axis in axes if mesh.size((axis,)) > 1) for axes in given]
        taken, _ = run_partitioned(module, mesh, arguments, stacks, seed)
        got = [added(array) if axes else array for array, axes in zip(taken, left, strict=True)]
        compare(text, arguments, got)
    return split


def compare(text: str, arguments: Sequence[np.ndarray[Any, Any]], got: Sequence[np.ndarray[Any, Any]]) -> None:
    """With the interpreter's results; where XLA is known to read an op otherwise, with XLA's on one device."""
    for i, (mine, want) in enumerate(zip(got, whole(text, arguments), strict=True)):
        try:
            assert_same(mine, want, f"result {i}")
        except AssertionError:
            alone = devices(1)
            results = alone.run(alone.compile(loaded(text)), [[argument] for argument in arguments])
            assert_same(mine, results[i][0], f"result {i}")


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_op(case: Case) -> None:
    """On the mesh that the case names, or that its name gives it; in a long search on the next ones too."""
    first = SHAPES.index(case.partition) if case.partition else zlib.crc32(case.name.encode())
    for seed in range(max(1, EXAMPLES)):
        start = Random().randrange(10**6) if EXAMPLES else 0
        check(case.text, MESHES[(first + seed) % len(MESHES)], start + seed)


def test_every_allowed_op_is_split_by_some_case() -> None:
    split: Counter[str] = Counter()
    with make_context(), ir.Location.unknown():
        for case, number in product(ALL, range(2)):
            try:
                _, found = annotated(case.text, MESHES[2 + number], zlib.crc32(case.name.encode()) + number)
            except UserError:
                continue
            split += found
    wanted = set(
        "add dot_general convolution gather scatter dynamic_update_slice dynamic_slice slice pad concatenate reverse sort reduce "
        "reduce_window select_and_scatter transpose reshape broadcast_in_dim iota constant while if case optimization_barrier fft "
        "cholesky triangular_solve select clamp compare convert bitcast_convert complex real batch_norm_inference".split()
    )
    missing = wanted - {name.removeprefix("stablehlo.") for name in split}
    assert not missing


def test_random_numbers_are_the_same_on_all_devices() -> None:
    text = """func.func @main(%a: tensor<f32>, %b: tensor<f32>) -> (tensor<64xf32>, tensor<64xf32>) {
      %s = stablehlo.constant dense<64> : tensor<1xi64>
      %0 = stablehlo.rng %a, %b, %s, distribution = UNIFORM : (tensor<f32>, tensor<f32>, tensor<1xi64>) -> tensor<64xf32>
      %1 = stablehlo.tanh %0 : tensor<64xf32>
      return %0, %1 : tensor<64xf32>, tensor<64xf32>
    }"""
    mesh = MESHES[2]
    with make_context(), ir.Location.unknown():
        module, _ = annotated(text, mesh, 3)
        stacks = unreduced(module, "arg_attrs")
        assert partitioned(module, mesh)["all_reduce", ("x", "y"), 64 * 4] == 1
        given = [np.array(0.0, np.float32), np.array(1.0, np.float32)]
        (numbers, tanh), _ = run_partitioned(module, mesh, given, stacks, 0)  # twins are compared there
    assert len(set(numbers.ravel().tolist())) > 32
    assert np.allclose(np.tanh(numbers), tanh, atol=1e-6)


MEGATRON = """
sdy.mesh @mesh = <["x"=4]>
func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}, %w: tensor<16x64xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}, %v: tensor<64x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
    -> (tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [RESULT]>}) {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {"x"}]>]>} : (tensor<8x16xf32>, tensor<16x64xf32>) -> tensor<8x64xf32>
  %1 = stablehlo.tanh %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {"x"}]>]>} : tensor<8x64xf32>
  %2 = stablehlo.dot_general %1, %v, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<8x64xf32>, tensor<64x16xf32>) -> tensor<8x16xf32>
  %3 = sdy.reshard %2 <@mesh, [RESULT]> : tensor<8x16xf32>
  return %3 : tensor<8x16xf32>
}
"""


@pytest.mark.parametrize(("result", "kind"), [("{}, {}", "all_reduce"), ('{"x"}, {}', "reduce_scatter")])
def test_xla_runs_the_collectives_as_they_stand(result: str, kind: str) -> None:
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(MEGATRON.replace("RESULT", result))
        assert partitioned(module, MESHES[1]) == Counter({(kind, ("x",), 8 * 16 * 4): 1})
        hlo = devices(4).compile(module).hlo_modules()[0].to_string()
    assert compiled(hlo) == Counter({kind: 1})


@pytest.mark.parametrize("seed", range(8))
def test_compiled_collectives_are_those_counted(seed: int) -> None:
    """Of programs where XLA has nothing to merge or to leave out."""
    case = next(case for case in OWN if case.name == ("two_layers", "matmul")[seed % 2])
    mesh = MESHES[(2, 3)[seed // 2 % 2]]
    with make_context(), ir.Location.unknown():
        module, _ = annotated(case.text, mesh, seed)
        counted: Counter[str] = Counter()
        for (kind, _, _), count in partitioned(module, mesh).items():
            counted[kind] += count
        hlo = devices(mesh.num_devices).compile(module).hlo_modules()[0].to_string()
    assert compiled(hlo) == counted


def compiled(hlo: str) -> Counter[str]:
    """Kinds of collectives in optimised HLO."""
    kinds = "all-reduce|all-gather|all-to-all|reduce-scatter|collective-permute"
    return Counter(kind.replace("-", "_") for kind in re.findall(rf"= [^=]*? ({kinds})(?:-start)?\(", hlo))


def test_a_collective_that_shardy_sees_otherwise_is_named() -> None:
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(MEGATRON.replace("RESULT", "{}, {}"))
        wrong = Step("collective_permute", ("x",))
        with (
            mock.patch.object(verify_collectives, "step_between", return_value=wrong),
            pytest.raises(Failure) as caught,
        ):
            VerifyCollectives().run(module)
    assert "Shardy needs sdy.all_reduce to [{}, {}]" in str(caught.value)
    assert "want sdy.reshard to [{}, {}]" in str(caught.value)

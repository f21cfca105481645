"""Programs with very many arguments: what is followed from each of them takes linear time in all."""

import time

from jaxlib.mlir import ir

from compiler.frontends.marks import check_marks
from dialects.context import make_context
from dialects.op_sets import OpSet
from dialects.ops import body_ops, entry_block, main_func
from passes.analysis.roles.batch_flow import Flow, Flows
from passes.solvers.placement.problem import Edge, values_of

COUNT = 3000


def test_a_chain_with_an_argument_at_each_op() -> None:
    """Each argument's way joins that of all before it; walked anew from each of 3000, this took half a minute."""
    arguments = ", ".join(f"%a{i}: tensor<8x8xf32>" for i in range(COUNT))
    adds = [f"%h{i} = stablehlo.add {f'%h{i - 1}' if i else '%x'}, %a{i} : tensor<8x8xf32>" for i in range(COUNT)]
    head = f"func.func public @main({arguments}, %x: tensor<8x8xf32>) -> tensor<8x8xf32>"
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse("\n".join([f"{head} {{", *adds, f"return %h{COUNT - 1} : tensor<8x8xf32>", "}"]))
        flows = Flows(main_func(module), OpSet(body_ops(entry_block(main_func(module)))))
        began = time.process_time()
        found = [flows.of(i) for i in range(COUNT + 1)]
        assert time.process_time() - began < 5.0
    assert all(flow == Flow(weight=False, cut=False, results={0: 0}) for flow in found)


def test_a_value_read_before_the_ways_meet() -> None:
    """From %h on one value alone carries the dim, but %h was multiplied with %y before: a sum over the batch, no weight."""
    text = """
    func.func public @main(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
      %h = stablehlo.tanh %x : tensor<8x4xf32>
      %y = stablehlo.negate %x : tensor<8x4xf32>
      %g = stablehlo.dot_general %h, %y, contracting_dims = [0] x [0] : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
      %z = stablehlo.dot_general %h, %g, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
      return %z : tensor<8x4xf32>
    }"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        flows = Flows(main_func(module), OpSet(body_ops(entry_block(main_func(module)))))
        assert flows.of(0) == Flow(weight=False, cut=False, results={0: 0})


def test_each_argument_donated_to_a_result() -> None:
    """The list of all results, made anew for each of 3000 donations, took seven seconds."""
    arguments = ", ".join(f"%a{i}: tensor<f32> {{tf.aliasing_output = {i} : i32}}" for i in range(COUNT))
    values = ", ".join(f"%a{i}" for i in range(COUNT))
    types = ", ".join(["tensor<f32>"] * COUNT)
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(f"func.func @main({arguments}) -> ({types}) {{ return {values} : {types} }}")
        began = time.process_time()
        check_marks(module, "program")
        assert time.process_time() - began < 2.0


def test_a_value_with_very_many_readers() -> None:
    """Its readers, copied for each one that joins, were 2e8 numbers."""
    edges = [Edge(0, reader, 4.0, "forward") for reader in range(1, 20_001)]
    began = time.process_time()
    found = values_of(edges)
    assert time.process_time() - began < 1.0
    assert found == {(0, 0): (4.0, list(range(1, 20_001)))}

"""A parameter is gathered just before it is multiplied, sums that end as a part are made early, and XLA on CPU keeps to that."""

from functools import cache

import pytest
from jaxlib.mlir import ir

from dialects.context import make_context
from dialects.ops import body_ops, defining_op, entry_block, main_func
from passes.analysis.memory.liveness import peak_temp_bytes
from passes.partition.order import BARRIER, order_gathers
from runtime.devices.xla import Compiled, World

LAYERS = 6
PART, WHOLE = "tensor<64x256xf32>", "tensor<256x256xf32>"
WHOLE_BYTES = 256 * 256 * 4

_ALL = "replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>, use_global_device_ids"
_ADD = "{^bb0(%p: tensor<f32>, %q: tensor<f32>): %s = stablehlo.add %p, %q : tensor<f32> stablehlo.return %s : tensor<f32>}"


def _channel(number: int) -> str:
    return f"channel_handle = #stablehlo.channel_handle<handle = {number + 1}, type = 1>"


def _layer(i: int) -> str:
    return f"""
      %d{i} = stablehlo.dot_general %t{i}, %g{i}, contracting_dims = [1] x [0] : ({PART}, {WHOLE}) -> {PART}
      %t{i + 1} = stablehlo.tanh %d{i} : {PART}
      %v{i} = stablehlo.dot_general %x{i}, %t{i + 1}, contracting_dims = [0] x [0] : ({PART}, {PART}) -> {WHOLE}"""


def _gather(i: int) -> str:
    return f"""
      %g{i} = "stablehlo.all_gather"(%w{i}) <{{all_gather_dim = 0 : i64, {_channel(i)}, {_ALL}}}> : ({PART}) -> {WHOLE}"""


def _sum(i: int) -> str:
    return f"""
      %a{i} = "stablehlo.all_reduce"(%v{i}) <{{{_channel(LAYERS + i)}, {_ALL}}}> ({_ADD}) : ({WHOLE}) -> {WHOLE}
      %r{i} = stablehlo.dynamic_slice %a{i}, %at, %at, sizes = [64, 256] : ({WHOLE}, tensor<i32>, tensor<i32>) -> {PART}"""


def program() -> str:
    """A backward pass as one device runs it, with all gathers at the beginning and all sums at the end."""
    layers = range(LAYERS)
    names = ["t0", *(f"w{i}" for i in layers), *(f"x{i}" for i in layers)]
    given = [f"%t{LAYERS}", *(f"%r{i}" for i in layers)]
    lies = '<@mesh, [{"x"}, {}]>'
    return f"""module {{
    sdy.mesh @mesh = <["x"=4]>
    func.func @main({", ".join(f"%{name}_: {WHOLE}" for name in names)}) -> ({", ".join([WHOLE] * len(given))}) {{
      %m:{len(given)} = sdy.manual_computation({", ".join(f"%{name}_" for name in names)})
          in_shardings=[{", ".join([lies] * len(names))}] out_shardings=[{", ".join([lies] * len(given))}]
          manual_axes={{"x"}} ({", ".join(f"%{name}: {PART}" for name in names)}) {{
      %at = stablehlo.constant dense<0> : tensor<i32>
      {"".join(map(_gather, layers))} {"".join(map(_layer, layers))} {"".join(map(_sum, layers))}
      sdy.return {", ".join(given)} : {", ".join([PART] * len(given))}
      }} : ({", ".join([WHOLE] * len(names))}) -> ({", ".join([WHOLE] * len(given))})
      return {", ".join(f"%m#{i}" for i in range(len(given)))} : {", ".join([WHOLE] * len(given))}
    }} }}"""


def inner(module: ir.Module) -> ir.Block:
    """What one device runs."""
    return body_ops(entry_block(main_func(module)))[0].regions[0].blocks[0]


@cache
def world() -> World:
    return World.here(4)


def compiled(*, ordered: bool) -> tuple[Compiled, float]:
    """As XLA lays it out, and what we say of its temporaries."""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(program())
        if ordered:
            order_gathers(inner(module))
        assert module.operation.verify()
        return world().look(str(module).encode()), peak_temp_bytes(inner(module))


def test_each_layer_gathers_multiplies_and_sums_before_the_next_one_gathers() -> None:
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(program())
        order_gathers(inner(module))
        kinds = ("all_gather", "dot_general", "all_reduce", "optimization_barrier")
        seen = [kind for op in body_ops(inner(module)) if (kind := op.name.removeprefix("stablehlo.")) in kinds]
    # the first gather multiplies an argument: there is nothing that it could wait for
    first = ["all_gather", "dot_general", "dot_general"]
    layer = ["all_reduce", "optimization_barrier", "all_gather", "dot_general", "dot_general"]
    assert seen == [*first, *layer * (LAYERS - 1), "all_reduce"]


def test_whoever_read_a_part_reads_it_behind_the_barrier() -> None:
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(program())
        order_gathers(inner(module))
        ops = body_ops(inner(module))
        makers = [op.name for value in ops[-1].operands if (op := defining_op(value)) is not None]
        assert makers == ["stablehlo.tanh", *[BARRIER] * (LAYERS - 1), "stablehlo.dynamic_slice"]
        barriers = [op for op in ops if op.name == BARRIER]
        assert all(len(list(value.uses)) for op in barriers for value in op.results)


def test_one_layer_at_a_time_is_in_memory() -> None:
    before, _ = compiled(ordered=False)
    after, said = compiled(ordered=True)
    assert before.temp_bytes > LAYERS * WHOLE_BYTES
    assert after.temp_bytes < 5 * WHOLE_BYTES
    assert said == pytest.approx(after.temp_bytes, rel=0.1)
    assert after.hlo.count("all-gather(") == LAYERS


def test_a_small_gather_waits_for_nothing() -> None:
    """One that has less than an eighth of the mean."""
    text = f"""func.func @main(%x: tensor<2x256xf32>, %w0: {PART}, %small: tensor<1x256xf32>) -> (tensor<2x256xf32>, tensor<2x4xf32>) {{
      %y = stablehlo.tanh %x : tensor<2x256xf32> {_gather(0)}
      %s = "stablehlo.all_gather"(%small) <{{all_gather_dim = 0 : i64, {_channel(1)}, {_ALL}}}> : (tensor<1x256xf32>) -> tensor<4x256xf32>
      %z = stablehlo.dot_general %y, %g0, contracting_dims = [1] x [0] : (tensor<2x256xf32>, {WHOLE}) -> tensor<2x256xf32>
      %u = stablehlo.dot_general %z, %s, contracting_dims = [1] x [1] : (tensor<2x256xf32>, tensor<4x256xf32>) -> tensor<2x4xf32>
      return %z, %u : tensor<2x256xf32>, tensor<2x4xf32>
    }}"""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        block = entry_block(main_func(module))
        order_gathers(block)
        seen = [op.name.removeprefix("stablehlo.") for op in body_ops(block)]
    assert seen == [
        "tanh",
        "all_gather",
        "optimization_barrier",
        "all_gather",
        "dot_general",
        "dot_general",
        "func.return",
    ]

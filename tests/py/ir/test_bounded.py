"""Bounded dynamic dims at their bound: equal to what XLA makes of the dynamic program, whatever is in the padding; the refusals."""

import re
from typing import Any

import numpy as np
import pytest
from jaxlib.mlir import ir

from compiler.frontends.load import load_bytes
from dialects.context import make_context
from dialects.errors import UserError
from runtime.devices.xla import World

X, XN, IDS, IN = (
    "tensor<6x4xf32>",
    "tensor<?x4xf32, #stablehlo.bounds<6, ?>>",
    "tensor<6xi32>",
    "tensor<?xi32, #stablehlo.bounds<6>>",
)
V = "tensor<?xf32, #stablehlo.bounds<6>>"
HEAD = f"""func.func @main(%x: {X}, %i: {IDS}, %n: tensor<i32>, %t: tensor<5x4xf32>) -> RESULT {{
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %xn = stablehlo.set_dimension_size %x, %n, dim = 0 : ({X}, tensor<i32>) -> {XN}
  %in = stablehlo.set_dimension_size %i, %n, dim = 0 : ({IDS}, tensor<i32>) -> {IN}
BODY
  return %y : RESULT
}}"""
SCATTER = "#stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>"
GATHER = "#stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>"


def total(value: str, kind: str, op: str = "add", init: str = "%zero", result: str = "tensor<4xf32>") -> str:
    return (
        f"%y = stablehlo.reduce({value} init: {init}) applies stablehlo.{op} across dimensions = [0] "
        f": ({kind}, tensor<f32>) -> {result}"
    )


def scattered(indices: str, index_type: str, updates: str, update_type: str, op: str = "add") -> str:
    body = f"%s = stablehlo.{op} %a, %b : tensor<f32>" if op else ""
    given = "%s" if op else "%b"
    return f"""%y = "stablehlo.scatter"(%t, {indices}, {updates}) <{{scatter_dimension_numbers = {SCATTER}}}> ({{
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        {body}
        stablehlo.return {given} : tensor<f32>
    }}) : (tensor<5x4xf32>, {index_type}, {update_type}) -> tensor<5x4xf32>"""


RUN = {
    "sum": ("tensor<4xf32>", total("%xn", XN)),
    "largest": (
        "tensor<4xf32>",
        "%low = stablehlo.constant dense<0xFF800000> : tensor<f32>\n" + total("%xn", XN, "maximum", "%low"),
    ),
    "product": (
        "tensor<4xf32>",
        "%one = stablehlo.constant dense<1.0> : tensor<f32>\n" + total("%xn", XN, "multiply", "%one"),
    ),
    "row_by_row": (
        "tensor<4xf32>",
        f"%a = stablehlo.multiply %xn, %xn : {XN}\n%b = stablehlo.exponential %a : {XN}\n"
        f"%c = stablehlo.add %b, %x : ({XN}, {X}) -> {XN}\n" + total("%c", XN),
    ),
    "infinite_padding": (
        "tensor<4xf32>",
        f"%a = stablehlo.log %xn : {XN}\n%b = stablehlo.divide %a, %xn : {XN}\n" + total("%b", XN),
    ),
    "mean": (
        "tensor<4xf32>",
        f"%k = stablehlo.get_dimension_size %in, dim = 0 : ({IN}) -> tensor<i32>\n"
        "%f = stablehlo.convert %k : (tensor<i32>) -> tensor<f32>\n"
        "%g = stablehlo.broadcast_in_dim %f, dims = [] : (tensor<f32>) -> tensor<4xf32>\n"
        + total("%xn", XN).replace("%y", "%s")
        + "\n%y = stablehlo.divide %s, %g : tensor<4xf32>",
    ),
    "rows_then_all": (
        "tensor<f32>",
        f"%r = stablehlo.reduce(%xn init: %zero) applies stablehlo.add across dimensions = [1] : ({XN}, tensor<f32>) -> {V}\n"
        + total("%r", V, result="tensor<f32>"),
    ),
    "product_of_matrices": (
        "tensor<4x4xf32>",
        f"%y = stablehlo.dot_general %xn, %xn, contracting_dims = [0] x [0] : ({XN}, {XN}) -> tensor<4x4xf32>",
    ),
    "scatter_add": ("tensor<5x4xf32>", scattered("%in", IN, "%xn", XN)),
    "scatter_set": ("tensor<5x4xf32>", scattered("%in", IN, "%xn", XN, "")),
    "gather_then_scatter": (
        "tensor<5x4xf32>",
        f'%g = "stablehlo.gather"(%t, %in) <{{dimension_numbers = {GATHER}, slice_sizes = array<i64: 1, 4>}}> '
        f": (tensor<5x4xf32>, {IN}) -> {XN}\n%h = stablehlo.add %g, %xn : {XN}\n"
        + scattered("%in", IN, "%h", XN, "subtract"),
    ),
    "sizes_that_are_one": (
        "tensor<5x4xf32>",
        f"%k = stablehlo.get_dimension_size %in, dim = 0 : ({IN}) -> tensor<i32>\n"
        "%k1 = stablehlo.reshape %k : (tensor<i32>) -> tensor<1xi32>\n%four = stablehlo.constant dense<4> : tensor<1xi32>\n"
        "%both = stablehlo.concatenate %four, %k1, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>\n"
        "%k2 = stablehlo.slice %both [1:2] : (tensor<2xi32>) -> tensor<1xi32>\n"
        "%k3 = stablehlo.reshape %k2 : (tensor<1xi32>) -> tensor<i32>\n"
        f"%u = stablehlo.set_dimension_size %x, %k3, dim = 0 : ({X}, tensor<i32>) -> {XN}\n"
        + scattered("%in", IN, "%u", XN),
    ),
    "transposed_and_reshaped": (
        "tensor<4xf32>",
        f"""%a = stablehlo.transpose %xn, dims = [1, 0] : ({XN}) -> tensor<4x?xf32, #stablehlo.bounds<?, 6>>
        %b = stablehlo.slice %a [0:4:3, 0:6] : (tensor<4x?xf32, #stablehlo.bounds<?, 6>>) -> tensor<2x?xf32, #stablehlo.bounds<?, 6>>
        %c = stablehlo.concatenate %b, %b, dim = 0 : (tensor<2x?xf32, #stablehlo.bounds<?, 6>>,
          tensor<2x?xf32, #stablehlo.bounds<?, 6>>) -> tensor<4x?xf32, #stablehlo.bounds<?, 6>>
        %y = stablehlo.reduce(%c init: %zero) applies stablehlo.add across dimensions = [1] :
          (tensor<4x?xf32, #stablehlo.bounds<?, 6>>, tensor<f32>) -> tensor<4xf32>""",
    ),
    "the_operand_itself_is_whole": (
        "tensor<4xf32>",
        total("%x", X).replace("%y", "%w")
        + "\n"
        + total("%xn", XN).replace("%y", "%p")
        + "\n%y = stablehlo.add %w, %p : tensor<4xf32>",
    ),
}
REFUSED = {
    "returned": (XN, f"%y = stablehlo.add %xn, %xn : {XN}", "func.return"),
    "sorted": (
        "tensor<i32>",
        f"""%s = "stablehlo.sort"(%in) <{{dimension = 0 : i64}}> ({{
          ^bb0(%a: tensor<i32>, %b: tensor<i32>):
            %c = stablehlo.compare LT, %a, %b : (tensor<i32>, tensor<i32>) -> tensor<i1>
            stablehlo.return %c : tensor<i1>
        }}) : ({IN}) -> {IN}
        %y = stablehlo.get_dimension_size %s, dim = 0 : ({IN}) -> tensor<i32>""",
        "stablehlo.sort",
    ),
    "two_sizes": (
        "tensor<4xf32>",
        f"%one = stablehlo.constant dense<1> : tensor<i32>\n%m = stablehlo.subtract %n, %one : tensor<i32>\n"
        f"%u = stablehlo.set_dimension_size %x, %m, dim = 0 : ({X}, tensor<i32>) -> {XN}\n"
        f"%a = stablehlo.add %u, %xn : {XN}\n" + total("%a", XN),
        "it joins two sizes that may differ when it runs",
    ),
    "a_second_size": (
        "tensor<4xf32>",
        f"%one = stablehlo.constant dense<1> : tensor<i32>\n%m = stablehlo.subtract %n, %one : tensor<i32>\n"
        f"%u = stablehlo.set_dimension_size %xn, %m, dim = 0 : ({XN}, tensor<i32>) -> {XN}\n" + total("%u", XN),
        "it gives a dim with one size another",
    ),
    "no_fold": (
        "tensor<4xf32>",
        f"""%y = "stablehlo.reduce"(%xn, %zero) <{{dimensions = array<i64: 0>}}> ({{
          ^bb0(%a: tensor<f32>, %b: tensor<f32>):
            %c = stablehlo.subtract %a, %b : tensor<f32>
            stablehlo.return %c : tensor<f32>
        }}) : ({XN}, tensor<f32>) -> tensor<4xf32>""",
        "padding up to the bound of a dim would be seen",
    ),
    "joined_along_it": (
        "tensor<4xf32>",
        f"%a = stablehlo.concatenate %xn, %xn, dim = 0 : ({XN}, {XN}) -> {XN}\n" + total("%a", XN),
        "stablehlo.concatenate",
    ),
    "cut_along_it": (
        "tensor<4xf32>",
        f"%a = stablehlo.slice %xn [0:4, 0:4] : ({XN}) -> tensor<4x4xf32>\n" + total("%a", "tensor<4x4xf32>"),
        "stablehlo.slice",
    ),
    "merged": (
        "tensor<f32>",
        f"%a = stablehlo.reshape %xn : ({XN}) -> tensor<?xf32, #stablehlo.bounds<24>>\n"
        + total("%a", "tensor<?xf32, #stablehlo.bounds<24>>", result="tensor<f32>"),
        "stablehlo.reshape",
    ),
    "looked_up": (
        "tensor<6x4xf32>",
        (
            f'%y = "stablehlo.gather"(%xn, %i) <{{dimension_numbers = {GATHER}, slice_sizes = array<i64: 1, 4>}}> '
            f": ({XN}, {IDS}) -> tensor<6x4xf32>"
        ),
        "stablehlo.gather",
    ),
    "a_size_from_nowhere": (
        "tensor<4xf32>",
        (
            f"%a = stablehlo.broadcast_in_dim %xn, dims = [0, 2] : ({XN}) -> tensor<6x?x4xf32, #stablehlo.bounds<?, 6, ?>>\n"
            "%y = stablehlo.reduce(%a init: %zero) applies stablehlo.add across dimensions = [0, 1] : "
            "(tensor<6x?x4xf32, #stablehlo.bounds<?, 6, ?>>, tensor<f32>) -> tensor<4xf32>"
        ),
        "nothing says what size",
    ),
    "in_a_loop": (
        X,
        f"""%y = stablehlo.while(%it = %x) : {X} cond {{
          %c = stablehlo.constant dense<false> : tensor<i1>
          stablehlo.return %c : tensor<i1>
        }} do {{
          %r = stablehlo.add %it, %xn : ({X}, {XN}) -> {X}
          stablehlo.return %r : {X}
        }}""",
        "it works on a dim whose size is known only when it runs",
    ),
}


def written(result: str, body: str) -> str:
    return HEAD.replace("RESULT", result).replace("BODY", body)


def run(world: World, text: bytes, arguments: list[Any], result: str) -> np.ndarray[Any, Any]:
    shape = tuple(map(int, re.findall(r"\d+(?=x)", result)))
    handler = world.handler(shape, np.dtype(np.float32))
    return np.array(
        world.get(world.run(world.load(world.compile(text)), [world.put(a) for a in arguments], [handler])[0])
    )


@pytest.mark.parametrize("name", RUN)
def test_equals_the_dynamic_program(name: str) -> None:
    result, body = RUN[name]
    text, world, random = written(result, body), World.alone(), np.random.default_rng(1)
    with make_context() as context, ir.Location.unknown():
        module = load_bytes(text.encode(), context, "m").module
        assert "bounds" not in str(module)
        static = str(module).encode()
    for size in (0, 1, 4, 6):
        values = random.normal(size=(6, 4)).astype(np.float32) ** 2
        values[size:] = [0, np.inf, np.nan, -1]  # of which nothing may come through
        indices = np.array([3, 0, 4, 1, 2, 2], np.int32)
        arguments = [values, indices, np.int32(size), random.normal(size=(5, 4)).astype(np.float32)]
        mine, want = (run(world, code, arguments, result) for code in (static, text.encode()))
        np.testing.assert_allclose(mine, want, rtol=1e-5, err_msg=f"{size} rows")


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    result, body, said = REFUSED[name]
    with make_context() as context, pytest.raises(UserError) as caught:
        load_bytes(written(result, body).encode(), context, "m")
    assert said in str(caught.value)
    assert str(caught.value).endswith(
        "densify the gradient, tf.convert_to_tensor(gradient), or export with static shapes"
    )

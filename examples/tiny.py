"""Thirty tiny programs, small enough that every way of sharding them can be tried: the optimum by brute force is the test's oracle.

    python examples/tiny.py --out tests/modules/tiny

writes NAME.mlir, StableHLO text of 2 to 12 ops. Dims are 4 to 32 and chosen to differ, so that splitting one is not as good as
splitting another. Arguments that a program gives back new are donated, as in a training step. Functions come from `jax.lax`
where `jax.numpy` would wrap them in a call.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = jax.Array
F32, BF16, I32 = jnp.float32, jnp.bfloat16, jnp.int32


@dataclass(frozen=True)
class Tiny:
    """A function of arrays, their shapes and dtypes ("8x16", "8xi32"), and how many leading arguments are donated."""

    function: Callable[..., Any]
    args: str
    donated: int = 0


def relu(x: Array) -> Array:
    return lax.max(x, jnp.zeros_like(x))


def of_rows(x: Array, like: Array) -> Array:
    """One number a row, broadcast to the matrix `like`."""
    return lax.broadcast_in_dim(x, like.shape, (0,))


def is_value(tokens: Array, values: int) -> Array:
    """bool[token, value]: whether the token is the value."""
    shape = (*tokens.shape, values)
    return lax.broadcast_in_dim(tokens, shape, (0,)) == lax.broadcasted_iota(I32, shape, 1)


def matmul(x: Array, w: Array) -> Array:
    """The smallest choice: rows, columns, or the contracted dim."""
    return lax.neg(x @ w)


def matmul_chain(x: Array, a: Array, b: Array, c: Array) -> Array:
    """Three matmuls of falling and rising width."""
    return x @ a @ b @ c


def megatron_mlp(x: Array, up: Array, down: Array) -> Array:
    """Columns, then rows: the wide middle never exists whole."""
    return relu(x @ up) @ down


def gated_mlp(x: Array, gate: Array, up: Array, down: Array) -> Array:
    """Two weights that must be split alike."""
    return lax.logistic(x @ gate) * (x @ up) @ down


def residual(x: Array, w: Array) -> Array:
    """What flows around the matmul wants the sharding of what comes out of it."""
    return x + relu(x @ w)


def linear_sgd(w: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Least squares: the gradient contracts the batch."""
    error = x @ w - y
    return w - 0.1 * (x.T @ error), (error * error).sum()


def mlp_sgd(a: Array, b: Array, x: Array, dy: Array) -> tuple[Array, Array]:
    """Two layers backwards by hand from the gradient of the output, and SGD."""
    hidden = lax.tanh(x @ a)
    dhidden = jnp.einsum("no,ho->nh", dy, b) * (1 - hidden * hidden)
    return a - jnp.einsum("ni,nh->ih", x, dhidden), b - jnp.einsum("nh,no->ho", hidden, dy)


def bias_sgd(w: Array, bias: Array, x: Array, dy: Array) -> tuple[Array, Array]:
    """A matrix and a vector whose gradient is a sum over rows."""
    return w - x.T @ dy, bias - dy.sum(0)


def tied_weights(w: Array, x: Array) -> Array:
    """One weight used twice, the second time transposed."""
    return relu(x @ w) @ w.T


def tied_sgd(w: Array, x: Array, y: Array) -> Array:
    """Both gradients of a tied weight are added."""
    hidden = x @ w
    dy = hidden @ w.T - y
    return w - (dy.T @ hidden + x.T @ (dy @ w))


def momentum(w: Array, m: Array, g: Array) -> tuple[Array, Array]:
    """State only: no communication at all when all are split alike."""
    m = 0.9 * m + g
    return w - 0.1 * m, m


def adam(w: Array, m: Array, v: Array, x: Array, dy: Array) -> tuple[Array, Array, Array]:
    """ZeRO in small: a gradient that contracts the batch, and two moments that nothing else reads."""
    g = x.T @ dy
    m = 0.9 * m + g
    v = 0.9 * v + g * g
    return w - m * lax.rsqrt(v), m, v


def embedding(table: Array, tokens: Array, w: Array) -> Array:
    """Rows of a table by integer index, then a matmul."""
    return table.at[tokens].get(mode="promise_in_bounds", wrap_negative_indices=False) @ w


def embedding_sgd(table: Array, tokens: Array, dy: Array) -> Array:
    """The gradient of a lookup is a scatter-add."""
    return table.at[tokens].add(-dy, mode="promise_in_bounds", wrap_negative_indices=False)


def one_hot(tokens: Array, table: Array) -> Array:
    """A lookup as a matmul; the input is of integers."""
    return is_value(tokens, table.shape[0]).astype(F32) @ table


def histogram(tokens: Array) -> Array:
    """Integers only: how often each of 12 values occurs."""
    return is_value(tokens, 12).astype(I32).sum(0)


def attention(q: Array, k: Array, v: Array) -> Array:
    """Scores and values without the softmax; [batch, seq, heads, dim]."""
    return jnp.einsum("bhqk,bkhd->bqhd", jnp.einsum("bqhd,bkhd->bhqk", q, k), v)


def attention_heads(x: Array, wq: Array, wo: Array) -> Array:
    """A matmul whose columns become heads by a reshape, and back."""
    q = (x @ wq).reshape(4, 8, 4, 4)
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, q)
    return jnp.einsum("bhqk,bkhd->bqhd", scores, q).reshape(4, 8, 16) @ wo


def causal_mask(scores: Array, v: Array) -> Array:
    """A mask made of iotas, applied to scores, and a batched matmul."""
    rows, columns = (lax.broadcasted_iota(I32, scores.shape, dim) for dim in (1, 2))
    return lax.select(rows >= columns, scores, jnp.full_like(scores, -9.0)) @ v


def softmax(x: Array) -> Array:
    """Two reductions of one dim, a max and a sum; the other dim is free."""
    exp = lax.exp(x - of_rows(x.max(1), x))
    return exp / of_rows(exp.sum(1), x)


def layer_norm(x: Array) -> Array:
    """Mean and variance over the last dim."""
    x = x - of_rows(x.sum(1) / 16, x)
    return x * of_rows(lax.rsqrt((x * x).sum(1)), x)


def norm_matmul(x: Array, scale: Array, w: Array) -> Array:
    """Rows normalised and scaled, then contracted: the split that suits one does not suit the other."""
    normed = x * of_rows(lax.rsqrt((x * x).sum(1)), x)
    return normed * lax.broadcast_in_dim(scale, x.shape, (1,)) @ w


def reductions(x: Array) -> Array:
    """A sum, a max and a sum, each over another dim."""
    return x.sum(1).max(1).sum()


def reshapes(x: Array, w: Array) -> Array:
    """Two dims merged for a matmul and split again."""
    return (x.reshape(32, 16) @ w).reshape(4, 8, 12)


def expert_matmuls(x: Array, up: Array, down: Array) -> Array:
    """One matmul an expert: the expert dim needs no communication."""
    return jnp.einsum("ech,ehm->ecm", relu(jnp.einsum("ecm,emh->ech", x, up)), down)


def moe_dispatch(dispatch: Array, x: Array, w: Array) -> Array:
    """GShard's einsums: tokens to experts, the expert's weight, and back; an all-to-all in between."""
    inputs = jnp.einsum("gsec,gsm->egcm", dispatch, x)
    return jnp.einsum("gsec,egcm->gsm", dispatch, jnp.einsum("egcm,emn->egcn", inputs, w))


def convolution(x: Array, kernel: Array) -> Array:
    """By batch, height, width, input or output channels."""
    dims = ("NHWC", "HWIO", "NHWC")
    return relu(lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=dims))


def conv_pool(x: Array, a: Array, b: Array) -> Array:
    """A strided convolution, a 1x1 convolution, and the mean over space."""
    dims = ("NHWC", "HWIO", "NHWC")
    x = lax.conv_general_dilated(x, a, (2, 2), "SAME", dimension_numbers=dims)
    return lax.conv_general_dilated(relu(x), b, (1, 1), "VALID", dimension_numbers=dims).sum((1, 2))


def scan(h: Array, xs: Array, w: Array) -> Array:
    """A recurrent layer over two steps: a loop that carries h."""

    def body(h: Array, x: Array) -> tuple[Array, None]:
        return lax.tanh(h @ w + x), None

    return lax.scan(body, h, xs)[0]


def mixed_precision(w: Array, x: Array, dy: Array) -> tuple[Array, Array]:
    """A float32 weight, its bfloat16 copy in the matmuls, and an update in float32."""
    low = w.astype(BF16)
    g = x.T @ dy
    return w - g.astype(F32), dy @ low.T


PROGRAMS = [
    Tiny(matmul, "8x16 16x12"),
    Tiny(matmul_chain, "16x8 8x4 4x8 8x12"),
    Tiny(megatron_mlp, "4x8 8x32 32x8"),
    Tiny(gated_mlp, "4x8 8x16 8x16 16x8"),
    Tiny(residual, "8x16 16x16"),
    Tiny(linear_sgd, "12x4 16x12 16x4", 1),
    Tiny(mlp_sgd, "8x16 16x4 12x8 12x4", 2),
    Tiny(bias_sgd, "8x12 12 16x8 16x12", 2),
    Tiny(tied_weights, "8x16 12x8"),
    Tiny(tied_sgd, "12x4 16x12 16x12", 1),
    Tiny(momentum, "8x12 8x12 8x12", 2),
    Tiny(adam, "8x12 8x12 8x12 16x8 16x12", 3),
    Tiny(embedding, "32x8 16xi32 8x4"),
    Tiny(embedding_sgd, "32x8 16xi32 16x8", 1),
    Tiny(one_hot, "16xi32 12x8"),
    Tiny(histogram, "16xi32"),
    Tiny(attention, "4x8x4x16 4x8x4x16 4x8x4x16"),
    Tiny(attention_heads, "4x8x12 12x16 16x12"),
    Tiny(causal_mask, "4x8x8 4x8x12"),
    Tiny(softmax, "8x16"),
    Tiny(layer_norm, "12x16"),
    Tiny(norm_matmul, "8x16 16 16x4"),
    Tiny(reductions, "4x8x12"),
    Tiny(reshapes, "4x8x16 16x12"),
    Tiny(expert_matmuls, "4x8x12 4x12x16 4x16x12"),
    Tiny(moe_dispatch, "4x8x4x4 4x8x12 4x12x12"),
    Tiny(convolution, "4x8x8x4 3x3x4x12"),
    Tiny(conv_pool, "4x8x8x4 3x3x4x8 1x1x8x12"),
    Tiny(scan, "8x12 2x8x12 12x12", 1),
    Tiny(mixed_precision, "12x8 16x12xbf16 16x8xbf16", 1),
]


def shape_of(text: str) -> jax.ShapeDtypeStruct:
    """ "8x16" and "8x16xf32" are float32[8, 16]."""
    *dims, last = text.split("x")
    dtypes = {"i32": I32, "bf16": BF16}
    if last not in dtypes:
        dims.append(last)
    return jax.ShapeDtypeStruct([int(dim) for dim in dims], dtypes.get(last, F32))


def text_of(program: Tiny) -> str:
    """The module, named after the function, with its docstring as a comment."""
    jitted = jax.jit(program.function, donate_argnums=tuple(range(program.donated)), keep_unused=True)
    module = jitted.lower(*map(shape_of, program.args.split())).as_text()
    return f"// {program.function.__doc__}\n{module}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        (out / f"{program.function.__name__}.mlir").write_text(text_of(program))
    print(f"{out}: {len(PROGRAMS)} programs")


if __name__ == "__main__":
    main()

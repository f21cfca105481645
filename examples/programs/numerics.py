"""Types and operations that are neither float32 nor elementwise nor a product."""

import jax
import jax.numpy as jnp
from jax import lax

from programs.program import (
    STEPS,
    Program,
    Tree,
    classification,
    cross_entropy,
    dense,
    integers,
    mlp,
    mlp_params,
    normal,
    regression,
    squared_error,
    training,
)


def mixed_bfloat16() -> Program:
    """float32 parameters, cast to bfloat16 in the model; products accumulate in float32."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        h = x.astype(jnp.bfloat16)
        for name in ("w1", "w2"):
            h = jax.nn.gelu(jnp.dot(h, p[name].astype(jnp.bfloat16), preferred_element_type=jnp.float32))
            h = h.astype(jnp.bfloat16)
        return cross_entropy((h @ p["w3"].astype(jnp.bfloat16)).astype(jnp.float32), labels)

    params = {name: w for name, w in mlp_params().items() if name.startswith("w")}
    return training(loss_of, params, classification())


def float8_products() -> Program:
    """Both operands of each product pass through float8 (e4m3), with a scale from their largest entries.

    The scale of the activations is a max over the batch."""

    def quantize(x: jax.Array) -> jax.Array:
        scale = lax.stop_gradient(jnp.max(jnp.abs(x)) / 448.0 + 1e-12)
        rounded = (x / scale).astype(jnp.float8_e4m3fn).astype(jnp.float32) * scale
        return x + lax.stop_gradient(rounded - x)

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        h = jnp.tanh(quantize(x) @ quantize(p["w1"]))
        return jnp.mean((quantize(h) @ quantize(p["w2"]) - y) ** 2)

    params = {"w1": dense(1, 12, 16), "w2": dense(2, 16, 4)}
    return training(loss_of, params, regression(), coupled="one scale for the activations of the whole batch")


def fake_quantized_int8() -> Program:
    """Weights and activations rounded to int8 by fixed scales; the product is int8 x int8 -> int32."""

    @jax.custom_vjp
    def quantized_dot(x: jax.Array, w: jax.Array) -> jax.Array:
        qx, qw = (jnp.clip(jnp.round(v * 32), -128, 127).astype(jnp.int8) for v in (x, w))
        return jnp.dot(qx, qw, preferred_element_type=jnp.int32).astype(jnp.float32) / 1024

    def forward(x: jax.Array, w: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        return quantized_dot(x, w), (x, w)

    def backward(saved: tuple[jax.Array, jax.Array], g: jax.Array) -> tuple[jax.Array, jax.Array]:
        return g @ saved[1].T, saved[0].T @ g

    quantized_dot.defvjp(forward, backward)

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((quantized_dot(jnp.tanh(quantized_dot(x, p["w1"])), p["w2"]) - y) ** 2)

    return training(loss_of, {"w1": dense(1, 12, 16), "w2": dense(2, 16, 4)}, regression())


def complex_parameters() -> Program:
    """Complex64 parameters (state), a unitary-like layer, the loss a squared magnitude."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> jax.Array:
            h = lax.complex(x, jnp.zeros_like(x)) @ p["w1"]
            h = h / (1.0 + jnp.abs(h))
            return jnp.mean((jnp.abs(h @ p["w2"]) - jnp.abs(y)) ** 2)

        loss, grads = jax.value_and_grad(loss_of)(p)
        return jax.tree.map(lambda p, g: p - 0.1 * jnp.conj(g), p, grads), loss

    params = {
        "w1": lax.complex(dense(1, 12, 16), dense(2, 12, 16)),
        "w2": lax.complex(dense(3, 16, 4), dense(4, 16, 4)),
    }
    return Program(step, (params, *regression()), ((0, 0),), (1, 2), loss=1)


def uint8_images() -> Program:
    """Images come as uint8 and are scaled in the step."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        x = (x.astype(jnp.float32) / 255.0 - 0.5).reshape(len(x), -1)
        return cross_entropy(jax.nn.relu(x @ p["w1"]) @ p["w2"], labels)

    images = integers(1, 256, STEPS, 8, 4, 4, 3).astype(jnp.uint8)
    labels = (images[..., 0, 0, 0] // 64).astype(jnp.int32)
    return training(loss_of, {"w1": dense(2, 48, 16), "w2": dense(3, 16, 4)}, (images, labels))


def bits_and_integers() -> Program:
    """A hash of the ids by shifts, xor and multiplication chooses rows of a small table (hashed embeddings)."""

    def loss_of(p: Tree, ids: jax.Array, y: jax.Array) -> jax.Array:
        h = ids.astype(jnp.uint32) * jnp.uint32(2654435761)
        h = h ^ (h >> 15)
        rows = jnp.stack([h % 23, (h >> 8) % 23], -1).astype(jnp.int32)
        sign = jnp.where(lax.population_count(h) % 2 == 1, 1.0, -1.0)
        x = jnp.sum(p["table"][rows], -2) * sign[..., None]
        return jnp.mean((jnp.tanh(x.mean(1)) @ p["out"] - y) ** 2)

    ids = integers(1, 1_000_000, STEPS, 8, 6)
    params = {"table": normal(2, 23, 16), "out": dense(3, 16, 2)}
    return training(loss_of, params, (ids, jnp.sin(ids[..., :2] / 1e5)))


def custom_gradient() -> Program:
    """custom_vjp: a sign activation whose gradient is a clipped identity, and a gradient-reversal layer."""

    @jax.custom_vjp
    def binarize(x: jax.Array) -> jax.Array:
        return jnp.sign(x)

    binarize.defvjp(lambda x: (jnp.sign(x), x), lambda x, g: (jnp.where(jnp.abs(x) < 1, g, 0.0),))

    @jax.custom_vjp
    def reverse(x: jax.Array) -> jax.Array:
        return x

    reverse.defvjp(lambda x: (x, None), lambda _, g: (-0.1 * g,))

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        h = binarize(x @ p["w1"])
        return jnp.mean((h @ p["w2"] - y) ** 2) + jnp.mean((reverse(h) @ p["domain"]) ** 2)

    return training(loss_of, {"w1": dense(1, 12, 16), "w2": dense(2, 16, 4), "domain": dense(3, 16, 2)}, regression())


def many_selects() -> Program:
    """Activations and losses made of where, comparisons, clamps and sign; a piecewise learning rate."""

    def step(p: Tree, count: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> jax.Array:
            h = x @ p["w1"]
            h = jnp.where(h > 1, 1 + 0.1 * (h - 1), jnp.where(h < -1, -1 + 0.1 * (h + 1), h))
            error = jnp.clip(h @ p["w2"], -3, 3) - y
            small = jnp.abs(error) < 0.5
            return jnp.mean(jnp.where(small, error**2, jnp.abs(error) - 0.25))

        loss, grads = jax.value_and_grad(loss_of)(p)
        rate = jnp.select([count < 1, count < 2], [0.3, 0.1], 0.03)
        p = jax.tree.map(lambda p, g: jnp.where(jnp.isnan(g), p, p - rate * g), p, grads)
        return p, count + 1, loss

    params = {"w1": dense(1, 12, 16), "w2": dense(2, 16, 4)}
    return Program(step, (params, jnp.int32(0), *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def sorted_features() -> Program:
    """Sort along the features, top_k pooling over the sequence, and a median."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        h = jnp.tanh(x @ p["in"])
        pooled = lax.top_k(jnp.swapaxes(h, 1, 2), 3)[0].mean(-1)
        features = jnp.concatenate([jnp.sort(pooled, -1), jnp.median(h, 1)], -1)
        return jnp.mean((features @ p["out"] - y) ** 2)

    x = normal(3, STEPS, 8, 7, 6)
    return training(loss_of, {"in": dense(1, 6, 16), "out": dense(2, 32, 2)}, (x, x[..., :2].max(2)))


def sorted_batch() -> Program:
    """A sort along the batch itself: the sliced Wasserstein distance of two clouds of points."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((jnp.sort(mlp(p, x), 0) - jnp.sort(y, 0)) ** 2)

    return training(loss_of, mlp_params(), regression(), coupled="a sort along the batch")


def cumulative() -> Program:
    """cumsum, cumprod, cummax and logcumsumexp along time: reduce_windows as wide as their dim."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        h = x @ p["in"]
        parts = [
            jnp.cumsum(h, 1) / 4,
            jnp.cumprod(jax.nn.sigmoid(h), 1),
            lax.cummax(h, 1),
            lax.cumlogsumexp(h, 1),
        ]
        return jnp.mean((jnp.concatenate(parts, -1) @ p["out"] - y) ** 2)

    x = normal(3, STEPS, 8, 6, 4)
    return training(loss_of, {"in": dense(1, 4, 6), "out": dense(2, 24, 2)}, (x, jnp.cumsum(x[..., :2], 2) / 3))


def natural_gradient() -> Program:
    """A damped Gauss-Newton step: a Cholesky factor of the curvature, and two triangular solves, in the update.

    On the CPU, JAX lowers both to custom calls of LAPACK and BLAS."""

    def step(w: jax.Array, curvature: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grad = jax.value_and_grad(lambda w: jnp.mean((x @ w - y) ** 2))(w)
        curvature = 0.5 * curvature + 0.5 * x.T @ x / len(x)
        factor = jnp.linalg.cholesky(curvature + 0.1 * jnp.eye(12))
        half = jax.scipy.linalg.solve_triangular(factor, grad, lower=True)
        return w - 0.5 * jax.scipy.linalg.solve_triangular(factor.T, half), curvature, loss

    args = (0.1 * dense(1, 12, 4), jnp.eye(12), *regression())
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


def conjugate_gradient() -> Program:
    """A Hessian-free step: conjugate gradients on Hessian-vector products over the batch, in a loop.

    Each trip of the loop runs the model forward and backward over the whole batch again."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def gradient(p: Tree) -> Tree:
            return jax.grad(squared_error)(p, x, y)

        def curved(v: Tree) -> Tree:
            hv = jax.jvp(gradient, (p,), (v,))[1]
            return jax.tree.map(lambda h, v: h + 1.0 * v, hv, v)

        loss = squared_error(p, x, y)
        direction, _ = jax.scipy.sparse.linalg.cg(curved, gradient(p), maxiter=4)
        return jax.tree.map(lambda p, d: p - 0.5 * d, p, direction), loss

    coupled = "every trip of the solver's loop needs a product over the whole batch"
    return Program(step, (mlp_params(), *regression()), ((0, 0),), (1, 2), loss=1, coupled=coupled)


def spectral_norm() -> Program:
    """Spectral normalization: power iteration, whose vector is state that the forward pass reads and renews."""

    def step(p: Tree, u: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        v = p["w"].T @ u
        v = v / jnp.linalg.norm(v)
        u = p["w"] @ v
        u = u / jnp.linalg.norm(u)

        def loss_of(p: Tree) -> jax.Array:
            sigma = lax.stop_gradient(u) @ p["w"] @ lax.stop_gradient(v)
            return jnp.mean((jnp.tanh(x @ p["w"] / sigma) @ p["out"] - y) ** 2)

        loss, grads = jax.value_and_grad(loss_of)(p)
        return jax.tree.map(lambda p, g: p - 0.1 * g, p, grads), u, loss

    params = {"w": dense(1, 12, 16), "out": dense(2, 16, 4)}
    return Program(step, (params, normal(3, 12), *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def indexed_updates() -> Program:
    """at[].set, at[].add and dynamic slices with indices from the batch; a memory that examples write to (state)."""

    def step(p: Tree, memory: jax.Array, x: jax.Array, y: jax.Array, slot: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> tuple[jax.Array, jax.Array]:
            h = jnp.tanh(x @ p["w"] + memory[slot])
            window = jax.vmap(lambda h, i: lax.dynamic_slice(h, (i,), (8,)))(h, slot % 9)
            return jnp.mean((window @ p["out"] - y) ** 2), h

        (loss, h), grads = jax.value_and_grad(loss_of, has_aux=True)(p)
        memory = (0.9 * memory).at[slot].add(0.1 * h)
        return jax.tree.map(lambda p, g: p - 0.1 * g, p, grads), memory, loss

    args = (
        {"w": dense(1, 12, 16), "out": dense(2, 8, 4)},
        jnp.zeros((20, 16)),
        *regression(),
        integers(3, 20, STEPS, 8),
    )
    return Program(step, args, ((0, 0), (1, 1)), (2, 3, 4), loss=2)


PROGRAMS = (
    mixed_bfloat16,
    float8_products,
    fake_quantized_int8,
    complex_parameters,
    uint8_images,
    bits_and_integers,
    custom_gradient,
    many_selects,
    sorted_features,
    sorted_batch,
    cumulative,
    natural_gradient,
    conjugate_gradient,
    spectral_norm,
    indexed_updates,
)

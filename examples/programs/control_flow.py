"""Loops, branches and recomputation: layers and time steps that are not written out."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from jax import lax

from programs.program import (
    STEPS,
    Program,
    Tree,
    classification,
    cross_entropy,
    dense,
    mlp,
    mlp_params,
    normal,
    regression,
    squared_error,
    tokens,
    training,
)


def _stacked(layers: int = 4, width: int = 16) -> Tree:
    """Parameters of equal layers, stacked on a leading layer dimension."""
    return {
        "in": dense(1, 12, width),
        "layers": {"w": normal(2, layers, width, width, scale=width**-0.5), "b": jnp.zeros((layers, width))},
        "out": dense(3, width, 4),
    }


def _layer(x: jax.Array, p: Tree) -> tuple[jax.Array, None]:
    return x + jnp.tanh(x @ p["w"] + p["b"]), None


def scan_layers() -> Program:
    """A scan over stacked layers, forward and backward; Adam updates the stacks whole."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        x, _ = lax.scan(_layer, x @ p["in"], p["layers"])
        return jnp.mean((x @ p["out"] - y) ** 2)

    return training(loss_of, _stacked(), regression(), optax.adam(1e-2))


def scan_layers_remat() -> Program:
    """The same scan, each layer under jax.checkpoint: the backward loop computes the layer again."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        x, _ = lax.scan(jax.checkpoint(_layer), x @ p["in"], p["layers"])
        return jnp.mean((x @ p["out"] - y) ** 2)

    return training(loss_of, _stacked(), regression(batch=6), optax.adam(1e-2))


def scan_layers_remat_in_groups() -> Program:
    """Layers in groups of two, each group and each layer under jax.checkpoint, with adam on stacks of [2, 2, ...]."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        @jax.checkpoint
        def group(x: jax.Array, layers: Tree) -> tuple[jax.Array, None]:
            return lax.scan(jax.checkpoint(_layer), x, layers)[0], None

        groups = jax.tree.map(lambda a: a.reshape(2, 2, *a.shape[1:]), p["layers"])
        x, _ = lax.scan(group, x @ p["in"], groups)
        return jnp.mean((x @ p["out"] - y) ** 2)

    return training(loss_of, _stacked(), regression(), optax.adam(1e-2))


def scan_layers_remat_saving_dots() -> Program:
    """A checkpoint policy that keeps the products and computes the rest again, without barriers."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        policy = jax.checkpoint_policies.dots_saveable
        x, _ = lax.scan(jax.checkpoint(_layer, policy=policy, prevent_cse=False), x @ p["in"], p["layers"])
        return jnp.mean((x @ p["out"] - y) ** 2)

    return training(loss_of, _stacked(), regression(), optax.adam(1e-2))


def scan_layers_unrolled_by_two() -> Program:
    """A scan over six layers, two in each trip of the loop."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        x, _ = lax.scan(_layer, x @ p["in"], p["layers"], unroll=2)
        return jnp.mean((x @ p["out"] - y) ** 2)

    return training(loss_of, _stacked(layers=6), regression())


def scan_collects() -> Program:
    """A scan over layers that also returns every layer's activations, all read by the loss (dense connections)."""

    def collect(x: jax.Array, p: Tree) -> tuple[jax.Array, jax.Array]:
        x, _ = _layer(x, p)
        return x, x

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        _, outs = lax.scan(collect, x @ p["in"], p["layers"])
        return jnp.mean((jnp.einsum("lbi,io->bo", outs, p["out"]) / 4 - y) ** 2)

    return training(loss_of, _stacked(), regression())


def lstm() -> Program:
    """An LSTM language model by a scan over time (time-major inside), under gradient clipping."""
    width = 16

    def loss_of(p: Tree, ids: jax.Array, targets: jax.Array) -> jax.Array:
        def cell(state: tuple[jax.Array, jax.Array], x: jax.Array) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
            h, c = state
            i, f, g, o = jnp.split(x @ p["wx"] + h @ p["wh"] + p["b"], 4, -1)
            c = jax.nn.sigmoid(f + 1.0) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((ids.shape[0], width))
        _, hs = lax.scan(cell, (zeros, zeros), jnp.swapaxes(p["tokens"][ids], 0, 1))
        return cross_entropy(jnp.swapaxes(hs, 0, 1) @ p["head"], targets)

    params = {
        "tokens": normal(1, 32, width, scale=0.25),
        "wx": dense(2, width, 4 * width),
        "wh": dense(3, width, 4 * width),
        "b": jnp.zeros(4 * width),
        "head": dense(4, width, 32),
    }
    return training(loss_of, params, tokens(), optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.5)))


def gru_time_major() -> Program:
    """A GRU over time-major inputs [seq, batch, width]: dim 1 is the batch; the final state is classified."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        def cell(h: jax.Array, x: jax.Array) -> tuple[jax.Array, None]:
            r, z = jnp.split(jax.nn.sigmoid(x @ p["gates_x"] + h @ p["gates_h"]), 2, -1)
            new = jnp.tanh(x @ p["new_x"] + (r * h) @ p["new_h"])
            return (1 - z) * h + z * new, None

        h, _ = lax.scan(cell, jnp.zeros((x.shape[1], 16)), x)
        return cross_entropy(h @ p["head"], labels)

    params = {
        "gates_x": dense(1, 12, 32),
        "gates_h": dense(2, 16, 32),
        "new_x": dense(3, 12, 16),
        "new_h": dense(4, 16, 16),
        "head": dense(5, 16, 4),
    }
    x = normal(6, STEPS, 10, 8, 12)
    labels = jnp.argmax(x[:, -1] @ dense(7, 12, 4), -1).astype(jnp.int32)
    return training(loss_of, params, (x, labels), optax.adam(1e-2))


def bidirectional() -> Program:
    """Two scans over time, one reversed, joined by a concatenate."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        def cell(w: jax.Array, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
            h = jnp.tanh(x + h @ w)
            return h, h

        x = jnp.swapaxes(x @ p["in"], 0, 1)
        zeros = jnp.zeros(x.shape[1:])
        _, forth = lax.scan(partial(cell, p["forth"]), zeros, x)
        _, back = lax.scan(partial(cell, p["back"]), zeros, x, reverse=True)
        return jnp.mean((jnp.concatenate([forth, back], -1) @ p["out"] - jnp.swapaxes(y, 0, 1)) ** 2)

    params = {"in": dense(1, 6, 16), "forth": dense(2, 16, 16), "back": dense(3, 16, 16), "out": dense(4, 32, 2)}
    x = normal(5, STEPS, 8, 9, 6)
    return training(loss_of, params, (x, jnp.cumsum(x[..., :2], 2) / 3), optax.adam(1e-2))


def while_loop_inside() -> Program:
    """A while loop of unknown length in the forward pass (a fixed point, without gradient), over the whole batch.

    It stops when the worst example has converged: the batch is coupled by the loop's condition."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        w = lax.stop_gradient(0.4 * p["w"] / jnp.linalg.norm(p["w"]))

        def unfinished(state: tuple[jax.Array, jax.Array]) -> jax.Array:
            z, previous = state
            return jnp.max(jnp.abs(z - previous)) > 1e-3

        def refine(state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            z, _ = state
            return jnp.tanh(z @ w + lax.stop_gradient(x)), z

        z, _ = lax.while_loop(unfinished, refine, (jnp.zeros_like(x), jnp.ones_like(x)))
        return jnp.mean((jnp.tanh(z @ p["w"] + x) @ p["out"] - y) ** 2)

    params = {"w": dense(1, 12, 12), "out": dense(2, 12, 4)}
    return training(
        loss_of, params, regression(), coupled="the loop ends when the largest change in the batch is small"
    )


def while_loop_per_example() -> Program:
    """The same kind of loop under vmap: finished examples wait (select) until all are finished."""

    def halve(x: jax.Array) -> jax.Array:
        return lax.while_loop(lambda v: jnp.sum(v * v) > 1.0, lambda v: 0.7 * v, x)

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return squared_error(p, lax.stop_gradient(jax.vmap(halve)(x)), y)

    return training(loss_of, mlp_params(), regression())


def fori_loop() -> Program:
    """A weight-tied layer applied five times by fori_loop; its gradients gather in the loop's carry."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        h = lax.fori_loop(0, 5, lambda i, h: jnp.tanh(h @ p["w"] + x * (i + 1.0) / 5.0), x)
        return jnp.mean((h @ p["out"] - y) ** 2)

    return training(loss_of, {"w": dense(1, 12, 12), "out": dense(2, 12, 4)}, regression(), optax.adam(1e-2))


def loop_over_examples() -> Program:
    """lax.map over the examples of the batch: the loop runs along dim 0 of the batch itself."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean(lax.map(lambda example: jnp.mean((mlp(p, example[0]) - example[1]) ** 2), (x, y)))

    return training(loss_of, mlp_params(), regression(batch=12))


def own_microbatches() -> Program:
    """The step itself loops over four microbatches and sums their gradients (a scan over a reshaped batch)."""

    def step(params: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def accumulate(carry: Tree, part: tuple[jax.Array, jax.Array]) -> tuple[Tree, None]:
            return jax.tree.map(jnp.add, carry, jax.value_and_grad(squared_error)(params, *part)), None

        zeros = (jnp.zeros(()), jax.tree.map(jnp.zeros_like, params))
        parts = (x.reshape(4, -1, *x.shape[1:]), y.reshape(4, -1, *y.shape[1:]))
        (loss, grads), _ = lax.scan(accumulate, zeros, parts)
        return jax.tree.map(lambda p, g: p - 0.1 * g / 4, params, grads), loss / 4

    return Program(step, (mlp_params(), *regression(batch=16)), ((0, 0),), (1, 2), loss=1)


def branch_on_state() -> Program:
    """lax.cond on the step counter: odd steps train one head, even steps the other."""

    def step(p: Tree, count: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> jax.Array:
            h = jnp.tanh(x @ p["in"])
            out = lax.cond(count % 2 == 1, lambda h: h @ p["odd"], lambda h: jnp.sin(h @ p["even"]), h)
            return jnp.mean((out - y) ** 2)

        loss, grads = jax.value_and_grad(loss_of)(p)
        return jax.tree.map(lambda p, g: p - 0.1 * g, p, grads), count + 1, loss

    params = {"in": dense(1, 12, 16), "odd": dense(2, 16, 4), "even": dense(3, 16, 4)}
    return Program(step, (params, jnp.int32(0), *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def switch_of_activations() -> Program:
    """lax.switch over three activations, chosen by an int32 that comes with the batch (a scalar batch argument)."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array, which: jax.Array) -> jax.Array:
        h = lax.switch(which, [jnp.tanh, jax.nn.relu, lambda v: v * jax.nn.sigmoid(v)], x @ p["in"])
        return jnp.mean((h @ p["out"] - y) ** 2)

    batch = (*regression(), jnp.arange(STEPS, dtype=jnp.int32))
    return training(loss_of, {"in": dense(1, 12, 16), "out": dense(2, 16, 4)}, batch)


def checkpointed_blocks() -> Program:
    """jax.checkpoint around each block with a policy that keeps matrix products; optimization barriers appear."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        keep_products = partial(jax.checkpoint, policy=jax.checkpoint_policies.dots_with_no_batch_dims_saveable)
        block = keep_products(lambda h, w, b: h + jax.nn.gelu(h @ w + b))
        h = x @ p["in"]
        for w, b in p["blocks"]:
            h = block(h, w, b)
        return cross_entropy(h @ p["out"], labels)

    params = {
        "in": dense(1, 12, 16),
        "blocks": [(dense(2 + i, 16, 16), jnp.zeros(16)) for i in range(3)],
        "out": dense(9, 16, 4),
    }
    return training(loss_of, params, classification(), optax.adam(1e-2))


def associative_scan() -> Program:
    """A linear recurrence by associative_scan: log-many slices, pads and interleaves along time (an SSM layer)."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        decay = jnp.broadcast_to(jax.nn.sigmoid(p["decay"]), (*x.shape[:2], 16))

        def combine(a: tuple[jax.Array, jax.Array], b: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            return a[0] * b[0], a[1] * b[0] + b[1]

        _, h = lax.associative_scan(combine, (decay, x @ p["in"]), axis=1)
        return jnp.mean((h @ p["out"] - y) ** 2)

    params = {"decay": normal(1, 16), "in": dense(2, 6, 16), "out": dense(3, 16, 2)}
    x = normal(4, STEPS, 8, 11, 6)
    return training(loss_of, params, (x, jnp.cumsum(x[..., :2], 2) / 3), optax.adam(1e-2))


PROGRAMS = (
    scan_layers,
    scan_layers_remat,
    scan_layers_remat_in_groups,
    scan_layers_remat_saving_dots,
    scan_layers_unrolled_by_two,
    scan_collects,
    lstm,
    gru_time_major,
    bidirectional,
    while_loop_inside,
    while_loop_per_example,
    fori_loop,
    loop_over_examples,
    own_microbatches,
    branch_on_state,
    switch_of_activations,
    checkpointed_blocks,
    associative_scan,
)

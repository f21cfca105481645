"""Weights of all layers in one array, as frameworks keep them that scan over layers, and what optimizers do to such stacks."""

import jax
import jax.numpy as jnp
import optax
from jax import lax

from programs.program import Program, Tree, dense, normal, regression, training

LAYERS, WIDTH = 8, 16


def _weights(seed: int = 2, layers: int = LAYERS) -> jax.Array:
    return normal(seed, layers, WIDTH, WIDTH, scale=0.5 * WIDTH**-0.5)


def _ends() -> Tree:
    return {"in": dense(1, 12, WIDTH), "out": dense(3, WIDTH, 4)}


def stacked_clipped() -> Program:
    """Eight scanned layers with stacks of two dtypes, one of them frozen, under AdamW and clipping by the global norm."""
    layers = {"w": _weights(), "b": jnp.zeros((LAYERS, WIDTH), jnp.bfloat16)}
    frozen = 1 + 0.1 * normal(4, LAYERS, WIDTH)
    optimizer = optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(1e-2, weight_decay=0.1))
    x, y = regression(batch=12)
    state = optimizer.init({**_ends(), "layers": layers})

    def loss_of(p: Tree, frozen: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
        def layer(x: jax.Array, own: Tree) -> tuple[jax.Array, None]:
            p, scale = own
            return x + scale * jnp.tanh(x @ p["w"] + p["b"].astype(x.dtype)), None

        x, _ = lax.scan(layer, x @ p["in"], (p["layers"], frozen))
        return jnp.mean((x @ p["out"] - y) ** 2)

    def step(p: Tree, state: Tree, frozen: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(loss_of)(p, frozen, x, y)
        updates, state = optimizer.update(grads, state, p)
        return optax.apply_updates(p, updates), state, loss, optax.global_norm(grads["layers"])

    args = ({**_ends(), "layers": layers}, state, frozen, x, y)
    return Program(step, args, ((0, 0), (1, 1)), (3, 4), loss=2)


def stacked_tied() -> Program:
    """Each layer's weight is read twice, by an encoder and, backwards and transposed, by a decoder that picks it by its number."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        x, _ = lax.scan(lambda x, w: (x + jnp.tanh(x @ w), None), x @ p["in"], p["layers"])
        x = lax.fori_loop(0, 4, lambda i, x: x + jnp.tanh(x @ p["layers"][3 - i].T), x)
        return jnp.mean((x @ p["out"] - y) ** 2)

    return training(loss_of, {**_ends(), "layers": _weights(layers=4)}, regression(), optax.adam(1e-2))


def stacked_read_whole() -> Program:
    """The loss holds every layer against every other, so that the stack is read whole; its neighbour is not."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        def layer(x: jax.Array, own: Tree) -> tuple[jax.Array, None]:
            return x + jnp.tanh(jnp.tanh(x @ own["w"]) @ own["v"]), None

        x, _ = lax.scan(layer, x @ p["in"], p["layers"])
        w = p["layers"]["w"]
        alike = jnp.einsum("lij,mij->lm", w, w) - 4 * jnp.eye(4)
        return jnp.mean((x @ p["out"] - y) ** 2) + 1e-3 * jnp.sum(alike**2)

    layers = {"w": _weights(layers=4), "v": _weights(5, layers=4)}
    return training(loss_of, {**_ends(), "layers": layers}, regression(), optax.adam(1e-2))


PROGRAMS = (stacked_clipped, stacked_tied, stacked_read_whole)

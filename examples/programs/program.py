"""What a program of the zoo is, and the few parts that most of them share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

Tree = Any
STEPS = 3


@dataclass(frozen=True)
class Program:
    """One step with its arguments and its contract. Positions count arguments and results as pytrees, not leaves.

    step: the function, `(*args) -> tuple of results`.
    args: its arguments; the leaves of those in `batch` have a leading steps dimension.
    state: pairs (argument, result): the result of one step is the argument of the next.
    batch: positions of the arguments that are new in every step.
    loss: position of the scalar loss among the results, or None.
    donate: positions of the donated arguments; None means all state.
    coupled: what couples the examples of a batch before the update, so that gradients of microbatches do not simply
        add up; empty where nothing does.
    """

    step: Callable[..., tuple[Tree, ...]]
    args: tuple[Tree, ...]
    state: tuple[tuple[int, int], ...]
    batch: tuple[int, ...]
    loss: int | None
    donate: tuple[int, ...] | None = None
    coupled: str = ""

    @property
    def donated(self) -> tuple[int, ...]:
        return tuple(arg for arg, _ in self.state) if self.donate is None else self.donate


def training(
    loss_of: Callable[..., jax.Array],
    params: Tree,
    batch: tuple[Tree, ...],
    optimizer: Any = None,
    coupled: str = "",
) -> Program:
    """The usual step `(params, opt_state, *batch) -> (params, opt_state, loss)`, with SGD unless told."""
    transform = optax.with_extra_args_support(optimizer or optax.sgd(0.1))

    def step(params: Tree, opt_state: Tree, *batch: Tree) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(loss_of)(params, *batch)
        updates, opt_state = transform.update(grads, opt_state, params, value=loss, grad=grads)
        return optax.apply_updates(params, updates), opt_state, loss

    positions = tuple(range(2, 2 + len(batch)))
    args = (params, transform.init(params), *batch)
    return Program(step, args, ((0, 0), (1, 1)), positions, loss=2, coupled=coupled)


def normal(seed: int, *shape: int, scale: float = 1.0) -> jax.Array:
    """Normal float32 numbers, the same on every machine."""
    return jnp.asarray(scale * np.random.default_rng(seed).standard_normal(shape), jnp.float32)


def integers(seed: int, high: int, *shape: int) -> jax.Array:
    """Uniform int32 numbers below `high`."""
    return jnp.asarray(np.random.default_rng(seed).integers(0, high, shape), jnp.int32)


def dense(seed: int, num_in: int, num_out: int) -> jax.Array:
    """A weight matrix that keeps the variance of its input."""
    return normal(seed, num_in, num_out, scale=num_in**-0.5)


def layer_norm(x: jax.Array) -> jax.Array:
    """Layer normalization without parameters."""
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-5)


def descend(params: Tree, grads: Tree, rate: Any = 0.1) -> Tree:
    """Plain gradient descent."""
    return jax.tree.map(lambda p, g: p - rate * g, params, grads)


def mlp_params(num_in: int = 12, hidden: int = 16, num_out: int = 4) -> Tree:
    return {
        "w1": dense(1, num_in, hidden),
        "b1": jnp.zeros(hidden),
        "w2": dense(2, hidden, hidden),
        "b2": jnp.zeros(hidden),
        "w3": dense(3, hidden, num_out),
    }


def mlp(p: Tree, x: jax.Array) -> jax.Array:
    x = jnp.tanh(x @ p["w1"] + p["b1"])
    x = jnp.tanh(x @ p["w2"] + p["b2"])
    return x @ p["w3"]


def regression(batch: int = 8, num_in: int = 12, num_out: int = 4) -> tuple[jax.Array, jax.Array]:
    """Inputs and targets with a leading steps dimension; the targets are a function of the inputs."""
    x = normal(10, STEPS, batch, num_in)
    return x, jnp.sin(x @ dense(11, num_in, num_out))


def classification(batch: int = 8, num_in: int = 12, classes: int = 4) -> tuple[jax.Array, jax.Array]:
    """Inputs and int32 labels with a leading steps dimension."""
    x = normal(12, STEPS, batch, num_in)
    return x, jnp.argmax(x @ dense(13, num_in, classes), -1).astype(jnp.int32)


def tokens(batch: int = 8, seq: int = 8, vocabulary: int = 32) -> tuple[jax.Array, jax.Array]:
    """Token ids and the ids that follow them, int32[steps, batch, seq]."""
    ids = integers(14, vocabulary, STEPS, batch, seq + 1)
    return ids[..., :-1], ids[..., 1:]


def squared_error(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.mean((mlp(p, x) - y) ** 2)


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy by gathering the log-probability of each label."""
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], -1))

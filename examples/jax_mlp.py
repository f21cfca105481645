"""A multilayer perceptron in plain JAX, with SGD and momentum written by hand.

python examples/jax_mlp.py --out out/
"""

from typing import Any

import jax
import jax.numpy as jnp

from data import CLASSES, image_batches
from export import command_line, export_step

Params = list[tuple[jax.Array, jax.Array]]
SIZE, CHANNELS, HIDDEN = 16, 1, 128


def init_params(key: jax.Array) -> Params:
    widths = (SIZE * SIZE * CHANNELS, HIDDEN, HIDDEN, CLASSES)
    keys = jax.random.split(key, len(widths) - 1)
    return [
        (jax.random.normal(k, (num_in, num_out)) * num_in**-0.5, jnp.zeros(num_out))
        for k, num_in, num_out in zip(keys, widths, widths[1:], strict=False)
    ]


def loss_of(params: Params, images: jax.Array, labels: jax.Array) -> jax.Array:
    x = images.reshape(len(images), -1)
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(x @ w + b) * jax.nn.one_hot(labels, CLASSES), -1))


def step(params: Params, velocity: Params, images: jax.Array, labels: jax.Array) -> tuple[Params, Params, jax.Array]:
    loss, grads = jax.value_and_grad(loss_of)(params, images, labels)
    velocity = jax.tree.map(lambda v, g: 0.9 * v + g, velocity, grads)
    params = jax.tree.map(lambda p, v: p - 0.05 * v, params, velocity)
    return params, velocity, loss


def main() -> None:
    args = command_line(__doc__)
    params = init_params(jax.random.key(args.seed))
    velocity: Any = jax.tree.map(jnp.zeros_like, params)
    images, labels = image_batches(args.steps, args.batch, SIZE, args.seed, CHANNELS)
    export_step(step, (params, velocity, images, labels), (0, 1), args.out / "jax_mlp", batched=(2, 3))


if __name__ == "__main__":
    main()

"""An MLP-Mixer in Equinox: a model of one image, mapped over the batch by `vmap`; RMSProp.

python examples/equinox_mixer.py --out out/
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from data import CLASSES, image_batches
from export import command_line, export_step

SIZE, PATCH, WIDTH, LAYERS = 16, 4, 48, 3
PATCHES = (SIZE // PATCH) ** 2


class Mixer(eqx.Module):
    """Mixes patches, then channels; x: [width, patches]."""

    over_patches: eqx.nn.MLP
    over_channels: eqx.nn.MLP
    norm1: eqx.nn.LayerNorm
    norm2: eqx.nn.LayerNorm

    def __init__(self, key: jax.Array) -> None:
        key1, key2 = jax.random.split(key)
        self.over_patches = eqx.nn.MLP(PATCHES, PATCHES, 32, depth=1, key=key1)
        self.over_channels = eqx.nn.MLP(WIDTH, WIDTH, 96, depth=1, activation=jax.nn.gelu, key=key2)
        self.norm1 = eqx.nn.LayerNorm((WIDTH, PATCHES))
        self.norm2 = eqx.nn.LayerNorm((PATCHES, WIDTH))

    def __call__(self, x: jax.Array) -> jax.Array:
        x = (x + jax.vmap(self.over_patches)(self.norm1(x))).T
        return (x + jax.vmap(self.over_channels)(self.norm2(x))).T


class Classifier(eqx.Module):
    """image: [channels, height, width] -> logits."""

    patches: eqx.nn.Conv2d
    layers: list[Mixer]
    head: eqx.nn.Linear

    def __init__(self, key: jax.Array) -> None:
        first, last, *keys = jax.random.split(key, 2 + LAYERS)
        self.patches = eqx.nn.Conv2d(3, WIDTH, PATCH, stride=PATCH, key=first)
        self.layers = [Mixer(k) for k in keys]
        self.head = eqx.nn.Linear(WIDTH, CLASSES, key=last)

    def __call__(self, image: jax.Array) -> jax.Array:
        x = self.patches(image).reshape(WIDTH, PATCHES)
        for layer in self.layers:
            x = layer(x)
        return self.head(x.mean(-1))


def main() -> None:
    args = command_line(__doc__)
    params, static = eqx.partition(Classifier(jax.random.key(args.seed)), eqx.is_inexact_array)
    optimizer = optax.rmsprop(1e-3)

    def loss_of(params: Any, images: jax.Array, labels: jax.Array) -> jax.Array:
        logits = jax.vmap(eqx.combine(params, static))(images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    def step(params: Any, opt_state: Any, images: jax.Array, labels: jax.Array) -> tuple[Any, Any, jax.Array]:
        loss, grads = eqx.filter_value_and_grad(loss_of)(params, images, labels)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return eqx.apply_updates(params, updates), opt_state, loss

    images, labels = image_batches(args.steps, args.batch, SIZE, args.seed)
    state = (params, optimizer.init(params))
    batch = (jnp.moveaxis(images, -1, 2), labels)
    export_step(step, (*state, *batch), (0, 1), args.out / "equinox_mixer", batched=(2, 3))


if __name__ == "__main__":
    main()

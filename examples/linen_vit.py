"""A vision transformer in Flax linen: patches by a strided convolution, a class token, AdamW.

python examples/linen_vit.py --out out/
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from data import CLASSES, image_batches
from export import command_line, export_step


class ViT(nn.Module):
    """A pre-norm encoder; images: [batch, height, width, channels]."""

    layers: int = 3
    width: int = 64
    heads: int = 4
    patch: int = 4

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        x = nn.Conv(self.width, (self.patch, self.patch), strides=(self.patch, self.patch))(images)
        x = x.reshape(len(x), -1, self.width)
        token = self.param("token", nn.initializers.normal(0.02), (1, 1, self.width))
        x = jnp.concatenate([jnp.broadcast_to(token, (len(x), 1, self.width)), x], axis=1)
        x = x + self.param("positions", nn.initializers.normal(0.02), (1, x.shape[1], self.width))
        for _ in range(self.layers):
            x = x + nn.MultiHeadDotProductAttention(self.heads)(nn.LayerNorm()(x))
            x = x + nn.Dense(self.width)(nn.gelu(nn.Dense(4 * self.width)(nn.LayerNorm()(x))))
        return nn.Dense(CLASSES)(nn.LayerNorm()(x)[:, 0])


MODEL = ViT()
OPTIMIZER = optax.adamw(1e-3)


def step(params: Any, opt_state: Any, images: jax.Array, labels: jax.Array) -> tuple[Any, Any, jax.Array]:
    def loss_of(params: Any) -> jax.Array:
        logits: Any = MODEL.apply(params, images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    loss, grads = jax.value_and_grad(loss_of)(params)
    updates, opt_state = OPTIMIZER.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main() -> None:
    args = command_line(__doc__)
    images, labels = image_batches(args.steps, args.batch, 16, args.seed)
    params = MODEL.init(jax.random.key(args.seed), images[0])
    state = (params, OPTIMIZER.init(params))
    export_step(step, (*state, images, labels), (0, 1), args.out / "linen_vit", batched=(2, 3))


if __name__ == "__main__":
    main()

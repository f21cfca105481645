"""A ResNet in Flax linen, with GroupNorm (its examples stand alone, unlike under BatchNorm) and SGD with momentum.

python examples/linen_resnet.py --out out/
"""

from typing import Any

import flax.linen as nn
import jax
import optax

from data import CLASSES, image_batches
from export import command_line, export_step


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut, projected where the shape changes."""

    features: int
    stride: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        strides = (self.stride, self.stride)
        y = nn.Conv(self.features, (3, 3), strides=strides, use_bias=False)(x)
        y = nn.relu(nn.GroupNorm(8)(y))
        y = nn.Conv(self.features, (3, 3), use_bias=False)(y)
        y = nn.GroupNorm(8)(y)
        if x.shape != y.shape:
            x = nn.GroupNorm(8)(nn.Conv(self.features, (1, 1), strides=strides, use_bias=False)(x))
        return nn.relu(x + y)


class ResNet(nn.Module):
    """A stem and three stages of blocks; images: [batch, height, width, channels]."""

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        x = nn.relu(nn.GroupNorm(8)(nn.Conv(16, (3, 3), use_bias=False)(images)))
        for features, stride in ((16, 1), (32, 2), (64, 2)):
            x = Block(features, stride)(x)
        return nn.Dense(CLASSES)(x.mean((1, 2)))


MODEL = ResNet()
OPTIMIZER = optax.chain(optax.add_decayed_weights(1e-4), optax.sgd(0.03, momentum=0.9, nesterov=True))


def step(params: Any, opt_state: Any, images: jax.Array, labels: jax.Array) -> tuple[Any, Any, jax.Array]:
    def loss_of(params: Any) -> jax.Array:
        targets = optax.smooth_labels(jax.nn.one_hot(labels, CLASSES), 0.1)
        logits: Any = MODEL.apply(params, images)
        return optax.softmax_cross_entropy(logits, targets).mean()

    loss, grads = jax.value_and_grad(loss_of)(params)
    updates, opt_state = OPTIMIZER.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main() -> None:
    args = command_line(__doc__)
    images, labels = image_batches(args.steps, args.batch, 16, args.seed)
    params = MODEL.init(jax.random.key(args.seed), images[0])
    state = (params, OPTIMIZER.init(params))
    export_step(step, (*state, images, labels), (0, 1), args.out / "linen_resnet", batched=(2, 3))


if __name__ == "__main__":
    main()

"""A convolutional network in Flax linen, trained with Adam through Flax's own `TrainState`.

python examples/linen_cnn.py --out out/
"""

import flax.linen as nn
import jax
import optax
from flax.training.train_state import TrainState

from data import CLASSES, image_batches
from export import command_line, export_step


class CNN(nn.Module):
    """Two convolutions with max-pooling, then two dense layers; images: [batch, height, width, channels]."""

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        x = images
        for features in (16, 32):
            x = nn.relu(nn.Conv(features, (3, 3))(x))
            x = nn.max_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(nn.Dense(64)(x.reshape(len(x), -1)))
        return nn.Dense(CLASSES)(x)


def step(state: TrainState, images: jax.Array, labels: jax.Array) -> tuple[TrainState, jax.Array]:
    def loss_of(params: optax.Params) -> jax.Array:
        logits = state.apply_fn({"params": params}, images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    loss, grads = jax.value_and_grad(loss_of)(state.params)
    return state.apply_gradients(grads=grads), loss


def main() -> None:
    args = command_line(__doc__)
    images, labels = image_batches(args.steps, args.batch, 16, args.seed)
    model = CNN()
    params = model.init(jax.random.key(args.seed), images[0])["params"]
    state = TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(1e-3))
    export_step(step, (state, images, labels), (0,), args.out / "linen_cnn", batched=(1, 2))


if __name__ == "__main__":
    main()

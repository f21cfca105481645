"""A depthwise-separable convolutional network in Keras 3 on the JAX backend, trained with Keras' own Adam.

    python examples/keras_cnn.py --out out/

Keras keeps its state in variables; `stateless_call` and `stateless_apply` make a function of them.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"

from typing import Any

import jax
import keras
from keras import layers

from data import CLASSES, image_batches
from export import command_line, export_step


def make_model() -> Any:
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.SeparableConv2D(32, 3, padding="same", activation="relu"),
            layers.AveragePooling2D(2),
            layers.LayerNormalization(),
            layers.Conv2D(48, 3, strides=2, padding="same", activation="gelu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES),
        ]
    )


def main() -> None:
    args = command_line(__doc__)
    keras.utils.set_random_seed(args.seed)
    model, optimizer = make_model(), keras.optimizers.Adam(3e-3)
    cross_entropy: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer.build(model.trainable_variables)

    def loss_of(params: Any, rest: Any, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, Any]:
        logits, rest = model.stateless_call(params, rest, images, training=True)
        return cross_entropy(labels, logits), rest

    def step(params: Any, rest: Any, opt_state: Any, images: jax.Array, labels: jax.Array) -> tuple[Any, ...]:
        (loss, rest), grads = jax.value_and_grad(loss_of, has_aux=True)(params, rest, images, labels)
        params, opt_state = optimizer.stateless_apply(opt_state, grads, params)
        return params, rest, opt_state, loss

    state = [
        [variable.value for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
    ]
    images, labels = image_batches(args.steps, args.batch, 16, args.seed)
    export_step(step, (*state, images, labels), (0, 1, 2), args.out / "keras_cnn", batched=(3, 4))


if __name__ == "__main__":
    main()

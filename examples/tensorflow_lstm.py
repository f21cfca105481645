"""A character-level language model in TensorFlow: Keras' embedding, LSTM and Adam, whose step assigns variables in place.

    python examples/tensorflow_lstm.py --out out/

Any function under `tf.function(jit_compile=True)` can give its StableHLO. Its `@main` takes the function's own arguments, then
the variables that it reads or assigns; it returns the function's results, then the variables that it assigns.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from data import VOCABULARY, read_text, text_batches

SEQ, WIDTH = 16, 32


def make_model(batch: int) -> Any:
    """The batch has a size from the start: a None there becomes a dynamic dim."""
    return keras.Sequential(
        [
            keras.Input((SEQ,), batch_size=batch, dtype="int32"),
            layers.Embedding(VOCABULARY, WIDTH),
            layers.LSTM(WIDTH, return_sequences=True),
            layers.LayerNormalization(),
            layers.Dense(VOCABULARY),
        ]
    )


def make_step(model: Any, optimizer: Any) -> Any:
    cross_entropy: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function(jit_compile=True, autograph=False)
    def step(tokens: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = cross_entropy(targets, model(tokens, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        # An embedding's gradient is a list of rows, tf.IndexedSlices: as a tensor it can be split like any other.
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return step


def export_step(step: Any, batches: Sequence[np.ndarray], path: Path) -> None:
    """Write `<path>.mlirbc` and `<path>_inputs.npz`; `batches`: the step's arguments, each with a leading dimension, steps."""
    first = [batch[0] for batch in batches]
    make_ir: Callable[..., bytes] = step.experimental_get_compiler_ir(*first)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".mlirbc").write_bytes(make_ir(stage="stablehlo_serialized"))
    traced = step.get_concrete_function(*first)
    captured = [
        next((variable.numpy() for variable in traced.variables if variable.handle is held), None)
        for held in traced.captured_inputs
    ]
    arrays = {str(i): array for i, array in enumerate([*batches, *captured])}
    np.savez_compressed(path.with_name(path.name + "_inputs.npz"), **arrays)
    print(f"{path}.mlirbc: {len(arrays)} arguments, {len(captured)} of them variables")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--steps", type=int, default=3, help="how many batches to write")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    keras.utils.set_random_seed(args.seed)
    model, optimizer = make_model(args.batch), keras.optimizers.Adam(1e-2)
    optimizer.build(model.trainable_variables)
    step = make_step(model, optimizer)
    batches = text_batches(read_text(), args.steps, args.batch, SEQ, args.seed)
    export_step(step, batches, args.out / "tensorflow_lstm")
    print("losses", *(f"{float(step(*batch)):.4f}" for batch in zip(*batches, strict=True)))


if __name__ == "__main__":
    main()

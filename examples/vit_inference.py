"""No training step: the forward pass of the vision transformer of `linen_vit.py`, in bfloat16.

    python examples/vit_inference.py --out out/

The weights are arguments, neither donated nor returned; the results are the classes and their probabilities.
"""

from typing import Any

import jax
import jax.numpy as jnp

from data import image_batches
from export import command_line, export_step
from linen_vit import MODEL


def classify(params: Any, images: jax.Array) -> tuple[jax.Array, jax.Array]:
    logits: Any = MODEL.apply(params, images.astype(jnp.bfloat16))
    return jnp.argmax(logits, -1), jax.nn.softmax(logits.astype(jnp.float32))


def main() -> None:
    args = command_line(__doc__)
    images, _ = image_batches(args.steps, args.batch, 16, args.seed)
    params = MODEL.init(jax.random.key(args.seed), images[0])
    params = jax.tree.map(lambda p: p.astype(jnp.bfloat16), params)
    export_step(classify, (params, images), (), args.out / "vit_inference", batched=(1,))


if __name__ == "__main__":
    main()

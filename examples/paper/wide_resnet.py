"""Wide-ResNet in the sizes of Alpa's paper (OSDI'22, table 4 and appendix): one training step with SGD, momentum 0.9.

    python examples/paper/wide_resnet.py --size 13B --out out/
    python examples/paper/wide_resnet.py --size 13B --layers 8 --channels 8 --factor 2 --image 32 --classes 16 --batch 8 \\
        --name wresnet_small --out out/

Bottleneck blocks whose 3x3 convolution is `factor` times wider; float32 as in the paper. GroupNorm with 32 groups in place of the
paper's BatchNorm: batch statistics couple the examples, so a step with them is not the sum of its microbatches; the shapes of all
convolutions and the number of parameters are the same. `--layers` is 50, 101, or 3 * n + 2 for n blocks, spread over the four
stages. A module is one microbatch of the published solution of 13B: 1520 / 38 = 40 images of 224 x 224, 1024 classes.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax

from abstract import Shape, f32, main_of

GROUPS = 32


@dataclass(frozen=True)
class WideResNet:
    """`channels`: of the first stage's 1x1 convolutions; they double from stage to stage."""

    layers: int = 50
    channels: int = 160
    factor: int = 2
    image: int = 224
    classes: int = 1024
    batch: int = 40
    dtype: str = "float32"


SIZES = {
    "250M": WideResNet(50, 160, 2),
    "1B": WideResNet(50, 320, 2),
    "2B": WideResNet(50, 448, 2),
    "4B": WideResNet(50, 640, 2),
    "6.8B": WideResNet(50, 320, 16),
    "13B": WideResNet(101, 320, 16),
}
BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}


def blocks_of(layers: int) -> tuple[int, ...]:
    """How many blocks each stage has."""
    if layers in BLOCKS:
        return BLOCKS[layers]
    blocks = (layers - 2) // 3
    return tuple(blocks // 4 + (stage < blocks % 4) for stage in range(4))


def conv_shapes(size: int, inputs: int, outputs: int) -> Any:
    return {"kernel": f32(size, size, inputs, outputs), "scale": f32(outputs), "bias": f32(outputs)}


def conv_norm(x: jax.Array, p: Any, stride: int = 1) -> jax.Array:
    """Convolution, then GroupNorm; x: [batch, height, width, channels]."""
    size = p["kernel"].shape[0]
    padding = [((size - 1) // 2, (size - 1) // 2)] * 2
    dims = ("NHWC", "HWIO", "NHWC")
    x = jax.lax.conv_general_dilated(x, p["kernel"].astype(x.dtype), (stride, stride), padding, dimension_numbers=dims)
    grouped = x.astype(jnp.float32).reshape(*x.shape[:3], min(GROUPS, x.shape[3]), -1)
    grouped = grouped - grouped.mean((1, 2, 4), keepdims=True)
    grouped = grouped * jax.lax.rsqrt(jnp.square(grouped).mean((1, 2, 4), keepdims=True) + 1e-5)
    return (grouped.reshape(x.shape) * p["scale"] + p["bias"]).astype(x.dtype)


def block(x: jax.Array, p: Any, stride: int) -> jax.Array:
    """1x1, 3x3 with the stride, 1x1, and the way around."""
    y = jax.nn.relu(conv_norm(x, p["reduce"]))
    y = jax.nn.relu(conv_norm(y, p["wide"], stride))
    y = conv_norm(y, p["expand"])
    return jax.nn.relu(y + (conv_norm(x, p["around"], stride) if "around" in p else x))


def block_shapes(inputs: int, filters: int, factor: int) -> Any:
    shapes = {
        "reduce": conv_shapes(1, inputs, filters),
        "wide": conv_shapes(3, filters, factor * filters),
        "expand": conv_shapes(1, factor * filters, 4 * filters),
    }
    return shapes if inputs == 4 * filters else {**shapes, "around": conv_shapes(1, inputs, 4 * filters)}


def model_of(config: WideResNet) -> tuple[Any, Any, tuple[Shape, ...]]:
    """The loss, the shapes of the parameters, and the shapes of images and labels."""
    blocks, strides = [], []
    inputs = config.channels
    for stage, count in enumerate(blocks_of(config.layers)):
        filters = config.channels * 2**stage
        for i in range(count):
            blocks.append(block_shapes(inputs, filters, config.factor))
            strides.append(2 if stage > 0 and i == 0 else 1)
            inputs = 4 * filters
    params = {
        "stem": conv_shapes(7, 3, config.channels),
        "blocks": blocks,
        "head": {"kernel": f32(inputs, config.classes), "bias": f32(config.classes)},
    }

    def loss_of(params: Any, images: jax.Array, labels: jax.Array) -> jax.Array:
        x = jax.nn.relu(conv_norm(images.astype(config.dtype), params["stem"], 2))
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
        for p, stride in zip(params["blocks"], strides, strict=True):
            x = block(x, p, stride)
        logits = x.astype(jnp.float32).mean((1, 2)) @ params["head"]["kernel"] + params["head"]["bias"]
        one_hot = jax.nn.one_hot(labels, config.classes)
        return -(one_hot * jax.nn.log_softmax(logits)).sum(-1).mean()

    images = Shape((config.batch, config.image, config.image, 3), jnp.float32)
    return loss_of, params, (images, Shape((config.batch,), jnp.int32))


if __name__ == "__main__":
    main_of("wresnet", __doc__, SIZES, model_of, optax.sgd(0.1, momentum=0.9))

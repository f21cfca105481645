"""Convolutions, pooling and normalization of images and sequences."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from programs.program import (
    STEPS,
    Program,
    Tree,
    cross_entropy,
    dense,
    normal,
    training,
)


def _images(batch: int = 8, size: int = 8, channels: int = 3) -> tuple[jax.Array, jax.Array]:
    """Images [steps, batch, size, size, channels] and the quadrant of each that is brightest."""
    x = normal(20, STEPS, batch, size, size, channels)
    halves = x.reshape(STEPS, batch, 2, size // 2, 2, size // 2, channels).sum((3, 5, 6))
    return x, jnp.argmax(halves.reshape(STEPS, batch, 4), -1).astype(jnp.int32)


def _kernel(seed: int, *shape: int) -> jax.Array:
    return normal(seed, *shape, scale=float(np.prod(shape[:-1])) ** -0.5)


def _conv2d(x: jax.Array, w: jax.Array, stride: int = 1, padding: str = "SAME", **options: object) -> jax.Array:
    numbers = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, w, (stride, stride), padding, dimension_numbers=numbers, **options)  # type: ignore


def conv1d_causal() -> Program:
    """Causal and dilated 1-D convolutions over time: padding on one side only."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        for i, w in enumerate(p["convs"]):
            dilation = 2**i
            padding = [(dilation * 2, 0)]
            y_hat = lax.conv_general_dilated(
                x, w, (1,), padding, rhs_dilation=(dilation,), dimension_numbers=("NWC", "WIO", "NWC")
            )
            x = jnp.tanh(y_hat) if i else jnp.maximum(y_hat, 0.1 * y_hat)
        return jnp.mean((x @ p["out"] - y) ** 2)

    params = {"convs": [_kernel(1, 3, 2, 12), _kernel(2, 3, 12, 12), _kernel(3, 3, 12, 12)], "out": dense(4, 12, 2)}
    x = normal(5, STEPS, 8, 16, 2)
    return training(loss_of, params, (x, jnp.roll(x, 2, axis=2)), optax.adam(1e-2))


def conv2d_depthwise() -> Program:
    """A strided convolution, a depthwise one (feature groups), a pointwise one, and a mean over space."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        x = jax.nn.relu(_conv2d(x, p["stem"], stride=2))
        x = _conv2d(x, p["depthwise"], feature_group_count=12)
        x = jax.nn.relu(_conv2d(x, p["pointwise"]))
        return cross_entropy(x.mean((1, 2)) @ p["out"], labels)

    params = {
        "stem": _kernel(1, 3, 3, 3, 12),
        "depthwise": _kernel(2, 3, 3, 1, 12),
        "pointwise": _kernel(3, 1, 1, 12, 16),
        "out": dense(4, 16, 4),
    }
    return training(loss_of, params, _images(), optax.adam(1e-2))


def conv_nchw_grouped() -> Program:
    """Channels first (NCHW, OIHW), two feature groups, a bias that is broadcast over the inner dims."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        numbers = ("NCHW", "OIHW", "NCHW")
        x = lax.conv_general_dilated(x, p["w1"], (1, 1), "VALID", dimension_numbers=numbers)
        x = jax.nn.relu(x + p["b1"][:, None, None])
        x = lax.conv_general_dilated(x, p["w2"], (2, 2), "SAME", dimension_numbers=numbers, feature_group_count=2)
        return cross_entropy(jax.nn.relu(x).reshape(len(x), -1) @ p["out"], labels)

    params = {
        "w1": normal(1, 8, 3, 3, 3, scale=0.2),
        "b1": jnp.zeros(8),
        "w2": normal(2, 8, 4, 3, 3, scale=0.2),
        "out": dense(3, 72, 4),
    }
    x, labels = _images()
    return training(loss_of, params, (jnp.moveaxis(x, -1, 2), labels))


def autoencoder_transposed_conv() -> Program:
    """Strided convolutions down, transposed convolutions up, a skip by concatenation (a small U-Net)."""

    def loss_of(p: Tree, x: jax.Array) -> jax.Array:
        h1 = jax.nn.relu(_conv2d(x, p["down1"], stride=2))
        h2 = jax.nn.relu(_conv2d(h1, p["down2"], stride=2))
        up = jax.nn.relu(lax.conv_transpose(h2, p["up2"], (2, 2), "SAME"))
        out = lax.conv_transpose(jnp.concatenate([up, h1], -1), p["up1"], (2, 2), "SAME")
        return jnp.mean((out - x) ** 2)

    params = {
        "down1": _kernel(1, 3, 3, 3, 8),
        "down2": _kernel(2, 3, 3, 8, 12),
        "up2": _kernel(3, 2, 2, 12, 8),
        "up1": _kernel(4, 2, 2, 16, 3),
    }
    x = jnp.repeat(jnp.repeat(normal(5, STEPS, 6, 4, 4, 3), 2, 2), 2, 3)
    return training(loss_of, params, (x,), optax.adam(1e-2))


def max_pool() -> Program:
    """Max-pooling: reduce_window forward, select_and_scatter backward; overlapping windows with padding."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        x = _conv2d(x, p["w"])
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
        return cross_entropy(jnp.tanh(x).reshape(len(x), -1) @ p["out"], labels)

    return training(loss_of, {"w": _kernel(1, 3, 3, 3, 8), "out": dense(2, 128, 4)}, _images())


def average_pool() -> Program:
    """Average-pooling by a windowed sum, divided by the count of each window (edges have fewer)."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        x = jax.nn.relu(_conv2d(x, p["w"]))
        window, strides = (1, 3, 3, 1), (1, 2, 2, 1)
        total = lax.reduce_window(x, 0.0, lax.add, window, strides, "SAME")
        count = lax.reduce_window(jnp.ones(x.shape[1:3])[None, :, :, None], 0.0, lax.add, window, strides, "SAME")
        return cross_entropy((total / count).reshape(len(x), -1) @ p["out"], labels)

    return training(loss_of, {"w": _kernel(1, 3, 3, 3, 8), "out": dense(2, 128, 4)}, _images())


def group_norm() -> Program:
    """GroupNorm (reshape to groups, mean and variance per example) between two convolutions."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        x = _conv2d(x, p["w1"])
        grouped = x.reshape(*x.shape[:3], 4, -1)
        mean, var = grouped.mean((1, 2, 4), keepdims=True), grouped.var((1, 2, 4), keepdims=True)
        x = ((grouped - mean) * lax.rsqrt(var + 1e-5)).reshape(x.shape) * p["scale"] + p["bias"]
        x = jax.nn.silu(_conv2d(jax.nn.silu(x), p["w2"], stride=2))
        return cross_entropy(x.mean((1, 2)) @ p["out"], labels)

    params = {
        "w1": _kernel(1, 3, 3, 3, 16),
        "scale": jnp.ones(16),
        "bias": jnp.zeros(16),
        "w2": _kernel(2, 3, 3, 16, 16),
        "out": dense(3, 16, 4),
    }
    return training(loss_of, params, _images(), optax.sgd(0.1, momentum=0.9))


PROGRAMS = (
    conv1d_causal,
    conv2d_depthwise,
    conv_nchw_grouped,
    autoencoder_transposed_conv,
    max_pool,
    average_pool,
    group_norm,
)

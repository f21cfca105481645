"""Attention of many kinds, each in one layer of a small language model."""

import jax
import jax.numpy as jnp
import optax

from programs.program import (
    STEPS,
    Program,
    Tree,
    cross_entropy,
    dense,
    integers,
    layer_norm,
    normal,
    tokens,
    training,
)


def _attention_params(width: int = 16, key_width: int = 16) -> Tree:
    return {
        "tokens": normal(1, 32, width, scale=0.25),
        "q": dense(2, width, width),
        "k": dense(3, width, key_width),
        "v": dense(4, width, key_width),
        "o": dense(5, width, width),
        "up": dense(6, width, 2 * width),
        "down": dense(7, 2 * width, width),
    }


def _language_model(attend: object, params: Tree, seq: int = 8) -> Program:
    """One layer of `attend(q, k, v)` [batch, seq, heads, width] and an MLP, tied to its embedding."""

    def loss_of(p: Tree, ids: jax.Array, targets: jax.Array) -> jax.Array:
        x = p["tokens"][ids]
        h = layer_norm(x)
        q, k, v = ((h @ p[name]).reshape(*ids.shape, -1, 4) for name in "qkv")
        x = x + attend(q, k, v).reshape(x.shape) @ p["o"]  # type: ignore[operator]
        x = x + jax.nn.gelu(layer_norm(x) @ p["up"]) @ p["down"]
        return cross_entropy(layer_norm(x) @ p["tokens"].T, targets)

    return training(loss_of, params, tokens(seq=seq), optax.adam(1e-2))


def _causal(scores: jax.Array) -> jax.Array:
    return jnp.where(jnp.tril(jnp.ones(scores.shape[-2:], bool)), scores, -1e9)


def attention_rotary() -> Program:
    """Causal attention by einsum, with rotary embeddings: halves are sliced, turned and concatenated."""

    def rotate(x: jax.Array) -> jax.Array:
        angles = jnp.arange(x.shape[1])[:, None] * 10.0 ** -jnp.arange(2.0)
        sin, cos = jnp.sin(angles)[:, None], jnp.cos(angles)[:, None]
        a, b = jnp.split(x, 2, -1)
        return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], -1)

    def attend(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        scores = _causal(jnp.einsum("bqhd,bkhd->bhqk", rotate(q), rotate(k)) / 2)
        return jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v)

    return _language_model(attend, _attention_params())


def attention_alibi() -> Program:
    """Causal attention with ALiBi: a bias per head from the distance, made of iotas."""

    def attend(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        seq, heads = q.shape[1:3]
        distance = jnp.arange(seq)[:, None] - jnp.arange(seq)
        bias = -(2.0 ** -jnp.arange(1.0, heads + 1))[:, None, None] * distance
        scores = _causal(jnp.einsum("bqhd,bkhd->bhqk", q, k) / 2 + bias)
        return jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v)

    return _language_model(attend, _attention_params())


def attention_grouped_queries() -> Program:
    """GQA: four heads of queries share two heads of keys and values."""

    def attend(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        q = q.reshape(*q.shape[:2], 2, 2, 4)
        scores = _causal(jnp.einsum("bqgrd,bkgd->bgrqk", q, k) / 2)
        return jnp.einsum("bgrqk,bkgd->bqgrd", jax.nn.softmax(scores), v)

    return _language_model(attend, _attention_params(key_width=8))


def attention_multi_query() -> Program:
    """MQA: one head of keys and values, repeated by a broadcast."""

    def attend(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        k, v = jnp.repeat(k, 4, axis=2), jnp.repeat(v, 4, axis=2)
        return jax.nn.dot_product_attention(q, k, v, is_causal=True)

    return _language_model(attend, _attention_params(key_width=4))


def attention_window() -> Program:
    """Attention in shifted windows of four positions: roll, reshape, and a mask at the seam."""

    def attend(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        def windows(x: jax.Array) -> jax.Array:
            return jnp.roll(x, -2, 1).reshape(len(x), -1, 4, *x.shape[2:])

        position = windows(jnp.arange(q.shape[1])[None])[0]
        mask = position[:, :, None] >= position[:, None, :]
        scores = jnp.einsum("bwqhd,bwkhd->bwhqk", windows(q), windows(k)) / 2
        probs = jax.nn.softmax(jnp.where(mask[:, None], scores, -1e9))
        mixed = jnp.einsum("bwhqk,bwkhd->bwqhd", probs, windows(v))
        return jnp.roll(mixed.reshape(q.shape), 2, 1)

    return _language_model(attend, _attention_params(), seq=12)


def attention_linear() -> Program:
    """Causal linear attention: cumulative sums over time in place of a softmax."""

    def attend(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
        q, k = jax.nn.elu(q) + 1, jax.nn.elu(k) + 1
        kv = jnp.cumsum(jnp.einsum("bshd,bshe->bshde", k, v), 1)
        return jnp.einsum("bshd,bshde->bshe", q, kv) / jnp.einsum("bshd,bshd->bsh", q, jnp.cumsum(k, 1))[..., None]

    return _language_model(attend, _attention_params())


def encoder_decoder() -> Program:
    """Sequence to sequence: an encoder with a padding mask, a decoder with cross-attention."""

    def attend(p: Tree, x: jax.Array, memory: jax.Array, mask: jax.Array) -> jax.Array:
        q, k, v = layer_norm(x) @ p["q"], memory @ p["k"], memory @ p["v"]
        scores = jnp.where(mask, jnp.einsum("bqd,bkd->bqk", q, k) / 4, -1e9)
        return x + jax.nn.softmax(scores) @ v

    def loss_of(p: Tree, source: jax.Array, ids: jax.Array, targets: jax.Array) -> jax.Array:
        present = (source != 0)[:, None, :]
        memory = attend(p["encoder"], p["table"][source], p["table"][source], present)
        x = p["table"][ids]
        x = attend(p["decoder"], x, x, jnp.tril(jnp.ones((ids.shape[1],) * 2, bool)))
        x = attend(p["cross"], x, memory, present)
        log_probs = jax.nn.log_softmax(layer_norm(x) @ p["table"].T)
        per_token = -jnp.take_along_axis(log_probs, targets[..., None], -1)[..., 0]
        return jnp.mean(per_token)

    def attention(seed: int) -> Tree:
        return {name: dense(seed + i, 16, 16) for i, name in enumerate("qkv")}

    params = {
        "table": normal(1, 32, 16, scale=0.25),
        "encoder": attention(2),
        "decoder": attention(5),
        "cross": attention(8),
    }
    source = integers(11, 32, STEPS, 8, 6).at[..., 4:].multiply(integers(12, 2, STEPS, 8, 2))
    return training(loss_of, params, (source, *tokens(seq=7)), optax.adam(1e-2))


PROGRAMS = (
    attention_rotary,
    attention_alibi,
    attention_grouped_queries,
    attention_multi_query,
    attention_window,
    attention_linear,
    encoder_decoder,
)

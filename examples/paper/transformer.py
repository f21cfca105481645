"""What GPT and the mixture of experts share: mixed precision, layer norm, attention, embedding and loss."""

from typing import Any

import jax
import jax.numpy as jnp

from abstract import f32

Params = dict[str, Any]


def norm_shapes(hidden: int) -> Params:
    return {"scale": f32(hidden), "bias": f32(hidden)}


def attention_shapes(hidden: int) -> Params:
    return {
        "qkv": f32(hidden, 3, hidden),
        "qkv_bias": f32(3, hidden),
        "out": f32(hidden, hidden),
        "out_bias": f32(hidden),
    }


def mlp_shapes(hidden: int, inner: int) -> Params:
    return {"up": f32(hidden, inner), "up_bias": f32(inner), "down": f32(inner, hidden), "down_bias": f32(hidden)}


def layer_norm(x: jax.Array, p: Params) -> jax.Array:
    """In float32 whatever x is; the result has the dtype of x."""
    wide = x.astype(jnp.float32)
    wide = wide - wide.mean(-1, keepdims=True)
    wide = wide * jax.lax.rsqrt(jnp.square(wide).mean(-1, keepdims=True) + 1e-5)
    return (wide * p["scale"] + p["bias"]).astype(x.dtype)


def attention(x: jax.Array, p: Params, heads: int) -> jax.Array:
    """Causal self-attention; x: [batch, seq, hidden]. Softmax in float32."""
    batch, seq, hidden = x.shape
    qkv = jnp.einsum("bsm,mtn->bstn", x, p["qkv"].astype(x.dtype)) + p["qkv_bias"].astype(x.dtype)
    q, k, v = (qkv[:, :, i].reshape(batch, seq, heads, hidden // heads) for i in range(3))
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k).astype(jnp.float32) * (hidden // heads) ** -0.5
    scores = jnp.where(jnp.tril(jnp.ones((seq, seq), bool)), scores, -1e9)
    mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores).astype(x.dtype), v)
    return mixed.reshape(batch, seq, hidden) @ p["out"].astype(x.dtype) + p["out_bias"].astype(x.dtype)


def mlp(x: jax.Array, p: Params) -> jax.Array:
    inner = jax.nn.gelu(x @ p["up"].astype(x.dtype) + p["up_bias"].astype(x.dtype))
    return inner @ p["down"].astype(x.dtype) + p["down_bias"].astype(x.dtype)


def embed(tokens: jax.Array, params: Params, dtype: jnp.dtype) -> jax.Array:
    """tokens: int32[batch, seq] -> dtype[batch, seq, hidden]."""
    return (params["tokens"][tokens] + params["positions"]).astype(dtype)


def cross_entropy(x: jax.Array, params: Params, targets: jax.Array) -> jax.Array:
    """Mean over all tokens; the embedding is tied. One-hot targets, as in Alpa's benchmark: logits can be split by vocabulary."""
    logits = (layer_norm(x, params["norm"]) @ params["tokens"].astype(x.dtype).T).astype(jnp.float32)
    one_hot = jax.nn.one_hot(targets, logits.shape[-1])
    return -(one_hot * jax.nn.log_softmax(logits)).sum(-1).mean()

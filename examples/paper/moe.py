"""GShard's mixture of experts in the sizes of Alpa's paper (OSDI'22, table 4 and appendix): one training step with Adam.

    python examples/paper/moe.py --size 70B --out out/
    python examples/paper/moe.py --size 70B --layers 2 --hidden 64 --heads 4 --experts 4 --seq 32 --group 64 --vocabulary 128 \\
        --batch 8 --name moe_2l --out out/

Layers 0, 2, 4 … have experts, the others a plain feed-forward layer; both are 8 * hidden wide, as in Alpa's benchmark.
Tokens are routed in groups of 2048 to their two best experts, each of which takes 2 * group / experts tokens of a group;
dispatch and combine are einsums over [group, token, expert, slot] (GShard, arXiv 2006.16668, algorithm 1; without the auxiliary
loss and the random second expert, as in Alpa's benchmark, whose vocabulary of 32000 is also taken). Precision, loops and
the rest as in gpt.py; routing in float32. A module is one microbatch of the published solution of 70B: 1024 / 64 = 16 sequences.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax

from abstract import Shape, f32, main_of
from transformer import attention, attention_shapes, cross_entropy, embed, layer_norm, mlp, mlp_shapes, norm_shapes


@dataclass(frozen=True)
class MoE:
    """`group` tokens are routed together; it divides batch * seq."""

    hidden: int = 768
    layers: int = 8
    heads: int = 16
    experts: int = 8
    seq: int = 1024
    vocabulary: int = 32000
    batch: int = 16
    group: int = 2048
    dtype: str = "bfloat16"


SIZES = {
    "380M": MoE(768, 8, 16, 8),
    "1.3B": MoE(768, 16, 16, 16),
    "2.4B": MoE(1024, 16, 16, 16),
    "10B": MoE(1536, 16, 16, 32),
    "27B": MoE(2048, 16, 16, 48),
    "70B": MoE(2048, 32, 16, 64),
}


def running_count(mask: jax.Array) -> jax.Array:
    """For each token how many before it in its group chose the expert; [group, token, expert]. A matmul, as on TPUs."""
    tokens = mask.shape[1]
    return jnp.einsum("ts,gse->gte", jnp.tril(jnp.ones((tokens, tokens), mask.dtype), -1), mask)


def top2_routing(gates: jax.Array, slots: int) -> jax.Array:
    """gates: float32[group, token, expert], probabilities -> combine weights, float32[group, token, expert, slot]."""
    first = jax.nn.one_hot(jnp.argmax(gates, -1), gates.shape[-1])
    others = gates * (1 - first)
    second = jax.nn.one_hot(jnp.argmax(others, -1), gates.shape[-1])

    # A token's slot is its turn at the expert; all first choices come before all second ones. Who comes too late is dropped.
    first_turn = running_count(first)
    second_turn = running_count(second) + first.sum(1, keepdims=True)
    first, second = first * (first_turn < slots), second * (second_turn < slots)
    weights = gates * (first + second)
    weights = weights / jnp.maximum(weights.sum(-1, keepdims=True), 1e-9)
    turn = (first_turn * first + second_turn * second).astype(jnp.int32)
    return weights[..., None] * jax.nn.one_hot(turn, slots)


def experts(x: jax.Array, p: Any, group: int) -> jax.Array:
    """x: [batch, seq, hidden]."""
    tokens = x.reshape(-1, group, x.shape[-1])
    gates = jax.nn.softmax(jnp.einsum("gsm,me->gse", tokens.astype(jnp.float32), p["gate"]))
    combine = top2_routing(gates, 2 * group // gates.shape[-1])
    dispatch = jax.lax.stop_gradient(combine > 0).astype(x.dtype)
    inputs = jnp.einsum("gsec,gsm->egcm", dispatch, tokens)
    inner = jax.nn.gelu(jnp.einsum("egcm,emh->egch", inputs, p["up"].astype(x.dtype)))
    outputs = jnp.einsum("egch,ehm->egcm", inner, p["down"].astype(x.dtype))
    return jnp.einsum("gsec,egcm->gsm", combine.astype(x.dtype), outputs).reshape(x.shape)


def model_of(config: MoE) -> tuple[Any, Any, tuple[Shape, ...]]:
    """The loss, the shapes of the parameters, and the shapes of tokens and targets."""

    def loss_of(params: Any, tokens: jax.Array, targets: jax.Array) -> jax.Array:
        x = embed(tokens, params, jnp.dtype(config.dtype))
        for p in params["layers"]:
            x = x + attention(layer_norm(x, p["norm1"]), p["attention"], config.heads)
            normed = layer_norm(x, p["norm2"])
            x = x + (experts(normed, p["experts"], config.group) if "experts" in p else mlp(normed, p["mlp"]))
        return cross_entropy(x, params, targets)

    hidden, inner = config.hidden, 8 * config.hidden
    shared = {"norm1": norm_shapes(hidden), "attention": attention_shapes(hidden), "norm2": norm_shapes(hidden)}
    routed = {
        "gate": f32(hidden, config.experts),
        "up": f32(config.experts, hidden, inner),
        "down": f32(config.experts, inner, hidden),
    }
    layers = [
        {**shared, **({"mlp": mlp_shapes(hidden, inner)} if i % 2 else {"experts": routed})}
        for i in range(config.layers)
    ]
    params = {
        "tokens": f32(config.vocabulary, hidden),
        "positions": f32(config.seq, hidden),
        "layers": layers,
        "norm": norm_shapes(hidden),
    }
    text = Shape((config.batch, config.seq), jnp.int32)
    return loss_of, params, (text, text)


if __name__ == "__main__":
    main_of("moe", __doc__, SIZES, model_of, optax.adam(1e-4))

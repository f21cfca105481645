"""A character-level GPT in plain JAX with optax's AdamW, trained on the source code of Python's standard library.

    python examples/gpt.py --out out/

writes the training step `(params, opt_state, tokens, targets) -> (params, opt_state, loss)` to `out/gpt.mlirbc`, and
the initial state with `--steps` batches to `out/gpt_inputs.npz`. Pass `--run` to train on this device as well and
print the loss of each step. Nothing here knows how many devices there will be.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax

from data import VOCABULARY, read_text, text_batches
from export import export_step

Params = dict[str, Any]


def init_params(key: jax.Array, layers: int, width: int, seq: int) -> Params:
    """Weights are normal with standard deviation 0.02, as in GPT-2; those that end in the residual stream, smaller."""
    keys = iter(jax.random.split(key, 2 + 4 * layers))

    def normal(*shape: int, std: float = 0.02) -> jax.Array:
        return std * jax.random.normal(next(keys), shape)

    def norm() -> Params:
        return {"scale": jnp.ones(width), "bias": jnp.zeros(width)}

    residual_std = 0.02 / (2 * layers) ** 0.5
    return {
        "tokens": normal(VOCABULARY, width),
        "positions": normal(seq, width),
        "layers": [
            {
                "norm1": norm(),
                "qkv": normal(width, 3 * width),
                "out": normal(width, width, std=residual_std),
                "norm2": norm(),
                "up": normal(width, 4 * width),
                "up_bias": jnp.zeros(4 * width),
                "down": normal(4 * width, width, std=residual_std),
                "down_bias": jnp.zeros(width),
            }
            for _ in range(layers)
        ],
        "norm": norm(),
    }


def layer_norm(x: jax.Array, p: Params) -> jax.Array:
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + 1e-5) * p["scale"] + p["bias"]


def attention(x: jax.Array, p: Params, heads: int) -> jax.Array:
    """Causal self-attention; x: [batch, seq, width]."""
    batch, seq, width = x.shape
    q, k, v = jnp.moveaxis((x @ p["qkv"]).reshape(batch, seq, 3, heads, width // heads), 2, 0)
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) * (width // heads) ** -0.5
    scores = jnp.where(jnp.tril(jnp.ones((seq, seq), bool)), scores, -1e9)
    mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), v)
    return mixed.reshape(batch, seq, width) @ p["out"]


def loss_of(params: Params, tokens: jax.Array, targets: jax.Array, heads: int) -> jax.Array:
    """Mean cross-entropy of the next character; tokens, targets: int32[batch, seq]. The embedding is tied."""
    x = params["tokens"][tokens] + params["positions"]
    for p in params["layers"]:
        x = x + attention(layer_norm(x, p["norm1"]), p, heads)
        hidden = jax.nn.gelu(layer_norm(x, p["norm2"]) @ p["up"] + p["up_bias"])
        x = x + hidden @ p["down"] + p["down_bias"]
    log_probs = jax.nn.log_softmax(layer_norm(x, params["norm"]) @ params["tokens"].T)
    return -jnp.take_along_axis(log_probs, targets[..., None], axis=-1).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--seq", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", action="store_true", help="also train on this device and print the losses")
    args = parser.parse_args()

    schedule = optax.warmup_cosine_decay_schedule(0.0, 3e-3, warmup_steps=10, decay_steps=1000, end_value=3e-4)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, b2=0.95, weight_decay=0.1))

    def step(params: Any, opt_state: Any, tokens: jax.Array, targets: jax.Array) -> tuple[Any, Any, jax.Array]:
        loss, grads = jax.value_and_grad(partial(loss_of, heads=args.heads))(params, tokens, targets)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    params = init_params(jax.random.key(args.seed), args.layers, args.width, args.seq)
    opt_state = optimizer.init(params)
    tokens, targets = text_batches(read_text(), args.steps, args.batch, args.seq, args.seed)
    export_step(step, (params, opt_state, tokens, targets), (0, 1), args.out / "gpt", batched=(2, 3))

    if args.run:
        jitted = jax.jit(step)
        for i in range(args.steps):
            params, opt_state, loss = jitted(params, opt_state, tokens[i], targets[i])
            print(f"step {i}: loss {loss:.6f}")


if __name__ == "__main__":
    main()

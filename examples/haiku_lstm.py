"""A character-level language model with two LSTM layers in Haiku: a loop over time, time-major inside; Adagrad.

python examples/haiku_lstm.py --out out/
"""

from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp
import optax

from data import VOCABULARY, read_text, text_batches
from export import command_line, export_step

SEQ, WIDTH = 32, 64


def logits_of(tokens: jax.Array) -> jax.Array:
    """tokens: int32[batch, seq] -> [seq, batch, vocabulary]."""
    x = hk.Embed(VOCABULARY, WIDTH)(tokens.T)
    core = hk.DeepRNN([hk.LSTM(WIDTH), jnp.tanh, hk.LSTM(WIDTH)])
    x, _ = hk.dynamic_unroll(core, x, core.initial_state(tokens.shape[0]))
    return hk.Linear(VOCABULARY)(x)


MODEL = hk.without_apply_rng(hk.transform(logits_of))
OPTIMIZER = optax.chain(optax.clip_by_global_norm(1.0), optax.adagrad(0.05))


def step(params: Any, opt_state: Any, tokens: jax.Array, targets: jax.Array) -> tuple[Any, Any, jax.Array]:
    def loss_of(params: Any) -> jax.Array:
        logits = MODEL.apply(params, tokens)
        return optax.softmax_cross_entropy_with_integer_labels(logits, targets.T).mean()

    loss, grads = jax.value_and_grad(loss_of)(params)
    updates, opt_state = OPTIMIZER.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main() -> None:
    args = command_line(__doc__)
    tokens, targets = text_batches(read_text(), args.steps, args.batch, SEQ, args.seed)
    params = MODEL.init(jax.random.key(args.seed), tokens[0])
    state = (params, OPTIMIZER.init(params))
    export_step(step, (*state, tokens, targets), (0, 1), args.out / "haiku_lstm", batched=(2, 3))


if __name__ == "__main__":
    main()

"""Hugging Face's GPT-2 in Flax, tiny, with random weights and no dropout, trained with AdamW.

    python examples/hf_gpt2.py --out out/

Flax models left the library with version 5: it needs transformers<5.
"""

from typing import Any

import jax
import optax
from transformers import FlaxGPT2LMHeadModel, GPT2Config

from data import VOCABULARY, read_text, text_batches
from export import command_line, export_step

SEQ = 32


def main() -> None:
    args = command_line(__doc__)
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=SEQ,
        n_embd=64,
        n_layer=2,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = FlaxGPT2LMHeadModel(config, seed=args.seed, input_shape=(1, SEQ))
    optimizer = optax.adamw(3e-3)

    def loss_of(params: Any, tokens: jax.Array, targets: jax.Array) -> jax.Array:
        outputs: Any = model(tokens, params=params, train=False)
        return optax.softmax_cross_entropy_with_integer_labels(outputs.logits, targets).mean()

    def step(params: Any, opt_state: Any, tokens: jax.Array, targets: jax.Array) -> tuple[Any, Any, jax.Array]:
        loss, grads = jax.value_and_grad(loss_of)(params, tokens, targets)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    tokens, targets = text_batches(read_text(), args.steps, args.batch, SEQ, args.seed)
    state = (model.params, optimizer.init(model.params))
    export_step(step, (*state, tokens, targets), (0, 1), args.out / "hf_gpt2", batched=(2, 3))


if __name__ == "__main__":
    main()

"""GPT-3 in the sizes of Alpa's paper (OSDI'22, table 4 and appendix): one training step with Adam.

    python examples/paper/gpt.py --size 39B --out out/
    python examples/paper/gpt.py --size 39B --layers 2 --hidden 64 --heads 4 --seq 32 --vocabulary 128 --name gpt_2l --out out/

Mixed precision: weights and Adam's moments are float32, the layers compute in bfloat16 (`--dtype`; the paper: float16), layer
norm, softmax and loss in float32; no loss scaling. Layers are a Python loop: the module has no `while`. No rematerialisation, no
dropout. The paper's global batch is 1024 sequences; a module is one microbatch of it, 8 sequences, that is 128 microbatches
(the solutions that Alpa published have 128 for 1.3B and 2.6B; for 39B it searches 128 to 1024).
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax

from abstract import Shape, f32, main_of
from transformer import attention, attention_shapes, cross_entropy, embed, layer_norm, mlp, mlp_shapes, norm_shapes


@dataclass(frozen=True)
class GPT:
    """The feed-forward layer is 4 * hidden wide."""

    hidden: int = 1024
    layers: int = 24
    heads: int = 16
    seq: int = 1024
    vocabulary: int = 51200
    batch: int = 8
    dtype: str = "bfloat16"


SIZES = {
    "350M": GPT(1024, 24, 16),
    "1.3B": GPT(2048, 24, 32),
    "2.6B": GPT(2560, 32, 32),
    "6.7B": GPT(4096, 32, 32),
    "15B": GPT(5120, 48, 40),
    "39B": GPT(8192, 48, 64),
}


def model_of(config: GPT) -> tuple[Any, Any, tuple[Shape, ...]]:
    """The loss, the shapes of the parameters, and the shapes of tokens and targets."""

    def loss_of(params: Any, tokens: jax.Array, targets: jax.Array) -> jax.Array:
        x = embed(tokens, params, jnp.dtype(config.dtype))
        for p in params["layers"]:
            x = x + attention(layer_norm(x, p["norm1"]), p["attention"], config.heads)
            x = x + mlp(layer_norm(x, p["norm2"]), p["mlp"])
        return cross_entropy(x, params, targets)

    hidden = config.hidden
    layer = {
        "norm1": norm_shapes(hidden),
        "attention": attention_shapes(hidden),
        "norm2": norm_shapes(hidden),
        "mlp": mlp_shapes(hidden, 4 * hidden),
    }
    params = {
        "tokens": f32(config.vocabulary, hidden),
        "positions": f32(config.seq, hidden),
        "layers": [layer] * config.layers,
        "norm": norm_shapes(hidden),
    }
    text = Shape((config.batch, config.seq), jnp.int32)
    return loss_of, params, (text, text)


if __name__ == "__main__":
    main_of("gpt", __doc__, SIZES, model_of, optax.adam(1e-4))

"""A PyTorch model: torchax turns a `torch.nn.Module` into a function of JAX arrays, optax trains it.

    python examples/torch_transformer.py --out out/

The module is ordinary PyTorch. Its gradient is JAX's, so the training step is one StableHLO module like any other.
"""

from typing import Any

import jax
import optax
import torch
from torch import nn

from data import VOCABULARY, read_text, text_batches
from export import command_line, export_step
from torchax_compat import torchax

SEQ, WIDTH, HEADS, LAYERS = 32, 64, 4, 2


class Layer(nn.Module):
    """A pre-norm layer of causal attention and MLP; x: [batch, seq, width]."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, seq, width = x.shape
        heads = (t.view(batch, seq, HEADS, -1).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, -1))
        mixed = nn.functional.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, seq, width))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Parameter(0.02 * torch.randn(SEQ, WIDTH))
        self.layers = nn.Sequential(*(Layer() for _ in range(LAYERS)))
        self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(self.tokens(tokens) + self.positions))


def main() -> None:
    args = command_line(__doc__)
    torch.manual_seed(args.seed)
    params, logits_of = torchax.extract_jax(Transformer())
    optimizer = optax.adamw(1e-3)

    def loss_of(params: Any, tokens: jax.Array, targets: jax.Array) -> jax.Array:
        logits = logits_of(params, (tokens,))
        return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()

    def step(params: Any, opt_state: Any, tokens: jax.Array, targets: jax.Array) -> tuple[Any, Any, jax.Array]:
        loss, grads = jax.value_and_grad(loss_of)(params, tokens, targets)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    tokens, targets = text_batches(read_text(), args.steps, args.batch, SEQ, args.seed)
    state = (params, optimizer.init(params))
    export_step(step, (*state, tokens, targets), (0, 1), args.out / "torch_transformer", batched=(2, 3))


if __name__ == "__main__":
    main()

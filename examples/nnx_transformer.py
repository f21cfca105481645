"""A causal transformer in Flax nnx; the stateful model and optimizer become plain arguments by `nnx.split`.

python examples/nnx_transformer.py --out out/
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from data import VOCABULARY, read_text, text_batches
from export import command_line, export_step

SEQ, WIDTH, HEADS, LAYERS = 32, 64, 4, 2


class Layer(nnx.Module):
    """A pre-norm layer of attention and MLP; x: [batch, seq, width]."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.norm1, self.norm2 = nnx.LayerNorm(WIDTH, rngs=rngs), nnx.LayerNorm(WIDTH, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(HEADS, WIDTH, decode=False, rngs=rngs)
        self.up, self.down = nnx.Linear(WIDTH, 4 * WIDTH, rngs=rngs), nnx.Linear(4 * WIDTH, WIDTH, rngs=rngs)

    def __call__(self, x: jax.Array, mask: jax.Array) -> jax.Array:
        x = x + self.attention(self.norm1(x), mask=mask)
        return x + self.down(nnx.silu(self.up(self.norm2(x))))


class Transformer(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.tokens = nnx.Embed(VOCABULARY, WIDTH, rngs=rngs)
        self.positions = nnx.Embed(SEQ, WIDTH, rngs=rngs)
        self.layers = nnx.List([Layer(rngs) for _ in range(LAYERS)])
        self.norm = nnx.RMSNorm(WIDTH, rngs=rngs)
        self.head = nnx.Linear(WIDTH, VOCABULARY, rngs=rngs)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        x = self.tokens(tokens) + self.positions(jnp.arange(SEQ))
        mask = nnx.make_causal_mask(tokens)
        for layer in self.layers:
            x = layer(x, mask)
        return self.head(self.norm(x))


def loss_of(model: Transformer, tokens: jax.Array, targets: jax.Array) -> jax.Array:
    return optax.softmax_cross_entropy_with_integer_labels(model(tokens), targets).mean()


def main() -> None:
    args = command_line(__doc__)
    model = Transformer(nnx.Rngs(args.seed))
    optimizer = nnx.Optimizer(model, optax.lion(3e-4), wrt=nnx.Param)
    graph, state = nnx.split((model, optimizer))

    def step(state: Any, tokens: jax.Array, targets: jax.Array) -> tuple[Any, jax.Array]:
        model, optimizer = nnx.merge(graph, state)
        loss, grads = nnx.value_and_grad(loss_of)(model, tokens, targets)
        optimizer.update(model, grads)
        return nnx.state((model, optimizer)), loss

    tokens, targets = text_batches(read_text(), args.steps, args.batch, SEQ, args.seed)
    export_step(step, (state, tokens, targets), (0,), args.out / "nnx_transformer", batched=(1, 2))


if __name__ == "__main__":
    main()

"""Layers of other kinds: embeddings, experts, Fourier transforms, graphs, and unusual layouts."""

import jax
import jax.numpy as jnp
import optax
from jax import lax

from programs.program import (
    STEPS,
    Program,
    Tree,
    classification,
    cross_entropy,
    dense,
    integers,
    layer_norm,
    normal,
    regression,
    tokens,
    training,
)


def embedding() -> Program:
    """A table of embeddings: a gather forward, a scatter-add backward; bags of words."""

    def loss_of(p: Tree, ids: jax.Array, labels: jax.Array) -> jax.Array:
        return cross_entropy(jnp.tanh(p["table"][ids].sum(1)) @ p["out"], labels)

    ids = integers(1, 50, STEPS, 8, 5)
    params = {"table": normal(2, 50, 16, scale=0.3), "out": dense(3, 16, 4)}
    return training(loss_of, params, (ids, ids[..., 0] % 4), optax.adagrad(0.3))


def embedding_one_hot() -> Program:
    """The same, but by a product with a one-hot matrix, and a cross-entropy by one-hot targets."""

    def loss_of(p: Tree, ids: jax.Array, labels: jax.Array) -> jax.Array:
        bag = jax.nn.one_hot(ids, 50).sum(1)
        log_probs = jax.nn.log_softmax(jnp.tanh(bag @ p["table"]) @ p["out"])
        return -jnp.mean(jnp.sum(log_probs * jax.nn.one_hot(labels, 4), -1))

    ids = integers(1, 50, STEPS, 8, 5)
    params = {"table": normal(2, 50, 16, scale=0.3), "out": dense(3, 16, 4)}
    return training(loss_of, params, (ids, ids[..., 0] % 4))


def tied_embedding() -> Program:
    """One table is the first layer and, transposed, the last; its gradient has two parts."""

    def loss_of(p: Tree, ids: jax.Array, targets: jax.Array) -> jax.Array:
        h = p["table"][ids]
        h = layer_norm(h + jax.nn.gelu(h @ p["up"]) @ p["down"])
        return cross_entropy(h @ p["table"].T, targets)

    params = {"table": normal(1, 32, 16, scale=0.2), "up": dense(2, 16, 32), "down": dense(3, 32, 16)}
    return training(loss_of, params, tokens(), optax.adam(1e-2))


def moe_top_k() -> Program:
    """A mixture of four experts, the best two of each token by top_k, dense dispatch; a balancing loss.

    The balancing loss multiplies two means over the batch: it is coupled, but only there."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        probs = jax.nn.softmax(x @ p["router"])
        best, chosen = lax.top_k(probs, 2)
        gates = jnp.sum(jax.nn.one_hot(chosen, 4) * (best / best.sum(-1, keepdims=True))[..., None], -2)
        hidden = jax.nn.gelu(jnp.einsum("bi,eih->beh", x, p["up"]))
        out = jnp.einsum("beh,eho,be->bo", hidden, p["down"], gates)
        balance = 4 * jnp.sum(jnp.mean(gates, 0) * jnp.mean(probs, 0))
        return cross_entropy(out, labels) + 0.01 * balance

    coupled = "the balancing loss multiplies two means over the batch"
    return training(loss_of, _moe_params(), classification(), optax.adam(1e-2), coupled)


def _moe_params() -> Tree:
    return {
        "router": dense(1, 12, 4),
        "up": normal(2, 4, 12, 16, scale=0.3),
        "down": normal(3, 4, 16, 4, scale=0.25),
    }


def moe_per_example_balance() -> Program:
    """A mixture of experts over the tokens of a sequence, with capacities and a balancing loss inside each example.

    A token's position in its expert is a cumsum; tokens beyond the capacity are dropped."""
    capacity = 4

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        probs = jax.nn.softmax(x @ p["router"])
        picked = jax.nn.one_hot(jnp.argmax(probs, -1), 4)
        slot = (jnp.cumsum(picked, 1) - 1) * picked
        kept = picked * (slot < capacity)
        dispatch = kept[..., None] * jax.nn.one_hot(slot.astype(jnp.int32), capacity)
        inputs = jnp.einsum("bsec,bsi->beci", dispatch, x)
        hidden = jax.nn.relu(jnp.einsum("beci,eih->bech", inputs, p["up"]))
        outs = jnp.einsum("bech,eho->beco", hidden, p["down"])
        out = jnp.einsum("bsec,beco,bse->bso", dispatch, outs, probs)
        balance = jnp.mean(jnp.sum(jnp.mean(picked, 1) * jnp.mean(probs, 1), -1))
        return jnp.mean((out - y) ** 2) + 0.01 * balance

    x = normal(4, STEPS, 8, 9, 12)
    return training(loss_of, _moe_params(), (x, jnp.sin(x[..., :4])), optax.adam(1e-2))


def fourier_mixing() -> Program:
    """FNet: mixing by a Fourier transform over the sequence and another over the width, real parts kept."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        mixed = jnp.fft.fft(jnp.fft.fft(x, axis=-1), axis=-2).real / 8
        return jnp.mean((jnp.tanh(layer_norm(x + mixed) @ p["up"]) @ p["down"] - y) ** 2)

    x = normal(3, STEPS, 8, 8, 12)
    return training(loss_of, {"up": dense(1, 12, 24), "down": dense(2, 24, 4)}, (x, jnp.sin(x[..., :4])))


def spectral_convolution() -> Program:
    """A Fourier neural operator: rfft, complex weights (as two real parameters) on the low modes, irfft."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        h = x @ p["in"]
        modes = jnp.fft.rfft(h, axis=1)[:, :4]
        mixed = jnp.einsum("bki,kio->bko", modes, p["real"] + 1j * p["imag"])
        h = jnp.tanh(jnp.fft.irfft(jnp.pad(mixed, ((0, 0), (0, 5), (0, 0))), n=16, axis=1) + h @ p["skip"])
        return jnp.mean((h @ p["out"] - y) ** 2)

    params = {
        "in": dense(1, 2, 8),
        "real": normal(2, 4, 8, 8, scale=0.3),
        "imag": normal(3, 4, 8, 8, scale=0.3),
        "skip": dense(4, 8, 8),
        "out": dense(5, 8, 2),
    }
    x = normal(6, STEPS, 8, 16, 2)
    return training(loss_of, params, (x, jnp.cumsum(x, 2) / 4), optax.adam(1e-2))


def graph_convolution() -> Program:
    """A graph: node features gathered along edges and added up by segment_sum. The batch is one graph of nodes."""

    def loss_of(p: Tree, nodes: jax.Array, labels: jax.Array, edges: jax.Array) -> jax.Array:
        for w in (p["w1"], p["w2"]):
            heard = jax.ops.segment_sum(nodes[edges[:, 0]], edges[:, 1], num_segments=len(nodes))
            nodes = jnp.tanh((nodes + heard) @ w)
        return cross_entropy(nodes @ p["out"], labels)

    params = {"w1": dense(1, 12, 16), "w2": dense(2, 16, 16), "out": dense(3, 16, 4)}
    batch = (*classification(batch=12), integers(4, 12, STEPS, 30, 2))
    return training(loss_of, params, batch, coupled="edges join any two nodes of the batch")


def set_pooling() -> Program:
    """Ragged sets inside each example: segment_sum with ids, under vmap."""

    def loss_of(p: Tree, x: jax.Array, ids: jax.Array, y: jax.Array) -> jax.Array:
        pooled = jax.vmap(lambda x, ids: jax.ops.segment_sum(x, ids, num_segments=3))(jnp.tanh(x @ p["in"]), ids)
        return jnp.mean((pooled @ p["out"] - y) ** 2)

    x, ids = normal(1, STEPS, 8, 10, 6), integers(2, 3, STEPS, 8, 10)
    y = normal(3, STEPS, 8, 3, 2)
    return training(loss_of, {"in": dense(4, 6, 16), "out": dense(5, 16, 2)}, (x, ids, y))


def time_major_transposed() -> Program:
    """Batch last: inputs are [width, batch], so the batch is dim 1 of every activation."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((p["w2"] @ jnp.tanh(p["w1"] @ x + p["b"][:, None]) - y) ** 2)

    x, y = regression()
    params = {"w1": dense(1, 12, 16).T, "b": jnp.zeros(16), "w2": dense(2, 16, 4).T}
    return training(loss_of, params, (jnp.swapaxes(x, 1, 2), jnp.swapaxes(y, 1, 2)))


def flattened_tokens() -> Program:
    """Batch and sequence are merged into one dim before the layers and split again after."""

    def loss_of(p: Tree, ids: jax.Array, targets: jax.Array) -> jax.Array:
        h = jnp.tanh(p["table"][ids.reshape(-1)] @ p["w"])
        per_token = jax.nn.log_softmax(h @ p["out"])[jnp.arange(ids.size), targets.reshape(-1)]
        return -jnp.mean(jnp.sum(per_token.reshape(ids.shape), -1))

    params = {"table": normal(1, 32, 16), "w": dense(2, 16, 16), "out": dense(3, 16, 32)}
    return training(loss_of, params, tokens(batch=6), optax.adam(1e-2))


PROGRAMS = (
    embedding,
    embedding_one_hot,
    tied_embedding,
    moe_top_k,
    moe_per_example_balance,
    fourier_mixing,
    spectral_convolution,
    graph_convolution,
    set_pooling,
    time_major_transposed,
    flattened_tokens,
)

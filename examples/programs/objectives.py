"""What is minimised: losses over masks and pairs, gradients of gradients, and steps without a loss."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from programs.program import (
    STEPS,
    Program,
    Tree,
    classification,
    cross_entropy,
    dense,
    descend,
    integers,
    mlp,
    mlp_params,
    normal,
    regression,
    squared_error,
    tokens,
    training,
)


def _mask(*shape: int) -> jax.Array:
    """About three quarters ones, float32, with a different count in each example."""
    return (integers(30, 4, *shape) > 0).astype(jnp.float32)


def masked_mean() -> Program:
    """sum(l * m) / sum(m) over the tokens of the batch: numerator and denominator both accumulate."""

    def loss_of(p: Tree, ids: jax.Array, targets: jax.Array, mask: jax.Array) -> jax.Array:
        h = jnp.tanh(p["table"][ids] @ p["w"])
        per_token = -jnp.take_along_axis(jax.nn.log_softmax(h @ p["out"]), targets[..., None], -1)[..., 0]
        return jnp.sum(per_token * mask) / jnp.sum(mask)

    params = {"table": normal(1, 32, 16), "w": dense(2, 16, 16), "out": dense(3, 16, 32)}
    coupled = "the backward pass divides by the sum of the batch's mask (a scalar factor of every gradient)"
    return training(loss_of, params, (*tokens(), _mask(STEPS, 8, 8)), optax.adam(1e-2), coupled)


def masked_mean_boolean() -> Program:
    """The same with a boolean mask, where, and a guard against an empty mask."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array, mask: jax.Array) -> jax.Array:
        per_example = jnp.mean((mlp(p, x) - y) ** 2, -1)
        return jnp.sum(jnp.where(mask, per_example, 0.0)) / jnp.maximum(jnp.sum(mask), 1)

    coupled = "the backward pass divides by the sum of the batch's mask (a scalar factor of every gradient)"
    return training(loss_of, mlp_params(), (*regression(batch=12), _mask(STEPS, 12) > 0), coupled=coupled)


def summed_loss() -> Program:
    """The loss is a sum over the batch, not a mean."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.sum((mlp(p, x) - y) ** 2)

    return training(loss_of, mlp_params(), regression(), optax.sgd(0.005))


def weighted_with_decay() -> Program:
    """A loss weighted by class, plus an L2 penalty on the parameters in the loss itself."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        weights = jnp.array([1.0, 2.0, 0.5, 1.5])[labels]
        log_probs = jax.nn.log_softmax(mlp(p, x))
        penalty = sum(jnp.sum(w * w) for w in jax.tree.leaves(p))
        return -jnp.mean(weights * jnp.take_along_axis(log_probs, labels[:, None], 1)[:, 0]) + 1e-3 * penalty

    return training(loss_of, mlp_params(), classification())


def label_smoothing() -> Program:
    """Cross-entropy against smoothed one-hot labels."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        targets = 0.9 * jax.nn.one_hot(labels, 4) + 0.1 / 4
        return -jnp.mean(jnp.sum(targets * jax.nn.log_softmax(mlp(p, x)), -1))

    return training(loss_of, mlp_params(), classification())


def rows_by_arange() -> Program:
    """Cross-entropies that pick by row number, logp[arange(n), y]: of tokens, of their flattened rows, and of numpy's arange."""

    def loss_of(p: Tree, ids: jax.Array, targets: jax.Array) -> jax.Array:
        logp = jax.nn.log_softmax(jnp.tanh(p["table"][ids] @ p["w"]) @ p["out"])
        batch, seq = targets.shape
        each = logp[jnp.arange(batch)[:, None], jnp.arange(seq), targets]
        flat = logp.reshape(batch * seq, -1)[jnp.arange(batch * seq), targets.reshape(-1)]
        return -each.mean() - flat.mean() - logp[np.arange(batch), 0, targets[:, 0]].mean()

    params = {"table": normal(1, 32, 16), "w": dense(2, 16, 16), "out": dense(3, 16, 32)}
    return training(loss_of, params, tokens(), optax.adam(1e-2))


def contrastive() -> Program:
    """CLIP's loss: x @ y.T over the batch; every example is a negative of every other."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        a, b = x @ p["a"], y @ p["b"]
        a, b = (v / jnp.linalg.norm(v, axis=-1, keepdims=True) for v in (a, b))
        scores = jnp.exp(p["scale"]) * a @ b.T
        matched = jnp.arange(len(x))
        return (cross_entropy(scores, matched) + cross_entropy(scores.T, matched)) / 2

    params = {"a": dense(1, 12, 8), "b": dense(2, 4, 8), "scale": jnp.float32(1.0)}
    return training(loss_of, params, regression(), coupled="x @ y.T compares every pair of examples")


def triplet_hardest() -> Program:
    """Triplets with the hardest negative in the batch, by a masked max over all pairs."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array) -> jax.Array:
        z = mlp(p, x)
        distance = jnp.sum((z[:, None] - z[None]) ** 2, -1)
        same = labels[:, None] == labels[None]
        positive = jnp.max(jnp.where(same, distance, 0.0), 1)
        negative = jnp.min(jnp.where(same, jnp.inf, distance), 1)
        return jnp.mean(jax.nn.relu(positive - jnp.minimum(negative, 10.0) + 1.0))

    return training(loss_of, mlp_params(), classification(), coupled="distances between every pair of examples")


def worst_example() -> Program:
    """The loss is the largest in the batch: a max, not a mean."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.max(jnp.mean((mlp(p, x) - y) ** 2, -1))

    coupled = "the gradient flows through the worst example of the whole batch"
    return training(loss_of, mlp_params(), regression(), coupled=coupled)


def root_mean_square() -> Program:
    """sqrt(mean(e²)): the mean over the batch accumulates, and the backward pass needs it whole."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.sqrt(jnp.mean((mlp(p, x) - y) ** 2) + 1e-8)

    coupled = "the backward pass divides by a mean over the batch (a scalar factor of every gradient)"
    return training(loss_of, mlp_params(), regression(), coupled=coupled)


def losses_and_metrics() -> Program:
    """Two losses, their sum, accuracy (int32 count and mean), gradient norm, and logits of each example."""
    optimizer = optax.adam(1e-2)

    def step(p: Tree, opt_state: Tree, x: jax.Array, labels: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> tuple[jax.Array, Tree]:
            h = jnp.tanh(x @ p["in"])
            logits, guess = h @ p["class"], h @ p["value"]
            losses = {"class": cross_entropy(logits, labels), "value": jnp.mean((guess - y) ** 2)}
            return losses["class"] + 0.5 * losses["value"], (losses, logits)

        (loss, (losses, logits)), grads = jax.value_and_grad(loss_of, has_aux=True)(p)
        right = jnp.argmax(logits, -1) == labels
        metrics = {
            "accuracy": jnp.mean(right.astype(jnp.float32)),
            "grad_norm": optax.global_norm(grads),
            "right": jnp.sum(right.astype(jnp.int32)),
        }
        updates, opt_state = optimizer.update(grads, opt_state, p)
        return optax.apply_updates(p, updates), opt_state, loss, losses, metrics, logits

    params = {"in": dense(1, 12, 16), "class": dense(2, 16, 4), "value": dense(3, 16, 2)}
    args = (params, optimizer.init(params), *classification(), normal(4, STEPS, 8, 2))
    return Program(step, args, ((0, 0), (1, 1)), (2, 3, 4), loss=2)


def per_example_outputs() -> Program:
    """The losses of each example are a result, in the order of the batch; a step without a mean loss result."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> tuple[jax.Array, jax.Array]:
            per_example = jnp.mean((mlp(p, x) - y) ** 2, -1)
            return jnp.mean(per_example), per_example

        grads, per_example = jax.grad(loss_of, has_aux=True)(p)
        return descend(p, grads), per_example

    return Program(step, (mlp_params(), *regression()), ((0, 0),), (1, 2), loss=None)


def forward_only() -> Program:
    """Inference: logits and classes of a batch; no state, no loss."""

    def step(p: Tree, x: jax.Array) -> tuple[Tree, ...]:
        logits = mlp(p, x)
        return jax.nn.softmax(logits), jnp.argmax(logits, -1)

    return Program(step, (mlp_params(), regression()[0]), (), (1,), loss=None)


def decode_with_cache() -> Program:
    """Inference with state: one token per step, keys and values written into a cache at a counter."""

    def step(p: Tree, cache: Tree, count: jax.Array, ids: jax.Array) -> tuple[Tree, ...]:
        x = p["table"][ids]
        cache = {
            name: lax.dynamic_update_slice_in_dim(cache[name], (x @ p[name])[:, None], count, axis=1) for name in "kv"
        }
        scores = jnp.einsum("bd,bsd->bs", x @ p["q"], cache["k"]) / 4
        scores = jnp.where(jnp.arange(8) <= count, scores, -jnp.inf)
        mixed = jnp.einsum("bs,bsd->bd", jax.nn.softmax(scores), cache["v"])
        return cache, count + 1, (x + mixed) @ p["table"].T

    params = {"table": normal(1, 32, 16)} | {name: dense(2 + i, 16, 16) for i, name in enumerate("qkv")}
    cache = {name: jnp.zeros((8, 8, 16)) for name in "kv"}
    return Program(step, (params, cache, jnp.int32(0), integers(5, 32, STEPS, 8)), ((1, 0), (2, 1)), (3,), loss=None)


def sharpness_aware() -> Program:
    """SAM: the gradient at parameters moved along a first gradient; the second forward pass needs the whole first."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        scale = 0.05 / (optax.global_norm(grads) + 1e-8)
        grads = jax.grad(squared_error)(jax.tree.map(lambda p, g: p + scale * g, p, grads), x, y)
        return descend(p, grads), loss

    coupled = "the second forward pass reads the gradient of the first, summed over the batch"
    return Program(step, (mlp_params(), *regression()), ((0, 0),), (1, 2), loss=1, coupled=coupled)


def maml() -> Program:
    """MAML: the gradient of a gradient step; each example of the batch is a task of five points, under vmap."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        def task(x: jax.Array, y: jax.Array) -> jax.Array:
            return squared_error(descend(p, jax.grad(squared_error)(p, x[:3], y[:3])), x[3:], y[3:])

        return jnp.mean(jax.vmap(task)(x, y))

    x = normal(4, STEPS, 8, 5, 12)
    return training(loss_of, mlp_params(), (x, jnp.sin(x[..., :4])))


def clipped_per_example() -> Program:
    """DP-SGD: the gradient of each example (vmap of grad), clipped by its norm, then averaged, with noise added."""

    def step(p: Tree, key: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        losses, grads = jax.vmap(jax.value_and_grad(squared_error), (None, 0, 0))(p, x, y)
        norms = jax.vmap(optax.global_norm)(grads)
        factor = jnp.minimum(1.0, 0.5 / norms)
        leaves, tree = jax.tree.flatten(grads)
        key, *keys = jax.random.split(key, 1 + len(leaves))
        means = [
            jnp.tensordot(factor, g, 1) / len(x) + 0.01 * jax.random.normal(k, g.shape[1:])
            for k, g in zip(keys, leaves, strict=True)
        ]
        return descend(p, jax.tree.unflatten(tree, means)), key, jnp.mean(losses)

    args = (mlp_params(), jax.random.PRNGKey(9), *regression())
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


def physics_informed() -> Program:
    """A PINN: derivatives of the network with respect to its input, by forward mode inside the loss."""

    def loss_of(p: Tree, points: jax.Array) -> jax.Array:
        def u(t: jax.Array) -> jax.Array:
            return mlp(p, t[None])[0]

        def residual(t: jax.Array) -> jax.Array:
            return jax.grad(jax.grad(u))(t) + u(t)

        start = u(jnp.float32(0.0)) ** 2 + (jax.grad(u)(jnp.float32(0.0)) - 1.0) ** 2
        return jnp.mean(jax.vmap(residual)(points) ** 2) + start

    return training(loss_of, mlp_params(1, 16, 1), (normal(4, STEPS, 12),), optax.adam(1e-2))


def polyak_step() -> Program:
    """The length of the step is loss / |gradient|²: the update reads the loss itself."""
    return training(squared_error, mlp_params(), regression(), optax.polyak_sgd(max_learning_rate=0.5))


def preference_pairs() -> Program:
    """Chosen and rejected examples go through the model as one batch of twice the rows (DPO), beside a frozen reference."""

    def loss_of(p: Tree, chosen: jax.Array, rejected: jax.Array, reference: jax.Array) -> jax.Array:
        scores = mlp(p, jnp.concatenate([chosen, rejected]))[:, 0]
        better, worse = jnp.split(scores, 2)
        return -jnp.mean(jax.nn.log_sigmoid(better - worse - reference))

    batch = (normal(4, STEPS, 8, 12), normal(5, STEPS, 8, 12), normal(6, STEPS, 8))
    return training(loss_of, mlp_params(12, 16, 1), batch, optax.adam(1e-2))


def triplet_in_one() -> Program:
    """Anchors, positives and negatives embedded in one call, three batches in one tensor; of them a part is used twice."""

    def loss_of(p: Tree, anchor: jax.Array, positive: jax.Array, negative: jax.Array) -> jax.Array:
        a, b, c = jnp.split(mlp(p, jnp.concatenate([anchor, positive, negative])), 3)
        near, far = jnp.sum((a - b) ** 2, -1), jnp.sum((a - c) ** 2, -1)
        return jnp.mean(jnp.maximum(near - far + 1.0, 0.0)) + 0.01 * jnp.mean(jnp.concatenate([a, c]) ** 2)

    batch = tuple(normal(seed, STEPS, 8, 12) for seed in (4, 5, 6))
    return training(loss_of, mlp_params(), batch, optax.adam(1e-2))


PROGRAMS = (
    preference_pairs,
    triplet_in_one,
    masked_mean,
    masked_mean_boolean,
    summed_loss,
    weighted_with_decay,
    label_smoothing,
    rows_by_arange,
    contrastive,
    triplet_hardest,
    worst_example,
    root_mean_square,
    losses_and_metrics,
    per_example_outputs,
    forward_only,
    decode_with_cache,
    sharpness_aware,
    maml,
    clipped_per_example,
    physics_informed,
    polyak_step,
)

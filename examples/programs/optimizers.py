"""One small MLP under many optimizers: what the update does with the gradients, and which state it keeps."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
import optax.contrib

from programs.program import (
    Program,
    Tree,
    classification,
    cross_entropy,
    mlp,
    mlp_params,
    regression,
    squared_error,
    training,
)


def _mlp_with(optimizer: Any) -> Program:
    return training(squared_error, mlp_params(), regression(), optimizer)


def sgd() -> Program:
    """Plain SGD: no optimizer state at all."""
    return _mlp_with(optax.sgd(0.1))


def momentum() -> Program:
    """Nesterov momentum."""
    return _mlp_with(optax.sgd(0.1, momentum=0.9, nesterov=True))


def adam() -> Program:
    """Adam, with its int32 step counter."""
    return _mlp_with(optax.adam(1e-2))


def adamw_schedule() -> Program:
    """AdamW under global-norm clipping and a warmup-cosine schedule: two step counters; decay on matrices only."""
    schedule = optax.warmup_cosine_decay_schedule(0.0, 1e-2, 2, 10)
    decayed = jax.tree.map(lambda p: p.ndim > 1, mlp_params())
    return _mlp_with(optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(schedule, mask=decayed)))


def adafactor() -> Program:
    """Adafactor with factored second moments: row and column means of squared gradients."""
    return _mlp_with(optax.adafactor(1e-2, min_dim_size_to_factor=8))


def lion() -> Program:
    """Lion: the sign of an interpolated momentum."""
    return _mlp_with(optax.lion(1e-3))


def lamb() -> Program:
    """LAMB: a trust ratio from the norms of each parameter and of its update."""
    return _mlp_with(optax.lamb(1e-2))


def rmsprop() -> Program:
    """Centered RMSProp."""
    return _mlp_with(optax.rmsprop(1e-2, centered=True))


def adagrad() -> Program:
    """Adagrad: sums of squared gradients."""
    return _mlp_with(optax.adagrad(1e-1))


def muon() -> Program:
    """Muon: Newton-Schulz iterations (a loop of matrix products) on each matrix, Adam on the vectors."""
    return _mlp_with(optax.contrib.muon(1e-2))


def shampoo() -> Program:
    """Shampoo-like: inverse fourth roots of G Gᵀ and Gᵀ G by coupled Newton iterations in a while loop."""

    def inverse_fourth_root(a: jax.Array) -> jax.Array:
        eye = jnp.eye(a.shape[0])
        a = a + 1e-3 * jnp.trace(a) * eye
        z = 5.0 / (2.0 * jnp.linalg.norm(a))

        def refine(state: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
            i, root, m = state
            t = (5.0 * eye - m) / 4.0
            return i + 1, root @ t, jnp.linalg.matrix_power(t, 4) @ m

        def unfinished(state: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
            return (state[0] < 10) & (jnp.max(jnp.abs(state[2] - eye)) > 1e-4)

        return jax.lax.while_loop(unfinished, refine, (jnp.int32(0), z**0.25 * eye, z * a))[1]

    class State(NamedTuple):
        left: Tree
        right: Tree

    def init(params: Tree) -> State:
        return State(
            jax.tree.map(lambda p: 1e-2 * jnp.eye(p.shape[0]), params),
            jax.tree.map(lambda p: 1e-2 * jnp.eye(p.shape[1]), params),
        )

    def update(updates: Tree, state: Any, params: Tree = None) -> tuple[Tree, State]:
        left = jax.tree.map(lambda s, g: s + g @ g.T, state.left, updates)
        right = jax.tree.map(lambda s, g: s + g.T @ g, state.right, updates)
        updates = jax.tree.map(
            lambda s, g, r: -0.03 * inverse_fourth_root(s) @ g @ inverse_fourth_root(r), left, updates, right
        )
        return updates, State(left, right)

    matrices = {name: p for name, p in mlp_params().items() if p.ndim == 2}

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((jnp.tanh(jnp.tanh(x @ p["w1"]) @ p["w2"]) @ p["w3"] - y) ** 2)

    return training(loss_of, matrices, regression(), optax.GradientTransformation(init, update))


def sophia() -> Program:
    """Sophia-like: a Gauss-Newton diagonal from labels sampled with a key in the state, every second step.

    The second gradient is a mean over the batch inside a branch of a cond, where it is squared."""

    def step(p: Tree, m: Tree, h: Tree, count: jax.Array, key: jax.Array, x: jax.Array, y: jax.Array) -> tuple:
        key, sample_key = jax.random.split(key)
        loss, grads = jax.value_and_grad(lambda p: cross_entropy(mlp(p, x), y))(p)

        def estimate(h: Tree) -> Tree:
            sampled = jax.random.categorical(sample_key, mlp(p, x))
            g = jax.grad(lambda p: cross_entropy(mlp(p, x), sampled))(p)
            return jax.tree.map(lambda h, g: 0.9 * h + 0.1 * x.shape[0] * g * g, h, g)

        h = jax.lax.cond(count % 2 == 0, estimate, lambda h: h, h)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        p = jax.tree.map(lambda p, m, h: p - 0.1 * jnp.clip(m / jnp.maximum(0.05 * h, 1e-6), -1, 1), p, m, h)
        return p, m, h, count + 1, key, loss

    params = mlp_params()
    zeros = jax.tree.map(jnp.zeros_like, params)
    args = (params, zeros, zeros, jnp.int32(0), jax.random.PRNGKey(0), *classification())
    coupled = "a gradient over the batch is squared inside a branch of the cond"
    return Program(step, args, tuple((i, i) for i in range(5)), (5, 6), loss=5, coupled=coupled)


def schedule_free() -> Program:
    """Schedule-free SGD: the parameters are an interpolation of two sequences."""
    return _mlp_with(optax.contrib.schedule_free_sgd(1e-1, warmup_steps=2))


def multi_steps() -> Program:
    """optax.MultiSteps: gradients gather over two steps, then a cond applies them."""
    return _mlp_with(optax.MultiSteps(optax.adam(1e-2), every_k_schedule=2))


def apply_if_finite() -> Program:
    """A step whose gradients are not finite is skipped; boolean and counter state."""
    return _mlp_with(optax.apply_if_finite(optax.adam(1e-2), max_consecutive_errors=2))


def lookahead() -> Program:
    """Lookahead: fast and slow parameters, synchronised every second step."""
    optimizer = optax.lookahead(optax.sgd(0.1), sync_period=2, slow_step_size=0.5)

    def step(params: Tree, opt_state: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(params.fast, x, y)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    params = optax.LookaheadParams.init_synced(mlp_params())
    args = (params, optimizer.init(params), *regression())
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


def ema() -> Program:
    """An exponential average of the parameters, state that neither the loss nor the update reads."""

    def step(params: Tree, average: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(params, x, y)
        params = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)
        return params, jax.tree.map(lambda a, p: 0.9 * a + 0.1 * p, average, params), loss

    params = mlp_params()
    return Program(step, (params, params, *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def clip_per_layer() -> Program:
    """Each gradient is clipped by its own norm; then noise-free adaptive clipping by the parameter's norm."""
    return _mlp_with(optax.chain(optax.clip_by_block_rms(0.01), optax.adaptive_grad_clip(0.05), optax.sgd(1.0)))


def noisy_sgd() -> Program:
    """Gradient noise: the rng key is inside the optimizer's state."""
    return _mlp_with(optax.noisy_sgd(0.05, eta=0.01, key=0))


def frozen_layer() -> Program:
    """multi_transform: Adam on one layer, SGD on another, and two parameters that never change."""
    labels = {"w1": "frozen", "b1": "frozen", "w2": "adam", "b2": "adam", "w3": "sgd"}
    transforms: dict[Any, Any] = {"frozen": optax.set_to_zero(), "adam": optax.adam(1e-2), "sgd": optax.sgd(0.1)}
    return _mlp_with(optax.multi_transform(transforms, labels))


def reduce_on_plateau() -> Program:
    """The learning rate is state, halved by a cond when the loss itself stops falling."""
    return _mlp_with(
        optax.chain(optax.adam(1e-2), optax.contrib.reduce_on_plateau(factor=0.5, patience=1, accumulation_size=1))
    )


PROGRAMS = (
    sgd,
    momentum,
    adam,
    adamw_schedule,
    adafactor,
    lion,
    lamb,
    rmsprop,
    adagrad,
    muon,
    shampoo,
    sophia,
    schedule_free,
    multi_steps,
    apply_if_finite,
    lookahead,
    ema,
    clip_per_layer,
    noisy_sgd,
    frozen_layer,
    reduce_on_plateau,
)

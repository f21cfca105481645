"""What a step carries from one call to the next, and how its arguments and results are laid out."""

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
    training,
)


def _dropout(key: jax.Array, x: jax.Array, rate: float = 0.3) -> jax.Array:
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0)


def dropout_key_in_state() -> Program:
    """Dropout whose threefry key is state, split in every step."""

    def step(p: Tree, key: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        key, dropout_key = jax.random.split(key)

        def loss_of(p: Tree) -> jax.Array:
            h = _dropout(dropout_key, jnp.tanh(x @ p["w1"] + p["b1"]))
            return jnp.mean((jnp.tanh(h @ p["w2"] + p["b2"]) @ p["w3"] - y) ** 2)

        loss, grads = jax.value_and_grad(loss_of)(p)
        return descend(p, grads), key, loss

    args = (mlp_params(), jax.random.PRNGKey(1), *regression())
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


def dropout_key_per_step() -> Program:
    """Dropout whose key comes with the batch: a batch argument, uint32[2], without a batch dim."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        key1, key2 = jax.random.split(key)
        h = _dropout(key1, jax.nn.relu(x @ p["w1"] + p["b1"]))
        h = _dropout(key2, jax.nn.relu(h @ p["w2"] + p["b2"]))
        return cross_entropy(h @ p["w3"], labels)

    keys = jax.random.key_data(jax.random.split(jax.random.key(2), STEPS))
    return training(loss_of, mlp_params(), (*classification(), keys))


def dropout_from_step_count() -> Program:
    """Dropout whose key is folded from an int32 step counter; the base key is a constant."""

    def step(p: Tree, count: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        key = jax.random.fold_in(jax.random.key(3), count)
        loss, grads = jax.value_and_grad(lambda p: squared_error(p, _dropout(key, x), y))(p)
        return descend(p, grads), count + 1, loss

    return Program(step, (mlp_params(), jnp.int32(0), *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def rng_bit_generator() -> Program:
    """Noise from an rbg key: stablehlo.rng_bit_generator, whose bits cannot be cut along the batch."""

    def step(p: Tree, key_data: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        key, noise_key = jax.random.split(jax.random.wrap_key_data(key_data, impl="rbg"))
        noisy = x + 0.1 * jax.random.normal(noise_key, x.shape)
        loss, grads = jax.value_and_grad(squared_error)(p, noisy, y)
        return descend(p, grads), jax.random.key_data(key), loss

    key_data = jax.random.key_data(jax.random.key(4, impl="rbg"))
    return Program(step, (mlp_params(), key_data, *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def batch_norm() -> Program:
    """BatchNorm: statistics over the batch in the forward pass, running averages as state."""

    def step(p: Tree, stats: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> tuple[jax.Array, Tree]:
            h = x @ p["w1"]
            mean, var = h.mean(0), h.var(0)
            h = (h - mean) * lax.rsqrt(var + 1e-5) * p["scale"] + p["bias"]
            new = {"mean": 0.9 * stats["mean"] + 0.1 * mean, "var": 0.9 * stats["var"] + 0.1 * var}
            return jnp.mean((jax.nn.relu(h) @ p["w2"] - y) ** 2), new

        (loss, stats), grads = jax.value_and_grad(loss_of, has_aux=True)(p)
        return descend(p, grads), stats, loss

    params = {"w1": dense(1, 12, 16), "scale": jnp.ones(16), "bias": jnp.zeros(16), "w2": dense(2, 16, 4)}
    stats = {"mean": jnp.zeros(16), "var": jnp.ones(16)}
    coupled = "batch normalization takes mean and variance over the batch"
    return Program(step, (params, stats, *regression()), ((0, 0), (1, 1)), (2, 3), loss=2, coupled=coupled)


def batch_norm_frozen() -> Program:
    """BatchNorm that reads running averages only; they are updated from the batch, but off the path to the loss."""

    def step(p: Tree, stats: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> tuple[jax.Array, jax.Array]:
            h = x @ p["w1"]
            normed = (h - stats["mean"]) * lax.rsqrt(stats["var"] + 1e-5)
            return jnp.mean((jax.nn.relu(normed * p["scale"]) @ p["w2"] - y) ** 2), h

        (loss, h), grads = jax.value_and_grad(loss_of, has_aux=True)(p)
        mean, mean_square = h.mean(0), jnp.mean(h * h, 0)
        new = {
            "mean": 0.9 * stats["mean"] + 0.1 * mean,
            "var": 0.9 * stats["var"] + 0.1 * (mean_square - mean * mean),
        }
        return descend(p, grads), new, loss

    params = {"w1": dense(1, 12, 16), "scale": jnp.ones(16), "w2": dense(2, 16, 4)}
    stats = {"mean": jnp.zeros(16), "var": jnp.ones(16)}
    return Program(step, (params, stats, *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def accumulate_over_steps() -> Program:
    """Gradients gather in the state; every second step applies them (where, not cond); a counter wraps around."""

    def step(p: Tree, gathered: Tree, count: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        gathered = jax.tree.map(jnp.add, gathered, grads)
        count = (count + 1) % 2
        apply = count == 0
        p = jax.tree.map(lambda p, g: jnp.where(apply, p - 0.1 * g / 2, p), p, gathered)
        gathered = jax.tree.map(lambda g: jnp.where(apply, jnp.zeros_like(g), g), gathered)
        return p, gathered, count, loss

    params = mlp_params()
    args = (params, jax.tree.map(jnp.zeros_like, params), jnp.int32(0), *regression())
    return Program(step, args, ((0, 0), (1, 1), (2, 2)), (3, 4), loss=3)


def dynamic_loss_scale() -> Program:
    """float16 with a dynamic loss scale: overflow halves it and skips the step; the first scale does overflow."""

    def step(p: Tree, scale: jax.Array, good: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> tuple[jax.Array, jax.Array]:
            half = jax.tree.map(lambda a: a.astype(jnp.float16), p)
            loss = jnp.mean((mlp(half, x.astype(jnp.float16)) - y.astype(jnp.float16)) ** 2)
            return loss * scale.astype(jnp.float16), loss

        grads, loss = jax.grad(loss_of, has_aux=True)(p)
        grads = jax.tree.map(lambda g: g / scale, grads)
        finite = jnp.all(jnp.array([jnp.all(jnp.isfinite(g)) for g in jax.tree.leaves(grads)]))
        p = jax.tree.map(lambda p, g: jnp.where(finite, p - 0.1 * g, p), p, grads)
        good = jnp.where(finite, good + 1, 0)
        scale = jnp.where(finite, jnp.where(good % 2 == 0, scale * 2, scale), scale / 2)
        return p, scale, good, loss.astype(jnp.float32)

    args = (mlp_params(), jnp.float32(2.0**16), jnp.int32(0), *regression())
    return Program(step, args, ((0, 0), (1, 1), (2, 2)), (3, 4), loss=3)


def bfloat16_master_weights() -> Program:
    """bfloat16 parameters in the model, float32 master copies in the optimizer; both are state."""

    def step(p: Tree, master: Tree, x: jax.Array, labels: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(lambda p: cross_entropy(mlp(p, x).astype(jnp.float32), labels))(p)
        master = jax.tree.map(lambda m, g: m - 0.1 * g.astype(jnp.float32), master, grads)
        return jax.tree.map(lambda m: m.astype(jnp.bfloat16), master), master, loss

    master = mlp_params()
    params = jax.tree.map(lambda m: m.astype(jnp.bfloat16), master)
    x, labels = classification()
    args = (params, master, x.astype(jnp.bfloat16), labels)
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


def integer_and_boolean_state() -> Program:
    """State of many types: a pruning mask (bool), a histogram of labels (int32), uint8 and float16 counters."""

    def step(p: Tree, other: Tree, x: jax.Array, labels: jax.Array) -> tuple[Tree, ...]:
        masked = p | {"w2": jnp.where(other["keep"], p["w2"], 0.0)}
        loss, grads = jax.value_and_grad(lambda p: cross_entropy(mlp(p, x), labels))(masked)
        p = descend(masked, grads)
        other = {
            "keep": other["keep"] & (jnp.abs(p["w2"]) > 0.01),
            "seen": other["seen"].at[labels].add(1),
            "epoch": other["epoch"] + jnp.uint8(1),
            "temperature": other["temperature"] * jnp.float16(0.5),
        }
        return p, other, loss

    other = {
        "keep": jnp.ones((16, 16), bool),
        "seen": jnp.zeros(4, jnp.int32),
        "epoch": jnp.uint8(254),
        "temperature": jnp.float16(1.0),
    }
    return Program(step, (mlp_params(), other, *classification()), ((0, 0), (1, 1)), (2, 3), loss=2)


def scalar_parameters() -> Program:
    """A linear fit: three parameters, all scalars, and targets that are vectors."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((p["a"] * x**2 + p["b"] * x + p["c"] - y) ** 2)

    x = normal(1, STEPS, 12)
    params = {"a": jnp.float32(0.0), "b": jnp.float32(0.0), "c": jnp.float32(0.0)}
    return training(loss_of, params, (x, 0.5 * x**2 - x + 2.0))


def not_donated() -> Program:
    """The usual step, but nothing is donated: state can be told from a batch only by the types of the results."""

    def step(p: Tree, m: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        m = jax.tree.map(lambda m, g: 0.9 * m + g, m, grads)
        return descend(p, m), m, loss

    params = mlp_params()
    args = (params, jax.tree.map(jnp.zeros_like, params), *regression())
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2, donate=())


def partly_donated() -> Program:
    """Only the parameters are donated; the momentum, of the same types, is not."""
    program = not_donated()
    return Program(program.step, program.args, program.state, program.batch, loss=2, donate=(0,))


def passed_through() -> Program:
    """Arguments that come back unchanged: a frozen layer (state) and a constant temperature (state)."""

    def step(p: Tree, frozen: jax.Array, temperature: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> jax.Array:
            return squared_error(p, jnp.tanh(x @ frozen) / temperature, y)

        loss, grads = jax.value_and_grad(loss_of)(p)
        return descend(p, grads), frozen, temperature, loss

    args = (mlp_params(), dense(5, 12, 12), jnp.float32(1.5), *regression())
    return Program(step, args, ((0, 0), (1, 1), (2, 2)), (3, 4), loss=3)


def read_only_argument() -> Program:
    """Distillation: a teacher's weights are an argument, read, neither donated nor returned, the same every step."""

    def step(p: Tree, teacher: Tree, x: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> jax.Array:
            wanted = jax.nn.softmax(mlp(teacher, x) / 2.0)
            return -jnp.mean(jnp.sum(wanted * jax.nn.log_softmax(mlp(p, x)), -1))

        loss, grads = jax.value_and_grad(loss_of)(p)
        return descend(p, grads, 0.5), loss

    teacher = jax.tree.map(lambda p: -1.5 * p, mlp_params())
    return Program(step, (mlp_params(), teacher, regression()[0]), ((0, 0),), (2,), loss=1)


def unused_arguments() -> Program:
    """A batch argument and a state argument that nothing reads; the state comes back as it was."""

    def step(p: Tree, spare: jax.Array, x: jax.Array, y: jax.Array, ids: jax.Array) -> tuple[Tree, ...]:
        del ids
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        return descend(p, grads), spare, loss

    args = (mlp_params(), normal(5, 3), *regression(), integers(6, 100, STEPS, 8))
    return Program(step, args, ((0, 0), (1, 1)), (2, 3, 4), loss=2)


def dead_code() -> Program:
    """Values that no result needs: a second head with its loss, a mean over the batch, and a loop."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        spare = cross_entropy(jnp.tanh(x @ p["w1"]) @ p["w2"], jnp.argmax(y, -1))
        lax.fori_loop(0, 3, lambda _, v: v * spare, loss)
        jnp.mean(x, 0)
        return descend(p, grads), loss

    return Program(step, (mlp_params(), *regression()), ((0, 0),), (1, 2), loss=1)


def big_constants() -> Program:
    """A table of 64 kB and a frozen random projection are constants of the module."""
    table = np.random.default_rng(1).standard_normal((128, 128)).astype(np.float32) / 11.3
    projection = np.random.default_rng(2).standard_normal((12, 128)).astype(np.float32) / 3.5

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((jnp.sin(x @ projection @ table) @ p["w"] + p["b"] - y) ** 2)

    return training(loss_of, {"w": dense(3, 128, 4), "b": jnp.zeros(4)}, regression())


def loss_first() -> Program:
    """Results out of order: the loss, then the optimizer's state, then the parameters; batch arguments come first."""
    optimizer = optax.adam(1e-2)

    def step(x: jax.Array, y: jax.Array, opt_state: Tree, p: Tree) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        updates, opt_state = optimizer.update(grads, opt_state, p)
        return loss, opt_state, optax.apply_updates(p, updates)

    params = mlp_params()
    args = (*regression(), optimizer.init(params), params)
    return Program(step, args, ((2, 1), (3, 2)), (0, 1), loss=0)


def crossed_state() -> Program:
    """Two state arguments of one type that come back in the other order.

    JAX pairs donated arguments with results by type, in order: `tf.aliasing_output` names the wrong results here, so
    the state of this program must be said."""

    def step(slow: Tree, fast: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(fast, x, y)
        fast = descend(fast, grads)
        return fast, jax.tree.map(lambda s, f: 0.9 * s + 0.1 * f, slow, fast), loss

    args = (jax.tree.map(lambda p: 0.5 * p, mlp_params()), mlp_params(), *regression())
    return Program(step, args, ((0, 1), (1, 0)), (2, 3), loss=2)


def same_result_twice() -> Program:
    """One value is two results, and one result is a constant."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        return descend(p, grads), loss, loss, jnp.float32(0.1)

    return Program(step, (mlp_params(), *regression()), ((0, 0),), (1, 2), loss=1)


def learning_rate_argument() -> Program:
    """The learning rate of each step is a scalar batch argument that only the update reads."""

    def step(p: Tree, x: jax.Array, y: jax.Array, rate: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        return descend(p, grads, rate), loss

    args = (mlp_params(), *regression(), jnp.array([0.05, 0.2, 0.1], jnp.float32))
    return Program(step, args, ((0, 0),), (1, 2, 3), loss=1)


def no_batch() -> Program:
    """A step of state alone: the data set is a read-only argument, and a batch is sliced from it by the counter."""

    def step(p: Tree, count: jax.Array, xs: jax.Array, ys: jax.Array) -> tuple[Tree, ...]:
        x, y = (lax.dynamic_slice_in_dim(a, count * 8 % 24, 8) for a in (xs, ys))
        loss, grads = jax.value_and_grad(squared_error)(p, x, y)
        return descend(p, grads), count + 1, loss

    x, y = regression()
    args = (mlp_params(), jnp.int32(0), x.reshape(24, -1), y.reshape(24, -1))
    coupled = "there is no batch argument"
    return Program(step, args, ((0, 0), (1, 1)), (), loss=2, coupled=coupled)


def odd_batch() -> Program:
    """A batch of seven examples: no microbatch count but 1 and 7 divides it."""
    return training(squared_error, mlp_params(), regression(batch=7), optax.adam(1e-2))


def iterate_before() -> Program:
    """Heavy ball with the iterate before as state: the old parameters come back unchanged, as the next ones before."""

    def step(params: Tree, before: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        loss, grads = jax.value_and_grad(squared_error)(params, x, y)
        new = jax.tree.map(lambda p, b, g: p + 0.5 * (p - b) - 0.1 * g, params, before, grads)
        return new, params, loss

    params = mlp_params()
    before = jax.tree.map(lambda p: p + 0.01, params)
    return Program(step, (params, before, *regression()), ((0, 0), (1, 1)), (2, 3), loss=2, donate=())


def target_network() -> Program:
    """A target network that follows the online one, which comes back unchanged and second; only their order differs."""

    def step(online: Tree, target: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        following = jax.tree.map(lambda t, o: 0.9 * t + 0.1 * o, target, online)
        return following, online, squared_error(target, x, y)

    online = mlp_params()
    target = jax.tree.map(lambda p: p + 0.01, online)
    return Program(step, (online, target, *regression()), ((1, 0), (0, 1)), (2, 3), loss=2, donate=())


def minimized_x() -> Program:
    """What is minimized is called x and is a row for each example: adversarial inputs of a fixed network."""

    def step(x: jax.Array, params: Tree, y: jax.Array) -> tuple[jax.Array, ...]:
        loss, grads = jax.value_and_grad(lambda x: squared_error(params, x, y))(x)
        return jnp.clip(x + 0.1 * jnp.tanh(grads), -3, 3), loss

    x, y = regression()
    return Program(step, (x[0], mlp_params(), y), ((0, 0),), (2,), loss=1)


PROGRAMS = (
    dropout_key_in_state,
    dropout_key_per_step,
    dropout_from_step_count,
    rng_bit_generator,
    batch_norm,
    batch_norm_frozen,
    accumulate_over_steps,
    dynamic_loss_scale,
    bfloat16_master_weights,
    integer_and_boolean_state,
    scalar_parameters,
    not_donated,
    partly_donated,
    passed_through,
    read_only_argument,
    unused_arguments,
    dead_code,
    big_constants,
    loss_first,
    crossed_state,
    same_result_twice,
    learning_rate_argument,
    no_batch,
    odd_batch,
    iterate_before,
    target_network,
    minimized_x,
)

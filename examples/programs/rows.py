"""Where the rows of the batch lie: time-major, flattened, beside other dims, in slices of a loop, picked by an index."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from programs.program import (
    STEPS,
    Program,
    Tree,
    cross_entropy,
    dense,
    descend,
    integers,
    layer_norm,
    mlp,
    mlp_params,
    normal,
    regression,
    squared_error,
    tokens,
    training,
)


def _cell(p: Tree, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    h = jnp.tanh(x @ p["wx"] + h @ p["wh"] + p["b"])
    return h, h


def _recurrent(num_in: int = 6, width: int = 16, num_out: int = 4) -> Tree:
    parts = {"wx": dense(1, num_in, width), "wh": dense(2, width, width), "b": jnp.zeros(width)}
    return {"rnn": parts, "out": dense(3, width, num_out)}


def rnn_time_major() -> Program:
    """A recurrent net over [T, B, F] with a target at each time: nothing has the batch along dim 0."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        _, h = lax.scan(partial(_cell, p["rnn"]), jnp.zeros((x.shape[1], 16)), x)
        return jnp.mean((h @ p["out"] - y) ** 2)

    x = normal(10, STEPS, 7, 8, 6)
    return training(loss_of, _recurrent(), (x, jnp.sin(x[..., :4])))


def rnn_time_major_labels() -> Program:
    """The same net with a label for each sequence, [B], and lengths, [B], that mask the time."""

    def loss_of(p: Tree, x: jax.Array, labels: jax.Array, lengths: jax.Array) -> jax.Array:
        def cell(h: jax.Array, at: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            time, row = at
            new, _ = _cell(p["rnn"], h, row)
            return jnp.where((time < lengths)[:, None], new, h), None

        h, _ = lax.scan(cell, jnp.zeros((x.shape[1], 16)), (jnp.arange(x.shape[0]), x))
        return cross_entropy(h @ p["out"], labels)

    batch = normal(10, STEPS, 6, 8, 6), integers(11, 4, STEPS, 8), 1 + integers(12, 6, STEPS, 8)
    return training(loss_of, _recurrent(), batch)


def time_major_unrolled() -> Program:
    """Time steps written out: x[0], x[1], … of [T, B, F]; the last state predicts [B, F]."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        h = jnp.zeros((x.shape[1], 16))
        for row in x:
            h, _ = _cell(p["rnn"], h, row)
        return jnp.mean((h @ p["out"] - y) ** 2)

    x = normal(10, STEPS, 5, 8, 6)
    return training(loss_of, _recurrent(), (x, jnp.sin(x.sum(1)[..., :4])))


def time_major_flattened() -> Program:
    """[T * B, F] that the step folds to [T, B, F]: the batch is the minor part of dim 0."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        x = x.reshape(5, 8, 6)
        _, h = lax.scan(partial(_cell, p["rnn"]), jnp.zeros((8, 16)), x)
        return jnp.mean((h.reshape(40, 16) @ p["out"] - y) ** 2)

    x = normal(10, STEPS, 40, 6)
    return training(loss_of, _recurrent(), (x, jnp.sin(x[..., :4])))


def rows_flattened() -> Program:
    """[B * S] token ids beside [B] weights of the sequences: positions of a sequence lie together."""

    def loss_of(p: Tree, ids: jax.Array, weights: jax.Array) -> jax.Array:
        x = p["table"][ids].reshape(8, 6, 16)
        scores = jax.nn.softmax(jnp.einsum("bqd,bkd->bqk", x, x) / 4, -1)
        x = layer_norm(x + scores @ x) @ p["out"]
        return jnp.mean(weights * jnp.mean(jnp.tanh(x), (1, 2)))

    params = {"table": normal(1, 32, 16), "out": dense(2, 16, 4)}
    return training(loss_of, params, (integers(3, 32, STEPS, 48), normal(4, STEPS, 8)))


def positions_before_rows() -> Program:
    """Position ids [3, B, S] beside tokens [B, S], as multimodal rotary embeddings have them."""

    def loss_of(p: Tree, positions: jax.Array, ids: jax.Array, targets: jax.Array) -> jax.Array:
        angles = jnp.einsum("kbs,kd->bsd", positions.astype(jnp.float32), p["frequencies"])
        x = p["table"][ids] * jnp.cos(angles)
        scores = jax.nn.softmax(jnp.einsum("bqd,bkd->bqk", x, x) / 4, -1)
        return cross_entropy(layer_norm(x + scores @ x) @ p["out"], targets)

    params = {"table": normal(1, 32, 16), "frequencies": normal(2, 3, 16), "out": dense(3, 16, 32)}
    ids, targets = tokens(batch=8, seq=6)
    return training(loss_of, params, (integers(4, 9, STEPS, 3, 8, 6), ids, targets))


def batch_last() -> Program:
    """Columns are examples: [F, B], as old texts and MATLAB write them."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((mlp(p, x.T).T - y) ** 2)

    x, y = regression()
    return training(loss_of, mlp_params(), (jnp.swapaxes(x, 1, 2), jnp.swapaxes(y, 1, 2)))


def forward_time_major() -> Program:
    """No training: hidden states of [T, B, F] are returned as [T, B, H] and as [T * B, 4]."""

    def step(p: Tree, x: jax.Array) -> tuple[Tree, ...]:
        _, h = lax.scan(partial(_cell, p["rnn"]), jnp.zeros((x.shape[1], 16)), x)
        return h, h.reshape(-1, 16) @ p["out"]

    return Program(step, (_recurrent(), normal(10, STEPS, 5, 8, 6)), (), (1,), loss=None)


def accumulate_scan() -> Program:
    """The user's own gradient accumulation: a scan over [K, B / K, …] slices that adds gradients up."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        slices = x.reshape(4, 4, *x.shape[1:]), y.reshape(4, 4, *y.shape[1:])

        def add(total: Tree, part: tuple[jax.Array, jax.Array]) -> tuple[Tree, jax.Array]:
            loss, grads = jax.value_and_grad(squared_error)(p, *part)
            return jax.tree.map(jnp.add, total, grads), loss

        grads, losses = lax.scan(add, jax.tree.map(jnp.zeros_like, p), slices)
        return descend(p, jax.tree.map(lambda g: g / 4, grads)), losses.mean()

    return Program(step, (mlp_params(), *regression(batch=16)), ((0, 0),), (1, 2), loss=1)


def accumulate_rows_one_by_one() -> Program:
    """An accumulation loop whose slices have one row: no microbatch can divide a slice."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def add(k: jax.Array, total: Tree) -> Tree:
            part = (lax.dynamic_slice_in_dim(x, k, 1), lax.dynamic_slice_in_dim(y, k, 1))
            loss, grads = jax.value_and_grad(squared_error)(p, *part)
            return jax.tree.map(jnp.add, total, (grads, loss))

        start = jax.tree.map(jnp.zeros_like, p), jnp.zeros(())
        grads, loss = lax.fori_loop(0, 8, add, start)
        return descend(p, jax.tree.map(lambda g: g / 8, grads)), loss / 8

    return Program(step, (mlp_params(), *regression(batch=8)), ((0, 0),), (1, 2), loss=1)


def accumulate_dropout() -> Program:
    """An accumulation loop that carries a random key: each slice has a dropout mask of its own."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array, key: jax.Array) -> jax.Array:
        x = jnp.where(jax.random.bernoulli(key, 0.9, x.shape), x / 0.9, 0.0)
        return squared_error(p, x, y)

    def step(p: Tree, key: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def add(carry: Tree, part: tuple[jax.Array, jax.Array]) -> tuple[Tree, None]:
            (grads, loss), key = carry
            key, mine = jax.random.split(key)
            new, more = jax.value_and_grad(loss_of)(p, *part, mine)[::-1]
            return (jax.tree.map(jnp.add, (grads, loss), (new, more)), key), None

        slices = x.reshape(2, 8, *x.shape[1:]), y.reshape(2, 8, *y.shape[1:])
        start = (jax.tree.map(jnp.zeros_like, p), jnp.zeros(())), key
        ((grads, loss), key), _ = lax.scan(add, start, slices)
        return descend(p, jax.tree.map(lambda g: g / 2, grads)), key, loss / 2

    args = (mlp_params(), jax.random.PRNGKey(0), *regression(batch=16))
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


def accumulate_given_slices() -> Program:
    """Slices that the data loader makes: [K, B / K, …] arguments, K first."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def add(total: Tree, part: tuple[jax.Array, jax.Array]) -> tuple[Tree, None]:
            loss, grads = jax.value_and_grad(squared_error)(p, *part)
            return jax.tree.map(jnp.add, total, (grads, loss)), None

        (grads, loss), _ = lax.scan(add, (jax.tree.map(jnp.zeros_like, p), jnp.zeros(())), (x, y))
        return descend(p, jax.tree.map(lambda g: g / 2, grads)), loss / 2

    x, y = regression(batch=16)
    return Program(step, (mlp_params(), x.reshape(STEPS, 2, 8, 12), y.reshape(STEPS, 2, 8, 4)), ((0, 0),), (1, 2), 1)


def accumulate_layers() -> Program:
    """Accumulation over every fourth row, of a scanned model under jax.checkpoint, each slice's gradients clipped."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array) -> jax.Array:
        def layer(x: jax.Array, w: jax.Array) -> tuple[jax.Array, None]:
            return x + jnp.tanh(x @ w), None

        x, _ = lax.scan(jax.checkpoint(layer), x @ p["in"], p["layers"])
        return jnp.mean((x @ p["out"] - y) ** 2)

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        def add(carry: Tree, part: tuple[jax.Array, jax.Array]) -> tuple[Tree, jax.Array]:
            total, count = carry
            loss, grads = jax.value_and_grad(loss_of)(p, *part)
            norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(grads)))
            grads = jax.tree.map(lambda g: g / jnp.maximum(norm, 1.0), grads)
            return (jax.tree.map(jnp.add, total, grads), count + 1), loss

        parts = tuple(jnp.swapaxes(a.reshape(4, 4, *a.shape[1:]), 0, 1) for a in (x, y))
        (grads, count), losses = lax.scan(add, (jax.tree.map(jnp.zeros_like, p), jnp.zeros((), jnp.int32)), parts)
        return descend(p, jax.tree.map(lambda g: g / count, grads)), losses.mean(), losses

    params = {"in": dense(1, 12, 16), "layers": normal(2, 4, 16, 16, scale=0.25), "out": dense(3, 16, 4)}
    return Program(step, (params, *regression(batch=16)), ((0, 0),), (1, 2), loss=1)


def accumulate_written_out() -> Program:
    """Accumulation as a Python loop leaves it: one copy of the model a slice."""

    def step(p: Tree, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        parts = [jax.value_and_grad(squared_error)(p, x[k : k + 4], y[k : k + 4]) for k in range(0, 12, 4)]
        loss, grads = jax.tree.map(lambda *leaves: sum(leaves) / 3, *parts)
        return descend(p, grads), loss

    return Program(step, (mlp_params(), *regression(batch=12)), ((0, 0),), (1, 2), loss=1)


def rows_shuffled() -> Program:
    """Rows are gathered by a permutation that comes with the batch, before the model."""

    def loss_of(p: Tree, x: jax.Array, y: jax.Array, order: jax.Array) -> jax.Array:
        return squared_error(p, x[order], y[order])

    order = jnp.stack([jnp.asarray([3, 1, 0, 2, 7, 6, 5, 4])] * STEPS).astype(jnp.int32)
    return training(loss_of, mlp_params(), (*regression(), order))


def rows_hard_negatives() -> Program:
    """Each row's negative is picked among all rows by an index that comes with the batch."""

    def loss_of(p: Tree, x: jax.Array, negative: jax.Array) -> jax.Array:
        near, far = mlp(p, x), mlp(p, x[negative])
        return jnp.mean(jax.nn.softplus(jnp.sum(near * far, -1)))

    return training(loss_of, mlp_params(), (normal(10, STEPS, 8, 12), integers(5, 8, STEPS, 8)))


def rows_shuffled_by_key() -> Program:
    """Rows are shuffled by a permutation that the step draws from a key."""

    def step(p: Tree, key: jax.Array, x: jax.Array, y: jax.Array) -> tuple[Tree, ...]:
        key, mine = jax.random.split(key)
        order = jax.random.permutation(mine, x.shape[0])
        loss, grads = jax.value_and_grad(squared_error)(p, x[order], y[order])
        return descend(p, grads), key, loss

    return Program(step, (mlp_params(), jax.random.PRNGKey(3), *regression()), ((0, 0), (1, 1)), (2, 3), loss=2)


def rows_sorted_by_length() -> Program:
    """Sequences are sorted by their length before the model; per-sequence losses are returned in that order."""

    def step(p: Tree, ids: jax.Array, lengths: jax.Array) -> tuple[Tree, ...]:
        order = jnp.argsort(lengths)

        def loss_of(p: Tree) -> tuple[jax.Array, jax.Array]:
            x = jnp.tanh(p["table"][ids[order]] @ p["out"])
            valid = jnp.arange(ids.shape[1]) < lengths[order][:, None]
            losses = jnp.sum(jnp.mean(x * x, -1) * valid, -1)
            return jnp.mean(losses), losses

        (loss, losses), grads = jax.value_and_grad(loss_of, has_aux=True)(p)
        return descend(p, grads), loss, losses

    params = {"table": normal(1, 32, 16), "out": dense(2, 16, 16)}
    return Program(
        step, (params, integers(3, 32, STEPS, 8, 6), 1 + integers(4, 6, STEPS, 8)), ((0, 0),), (1, 2), loss=1
    )


def _chunked_mean(rows: bool, counted: bool, checkpoint: bool) -> Program:
    """The loss in chunks of ``rows`` or of positions, under a scan, over the number of valid tokens of the whole batch.

    counted: the scan counts the tokens too; checkpoint: each chunk's logits are computed again in the backward.
    """

    def loss_of(p: Tree, ids: jax.Array, targets: jax.Array) -> jax.Array:
        x = jnp.tanh(layer_norm(p["table"][ids]) @ p["hidden"])
        valid = (targets > 3).astype(jnp.float32)

        def chunk(total: tuple[jax.Array, ...], part: tuple[jax.Array, ...]) -> tuple[tuple[jax.Array, ...], None]:
            x, targets, valid = part
            logits = jax.nn.log_softmax(x @ p["out"])
            picked = jnp.take_along_axis(logits, targets[..., None], -1)[..., 0]
            more = (valid.sum(),) if counted else ()
            return tuple(a + b for a, b in zip(total, (-jnp.sum(picked * valid), *more), strict=True)), None

        def cut(a: jax.Array) -> jax.Array:
            return a.reshape(4, 2, *a.shape[1:]) if rows else jnp.moveaxis(a.reshape(8, 4, 2, *a.shape[2:]), 1, 0)

        start = (jnp.zeros(()),) * (1 + counted)
        sums, _ = lax.scan(jax.checkpoint(chunk) if checkpoint else chunk, start, (cut(x), cut(targets), cut(valid)))
        return sums[0] / jnp.maximum(sums[1] if counted else valid.sum(), 1.0)

    params = {"table": normal(1, 32, 16), "hidden": dense(2, 16, 16), "out": dense(3, 16, 32)}
    return training(loss_of, params, tokens())


def masked_mean_in_scan() -> Program:
    return _chunked_mean(rows=False, counted=False, checkpoint=True)


def masked_mean_in_scan_saved() -> Program:
    return _chunked_mean(rows=False, counted=False, checkpoint=False)


def masked_mean_counted_in_scan() -> Program:
    return _chunked_mean(rows=False, counted=True, checkpoint=True)


def masked_mean_counted_in_scan_saved() -> Program:
    return _chunked_mean(rows=False, counted=True, checkpoint=False)


def masked_mean_scan_over_rows() -> Program:
    return _chunked_mean(rows=True, counted=True, checkpoint=True)


def masked_mean_scan_over_rows_saved() -> Program:
    return _chunked_mean(rows=True, counted=False, checkpoint=False)


PROGRAMS = (
    rnn_time_major,
    rnn_time_major_labels,
    time_major_unrolled,
    time_major_flattened,
    rows_flattened,
    positions_before_rows,
    batch_last,
    forward_time_major,
    accumulate_scan,
    accumulate_rows_one_by_one,
    accumulate_dropout,
    accumulate_given_slices,
    accumulate_layers,
    accumulate_written_out,
    rows_shuffled,
    rows_hard_negatives,
    rows_shuffled_by_key,
    rows_sorted_by_length,
    masked_mean_in_scan,
    masked_mean_in_scan_saved,
    masked_mean_counted_in_scan,
    masked_mean_counted_in_scan_saved,
    masked_mean_scan_over_rows,
    masked_mean_scan_over_rows_saved,
)

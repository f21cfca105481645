"""Several networks, or noise, in one step: GANs, reinforcement learning, autoencoders, self-distillation."""

import jax
import jax.numpy as jnp
import optax
from jax import lax

from programs.program import (
    STEPS,
    Program,
    Tree,
    classification,
    descend,
    integers,
    mlp,
    mlp_params,
    normal,
    regression,
    training,
)


def gan_alternating() -> Program:
    """A GAN: the discriminator's Adam step first, then the generator's against the new discriminator."""
    adam = optax.adam(1e-2, b1=0.5)

    def step(g: Tree, d: Tree, g_state: Tree, d_state: Tree, real: jax.Array, z: jax.Array) -> tuple[Tree, ...]:
        def d_loss_of(d: Tree) -> jax.Array:
            fake = lax.stop_gradient(mlp(g, z))
            return jnp.mean(jax.nn.softplus(-mlp(d, real))) + jnp.mean(jax.nn.softplus(mlp(d, fake)))

        d_loss, grads = jax.value_and_grad(d_loss_of)(d)
        updates, d_state = adam.update(grads, d_state, d)
        d = optax.apply_updates(d, updates)
        g_loss, grads = jax.value_and_grad(lambda g: jnp.mean(jax.nn.softplus(-mlp(d, mlp(g, z)))))(g)
        updates, g_state = adam.update(grads, g_state, g)
        return optax.apply_updates(g, updates), d, g_state, d_state, g_loss, d_loss

    g, d = mlp_params(6, 16, 5), mlp_params(5, 16, 1)
    args = (g, d, adam.init(g), adam.init(d), normal(4, STEPS, 8, 5), normal(5, STEPS, 8, 6))
    coupled = "the generator's forward pass reads the discriminator after its update"
    return Program(step, args, tuple((i, i) for i in range(4)), (4, 5), loss=4, coupled=coupled)


def gan_simultaneous() -> Program:
    """A GAN whose two networks step at the same time, from the same forward pass."""

    def step(g: Tree, d: Tree, real: jax.Array, z: jax.Array) -> tuple[Tree, ...]:
        def losses_of(g: Tree, d: Tree) -> tuple[jax.Array, jax.Array]:
            fake = mlp(g, z)
            return (
                jnp.mean(jax.nn.softplus(-mlp(d, fake))),
                jnp.mean(jax.nn.softplus(-mlp(d, real)) + jax.nn.softplus(mlp(d, fake))),
            )

        g_loss, g_grads = jax.value_and_grad(lambda g: losses_of(g, d)[0])(g)
        d_loss, d_grads = jax.value_and_grad(lambda d: losses_of(g, d)[1])(d)
        return descend(g, g_grads), descend(d, d_grads), g_loss + d_loss, g_loss, d_loss

    args = (mlp_params(6, 16, 5), mlp_params(5, 16, 1), normal(4, STEPS, 8, 5), normal(5, STEPS, 8, 6))
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


def dqn() -> Program:
    """Q-learning: a target network in the state, copied every second step; integer actions, boolean ends."""

    def step(q: Tree, target: Tree, count: jax.Array, *batch: jax.Array) -> tuple[Tree, ...]:
        x, action, reward, next_x, done = batch

        def loss_of(q: Tree) -> jax.Array:
            best = jnp.max(mlp(target, next_x), -1)
            wanted = reward + 0.9 * jnp.where(done, 0.0, best)
            value = jnp.take_along_axis(mlp(q, x), action[:, None], 1)[:, 0]
            return jnp.mean(optax.huber_loss(value, wanted))

        loss, grads = jax.value_and_grad(loss_of)(q)
        q, count = descend(q, grads), count + 1
        target = jax.tree.map(lambda q, t: jnp.where(count % 2 == 0, q, t), q, target)
        return q, target, count, loss

    x, next_x = normal(4, 2, STEPS, 8, 12)
    reward = normal(6, STEPS, 8)
    batch = (x, integers(5, 4, STEPS, 8), reward, next_x, reward > 1.0)
    args = (mlp_params(), mlp_params(), jnp.int32(0), *batch)
    return Program(step, args, tuple((i, i) for i in range(3)), tuple(range(3, 8)), loss=3)


def policy_gradient() -> Program:
    """REINFORCE: the advantage is normalized by mean and deviation over the batch; an entropy bonus."""

    def loss_of(p: Tree, x: jax.Array, action: jax.Array, reward: jax.Array) -> jax.Array:
        advantage = (reward - reward.mean()) / (reward.std() + 1e-6)
        log_probs = jax.nn.log_softmax(mlp(p, x))
        taken = jnp.take_along_axis(log_probs, action[:, None], 1)[:, 0]
        return -jnp.mean(taken * advantage) + 0.01 * jnp.mean(jnp.sum(jnp.exp(log_probs) * log_probs, -1))

    x, action = classification()
    coupled = "the advantage is normalized over the batch"
    return training(loss_of, mlp_params(), (x, action, normal(4, STEPS, 8)), coupled=coupled)


def vae() -> Program:
    """A variational autoencoder: noise from a key in the state, reparameterized; two terms of loss."""

    def step(p: Tree, key: jax.Array, x: jax.Array) -> tuple[Tree, ...]:
        key, noise_key = jax.random.split(key)

        def loss_of(p: Tree) -> tuple[jax.Array, jax.Array]:
            mean, log_std = jnp.split(mlp(p["encoder"], x), 2, -1)
            z = mean + jnp.exp(log_std) * jax.random.normal(noise_key, mean.shape)
            kl = jnp.sum(jnp.exp(2 * log_std) + mean**2 - 1 - 2 * log_std, -1) / 2
            return jnp.mean(jnp.sum((mlp(p["decoder"], z) - x) ** 2, -1) + kl), jnp.mean(kl)

        (loss, kl), grads = jax.value_and_grad(loss_of, has_aux=True)(p)
        return descend(p, grads, 0.01), key, loss, kl

    params = {"encoder": mlp_params(12, 16, 6), "decoder": mlp_params(3, 16, 12)}
    args = (params, jax.random.PRNGKey(7), regression()[0])
    return Program(step, args, ((0, 0), (1, 1)), (2,), loss=2)


def diffusion() -> Program:
    """Denoising diffusion: times and noise drawn in the step; a table of noise levels, gathered by time."""

    def step(p: Tree, key: jax.Array, x: jax.Array) -> tuple[Tree, ...]:
        key, time_key, noise_key = jax.random.split(key, 3)
        time = jax.random.randint(time_key, (len(x),), 0, 50)
        noise = jax.random.normal(noise_key, x.shape)
        level = jnp.cumprod(1.0 - jnp.linspace(1e-3, 0.1, 50))[time][:, None]

        def loss_of(p: Tree) -> jax.Array:
            noisy = jnp.sqrt(level) * x + jnp.sqrt(1 - level) * noise
            return jnp.mean((mlp(p, jnp.concatenate([noisy, jnp.sin(time / 10.0)[:, None]], -1)) - noise) ** 2)

        loss, grads = jax.value_and_grad(loss_of)(p)
        return descend(p, grads), key, loss

    args = (mlp_params(13, 16, 12), jax.random.PRNGKey(8), regression()[0])
    return Program(step, args, ((0, 0), (1, 1)), (2,), loss=2)


def vector_quantized() -> Program:
    """VQ-VAE: the nearest code by argmin, a gather, a straight-through gradient; codes move to the batch's mean."""

    def step(p: Tree, codes: jax.Array, x: jax.Array) -> tuple[Tree, ...]:
        def loss_of(p: Tree) -> tuple[jax.Array, Tree]:
            z = mlp(p["encoder"], x)
            nearest = jnp.argmin(jnp.sum((z[:, None] - codes) ** 2, -1), -1)
            straight = z + lax.stop_gradient(codes[nearest] - z)
            commit = jnp.mean((z - codes[nearest]) ** 2)
            return jnp.mean((mlp(p["decoder"], straight) - x) ** 2) + 0.25 * commit, (z, nearest)

        (loss, (z, nearest)), grads = jax.value_and_grad(loss_of, has_aux=True)(p)
        chosen = jax.nn.one_hot(nearest, len(codes))
        counts = jnp.sum(chosen, 0)[:, None]
        codes = jnp.where(counts > 0, 0.5 * codes + 0.5 * (chosen.T @ z) / jnp.maximum(counts, 1.0), codes)
        return descend(p, grads), codes, loss, nearest

    params = {"encoder": mlp_params(12, 16, 3), "decoder": mlp_params(3, 16, 12)}
    return Program(step, (params, normal(4, 6, 3), regression()[0]), ((0, 0), (1, 1)), (2,), loss=2)


def byol() -> Program:
    """Self-distillation: two views, a target network that is an average of the online one, stop_gradient."""

    def step(p: Tree, target: Tree, x1: jax.Array, x2: jax.Array) -> tuple[Tree, ...]:
        def unit(v: jax.Array) -> jax.Array:
            return v * lax.rsqrt(jnp.sum(v * v, -1, keepdims=True) + 1e-6)

        def loss_of(p: Tree) -> jax.Array:
            ahead = [unit(mlp(p["head"], mlp(p["net"], x))) for x in (x1, x2)]
            behind = [lax.stop_gradient(unit(mlp(target, x))) for x in (x2, x1)]
            return sum(2 - 2 * jnp.mean(jnp.sum(a * b, -1)) for a, b in zip(ahead, behind, strict=True))  # type: ignore

        loss, grads = jax.value_and_grad(loss_of)(p)
        p = descend(p, grads)
        return p, jax.tree.map(lambda t, n: 0.9 * t + 0.1 * n, target, p["net"]), loss

    net = mlp_params(12, 16, 8)
    x = regression()[0]
    args = ({"net": net, "head": mlp_params(8, 16, 8)}, net, x, x + 0.1 * normal(5, *x.shape))
    return Program(step, args, ((0, 0), (1, 1)), (2, 3), loss=2)


PROGRAMS = (
    gan_alternating,
    gan_simultaneous,
    dqn,
    policy_gradient,
    vae,
    diffusion,
    vector_quantized,
    byol,
)

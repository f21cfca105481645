"""One rank of plain JAX on gloo: a data-parallel step of ``examples/gpt.py``, or the sums of its gradients alone.

mpirun -np 4 python benchmarks/peers/jax_spmd.py step PORT STEPS       rank 0 prints the seconds of each step as JSON
mpirun -np 4 python benchmarks/peers/jax_spmd.py sums PORT ROUNDS      rank 0 prints {way: seconds of each round} as JSON

``step`` is ``jax.jit`` with a ``NamedSharding``: parameters everywhere, the batch in parts. The ways of ``sums``: one op a
gradient, XLA's one op for all of them (its combiner), one flat buffer.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

LAYERS, WIDTH, HEADS, SEQ, BATCH, VOCABULARY = 4, 128, 4, 64, 16, 90
APART = {"xla_disable_hlo_passes": "all-reduce-combiner,cpu-all-reduce-combiner"}


def start(port: str) -> Any:
    """Module jax with one CPU device in this process, gloo between the processes."""
    os.environ.update({"NPROC": "1", "JAX_PLATFORMS": "cpu", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
    sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", int(os.environ["PMI_SIZE"]), int(os.environ["PMI_RANK"]))
    return jax


def step_seconds(jax: Any, steps: int) -> list[float]:
    """Seconds of each step, from the call to the new parameters."""
    import numpy as np
    import optax

    import gpt  # type: ignore[import-not-found]

    schedule = optax.warmup_cosine_decay_schedule(0.0, 3e-3, warmup_steps=10, decay_steps=1000, end_value=3e-4)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, b2=0.95, weight_decay=0.1))

    def step(params: Any, moments: Any, tokens: Any, targets: Any) -> tuple[Any, Any, Any]:
        loss, grads = jax.value_and_grad(partial(gpt.loss_of, heads=HEADS))(params, tokens, targets)
        updates, moments = optimizer.update(grads, moments, params)
        return optax.apply_updates(params, updates), moments, loss

    kinds = jax.sharding
    mesh = kinds.Mesh(np.array(jax.devices()), ("d",))
    everywhere, rows = (kinds.NamedSharding(mesh, kinds.PartitionSpec(*axes)) for axes in ((), ("d",)))

    def placed(array: Any, sharding: Any) -> Any:
        whole = np.asarray(array)
        return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])

    params = gpt.init_params(jax.random.key(0), LAYERS, WIDTH, SEQ)
    params, moments = (jax.tree.map(lambda a: placed(a, everywhere), tree) for tree in (params, optimizer.init(params)))
    drawn = np.random.default_rng(0).integers(0, VOCABULARY, (BATCH, SEQ + 1), dtype=np.int32)
    laid = everywhere, everywhere, rows, rows
    run = jax.jit(step, donate_argnums=(0, 1), in_shardings=laid, out_shardings=(everywhere,) * 3)
    seconds: list[float] = []
    for _ in range(steps):
        began = time.perf_counter()
        batch = placed(drawn[:, :-1], rows), placed(drawn[:, 1:], rows)
        params, moments, loss = run(params, moments, *batch)
        float(loss.addressable_data(0))
        jax.block_until_ready(params)
        seconds.append(time.perf_counter() - began)
    return seconds


def sums_seconds(jax: Any, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round of each way, the ways in turn; one round before is not counted."""
    import numpy as np

    import gpt  # type: ignore[import-not-found]

    tree = jax.eval_shape(lambda: gpt.init_params(jax.random.key(0), LAYERS, WIDTH, SEQ))
    shapes = [leaf.shape for leaf in jax.tree.leaves(tree)]
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("d",))
    rows = jax.sharding.PartitionSpec("d")
    laid = jax.sharding.NamedSharding(mesh, rows)
    ranks = jax.device_count()
    given = [
        jax.make_array_from_callback((ranks, *shape), laid, lambda _, shape=shape: np.ones((1, *shape), np.float32))
        for shape in shapes
    ]

    def each(*gradients: Any) -> list[Any]:
        return [jax.lax.psum(gradient, "d") for gradient in gradients]

    def flat(*gradients: Any) -> list[Any]:
        total = jax.lax.psum(jax.numpy.concatenate([gradient.reshape(-1) for gradient in gradients]), "d")
        ends = np.cumsum([0, *(gradient.size for gradient in gradients)])
        return [total[a:b].reshape(g.shape) for g, a, b in zip(gradients, ends, ends[1:], strict=False)]

    def compiled(function: Callable[..., list[Any]], options: dict[str, str]) -> Any:
        local = jax.shard_map(function, mesh=mesh, in_specs=rows, out_specs=rows, check_vma=False)
        return jax.jit(local).lower(*given).compile(compiler_options=options)

    ways = {"one by one": compiled(each, APART), "one op": compiled(each, {}), "one buffer": compiled(flat, APART)}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, run in ways.items():
            began = time.perf_counter()
            jax.block_until_ready(run(*given))
            if turn:
                found[name].append(time.perf_counter() - began)
    return found


def main() -> None:
    """One rank."""
    what, port, count = sys.argv[1:]
    jax = start(port)
    said = step_seconds(jax, int(count)) if what == "step" else sums_seconds(jax, int(count))
    if jax.process_index() == 0:
        print(json.dumps(said), flush=True)
    jax.distributed.shutdown()


if __name__ == "__main__":
    main()

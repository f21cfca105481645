"""Write a JAX training step as a StableHLO module, with the arguments to run it on.

    export_step(step, (params, opt_state, tokens), donate=(0, 1), path="out/gpt", batched=(2,))

writes `out/gpt.mlirbc` (a StableHLO portable artifact) and `out/gpt_inputs.npz`. Nothing in it is particular to
Meshwright: the same module runs on any StableHLO compiler.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.export
import numpy as np


def command_line(description: str | None) -> argparse.Namespace:
    """The options that every example has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--steps", type=int, default=3, help="how many batches to write")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def plain(leaf: Any) -> np.ndarray:
    """A leaf of an argument as the array that the module's `@main` takes; typed PRNG keys become their key data."""
    if isinstance(leaf, jax.Array) and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    # jnp.asarray, not np.asarray: a Python float is a float32 argument.
    return np.asarray(jax.numpy.asarray(leaf))


def first_batch(args: Sequence[Any], batched: Sequence[int]) -> tuple[Any, ...]:
    """The arguments of the first step: those at the positions `batched` lose their leading steps dimension."""
    return tuple(jax.tree.map(lambda a: a[0], arg) if i in batched else arg for i, arg in enumerate(args))


def export_step(
    step: Callable[..., Any],
    args: Sequence[Any],
    donate: Sequence[int],
    path: str | Path,
    batched: Sequence[int] = (),
) -> jax.export.Exported:
    """Jit `step`, export it for `args`, and write `<path>.mlirbc` and `<path>_inputs.npz`.

    args: the step's arguments (pytrees); flattened left to right they are the arguments of `@main`.
    donate: positions in `args` of the state (parameters, optimizer state): what the step returns a new value of.
    batched: positions in `args` whose leaves have a leading dimension, steps; the module takes one slice of them.

    The npz has one array per argument of `@main`, under the key "0", "1", …; batched ones keep the leading steps
    dimension. numpy has no bfloat16: such an array is stored as raw 2-byte items and is read back with dtype `V2`;
    the type of the argument in the module says what it is.
    """
    # keep_unused: else an argument that the step does not read vanishes from @main and the indices shift.
    jitted = jax.jit(step, donate_argnums=tuple(donate), keep_unused=True)
    # Locations in the module name source files; without this, by their path on this machine.
    jax.config.update("jax_hlo_source_file_canonicalization_regex", rf"{Path(__file__).parent}/|.*/(?=site-packages/)")
    exported = jax.export.export(jitted)(*first_batch(args, batched))

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".mlirbc").write_bytes(exported.mlir_module_serialized)
    arrays: dict[str, Any] = {str(i): plain(leaf) for i, leaf in enumerate(jax.tree.leaves(tuple(args)))}
    np.savez_compressed(path.with_name(path.name + "_inputs.npz"), **arrays)
    print(f"{path}.mlirbc: {len(arrays)} arguments, {len(exported.out_avals)} results")
    return exported

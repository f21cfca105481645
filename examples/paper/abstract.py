"""Export a training step of any size: only shapes are made, never arrays, so that 70 billion parameters need no memory.

A model is a function that gives the shapes of its parameters and one that gives its loss; `main_of` makes the step, the
command line and the file of it. The state is donated: parameters, optimizer state and the step counter come back new.
"""

import argparse
import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.export
import jax.numpy as jnp
import optax

Tree = Any
Shape = jax.ShapeDtypeStruct


def f32(*shape: int) -> Shape:
    """Parameters are kept in float32 (master weights); the model casts them where it computes."""
    return Shape(shape, jnp.float32)


def num_elements(tree: Tree) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def export_abstract(
    loss_of: Callable[..., jax.Array],
    optimizer: optax.GradientTransformation,
    params: Tree,
    batch: tuple[Shape, ...],
    path: Path,
) -> None:
    """Write the step `(params, opt_state, *batch) -> (params, opt_state, loss)` as a StableHLO portable artifact.

    loss_of: (params, *batch) -> scalar. params, batch: trees of shapes and dtypes.
    """

    def step(params: Tree, opt_state: Tree, *batch: jax.Array) -> tuple[Tree, Tree, jax.Array]:
        loss, grads = jax.value_and_grad(loss_of)(params, *batch)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    # Locations in the module name source files; without this, by their path on this machine.
    jax.config.update("jax_hlo_source_file_canonicalization_regex", rf"{Path(__file__).parent}/|.*/(?=site-packages/)")
    opt_state = jax.eval_shape(optimizer.init, params)
    jitted = jax.jit(step, donate_argnums=(0, 1), keep_unused=True)
    exported = jax.export.export(jitted)(params, opt_state, *batch)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(exported.mlir_module_serialized)


def main_of(
    name: str,
    description: str | None,
    sizes: Mapping[str, Any],
    model_of: Callable[[Any], tuple[Callable[..., jax.Array], Tree, tuple[Shape, ...]]],
    optimizer: optax.GradientTransformation,
) -> None:
    """The command line of a model: `--size` picks one of `sizes` (frozen dataclasses), each field is an option that overrides it.

    model_of: a configuration -> (loss, shapes of the parameters, shapes of the batch).
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--name", help=f"the file's name without .mlirbc (default: {name}_SIZE)")
    parser.add_argument("--size", choices=list(sizes), default=next(iter(sizes)))
    fields = dataclasses.fields(next(iter(sizes.values())))
    for field in fields:
        parser.add_argument(f"--{field.name}", type=type(field.default))
    args = parser.parse_args()

    said = {field.name: getattr(args, field.name) for field in fields if getattr(args, field.name) is not None}
    config = dataclasses.replace(sizes[args.size], **said)
    loss_of, params, batch = model_of(config)
    path = args.out / f"{args.name or f'{name}_{args.size}'}.mlirbc"
    began = time.perf_counter()
    export_abstract(loss_of, optimizer, params, batch, path)
    seconds = time.perf_counter() - began
    print(
        f"{path}: {num_elements(params) / 1e9:.3g} billion parameters, {path.stat().st_size / 2**20:.1f} MiB, {seconds:.1f} s"
    )

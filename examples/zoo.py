"""Export the zoo: small training steps that do something odd, with the results that one device computes.

    python examples/zoo.py --out DIR [--only NAME …]

writes for each program NAME

    NAME.mlirbc         the step, a StableHLO portable artifact
    NAME_inputs.npz     its arguments under "0", "1", …; batch arguments have a leading steps dimension
    NAME_expected.npz   its results after the last step under "0", "1", …, and "losses", one per step
    NAME.json           the contract: state as [argument, result] pairs, batch arguments, loss, donated arguments,
                        all as indices into the arguments and results of `@main`
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from export import export_step, first_batch, plain
from programs import (
    attention,
    control_flow,
    convolutions,
    generative,
    layers,
    numerics,
    objectives,
    optimizers,
    rows,
    stacks,
    state,
)
from programs.program import STEPS, Program

FAMILIES = (
    optimizers,
    control_flow,
    state,
    layers,
    attention,
    convolutions,
    objectives,
    generative,
    numerics,
    rows,
    stacks,
)
PROGRAMS = {build.__name__: build for family in FAMILIES for build in family.PROGRAMS}


def spans(trees: tuple[Any, ...]) -> list[range]:
    """For each tree the indices of its leaves when all are flattened together."""
    ends = np.cumsum([len(jax.tree.leaves(tree)) for tree in trees]).tolist()
    return [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def run(program: Program) -> tuple[tuple[Any, ...], list[float]]:
    """The results of the last step, and the loss of each, on one device."""
    jitted = jax.jit(program.step)
    args = list(program.args)
    results: tuple[Any, ...] = ()
    losses = []
    for i in range(STEPS):
        for position in program.batch:
            args[position] = jax.tree.map(lambda leaf, i=i: leaf[i], program.args[position])
        results = jitted(*args)
        for arg, result in program.state:
            args[arg] = results[result]
        if program.loss is not None:
            losses.append(float(results[program.loss]))
    return results, losses


def write(name: str, directory: Path) -> None:
    build = PROGRAMS[name]
    program = build()
    exported = export_step(program.step, program.args, program.donated, directory / name, program.batch)
    results, losses = run(program)
    arrays: dict[str, Any] = {str(i): plain(leaf) for i, leaf in enumerate(jax.tree.leaves(results))}
    args, outs = spans(first_batch(program.args, program.batch)), spans(results)
    contract = {
        "name": name,
        "doc": " ".join((build.__doc__ or "").split()),
        "num_args": len(exported.in_avals),
        "num_results": len(exported.out_avals),
        "state": [pair for arg, out in program.state for pair in zip(args[arg], outs[out], strict=True)],
        "batch": [i for position in program.batch for i in args[position]],
        "donated": [i for position in program.donated for i in args[position]],
        "loss": None if program.loss is None else outs[program.loss].start,
        "losses": losses,
        "coupled": program.coupled,
    }
    np.savez_compressed(directory / f"{name}_expected.npz", losses=losses, **arrays)
    lines = ",\n".join(f'  "{key}": {json.dumps(value)}' for key, value in contract.items())
    (directory / f"{name}.json").write_text(f"{{\n{lines}\n}}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=sorted(PROGRAMS), default=list(PROGRAMS), metavar="NAME")
    args = parser.parse_args()
    for name in args.only:
        write(name, args.out)


if __name__ == "__main__":
    main()

"""``--verify``: the user's whole program on one device, step by step, from the same inputs."""

from __future__ import annotations

import numpy as np

from compiler.plan import Plan
from runtime.compare import Difference, Outcome, bound_of, differences, perturbed
from runtime.dtypes import numpy_dtype
from runtime.inputs import Inputs
from runtime.results import as_scalar
from runtime.transport.mpi import Array
from runtime.xla import World


def verify(plan: Plan, program: bytes, inputs: Inputs, run: Outcome) -> tuple[list[Difference], float]:
    """Every difference between ``run`` and the program on one device, worst first, and the bound that they are held to.

    Where one is past the bound, the reference runs again with one-ulp noise on the state that it starts from: an update
    whose true value is zero is all rounding noise, and Adam makes it as large as any other.
    """
    world = World.alone()
    executable = world.load(world.compile(program))
    first = {argument.index: inputs.whole(argument.index, 0) for argument in plan.arguments}
    reference = _run(plan, world, executable, inputs, first, len(run.scalars))
    errors = differences(plan, first, run, reference)
    bound = bound_of(program.decode(errors="replace"))
    noise: dict[str, float] = {}
    if any(error > bound for error in errors.values()):
        random = np.random.default_rng(0)
        state = {r.state_arg for r in plan.results if r.state_arg is not None}
        noisy = {i: perturbed(array, random) if i in state else array for i, array in first.items()}
        again = _run(plan, world, executable, inputs, noisy, len(run.scalars))
        noise = differences(plan, noisy, again, _moved(plan, reference, first, noisy))
    found = [Difference(name, error, noise.get(name)) for name, error in errors.items()]
    return sorted(found, key=lambda d: (d.accepted(bound), -d.error)), bound


def _moved(plan: Plan, reference: Outcome, first: dict[int, Array], noisy: dict[int, Array]) -> Outcome:
    """The reference with its state shifted by the noise, so that the two updates are compared, not the two states."""
    results = dict(reference.results)
    for result in plan.results:
        if result.state_arg is not None and results[result.index].dtype.kind in "fcV":
            wide = np.complex128 if results[result.index].dtype.kind == "c" else np.float64
            shift = noisy[result.state_arg].astype(wide) - first[result.state_arg].astype(wide)
            results[result.index] = results[result.index].astype(wide) + shift
    return Outcome(results, reference.scalars)


def _run(plan: Plan, world: World, executable: object, inputs: Inputs, first: dict[int, Array], steps: int) -> Outcome:
    scalar_results = [r for r in plan.results if r.role in ("loss", "metric") and not r.shape]
    arguments = dict(first)
    handlers = [world.handler(result.shape, numpy_dtype(result.dtype)) for result in plan.results]
    outcome = Outcome({}, [])
    for step in range(steps):
        for argument in plan.arguments:
            if step and inputs.changes(argument.index):
                arguments[argument.index] = inputs.whole(argument.index, step)
        buffers = [world.put(arguments[argument.index]) for argument in plan.arguments]
        results = [np.array(world.get(buffer)) for buffer in world.run(executable, buffers, handlers)]
        outcome.results.update(enumerate(results))
        outcome.scalars.append({r.index: as_scalar(results[r.index], r.dtype) for r in scalar_results})
        for result in plan.results:
            if result.state_arg is not None:
                arguments[result.state_arg] = results[result.index]
    return outcome

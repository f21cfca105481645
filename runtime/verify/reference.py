"""``--verify``: each step of the run against the user's whole program on one device, from the same state.

Every step starts the program from the state that the *run* had, so that each step is judged by itself: two evaluation orders of a
training run drift apart by chaos alone (a GPT to 1e-2 in 30 steps), and a comparison at the end could not tell that from an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from compiler.plan.records import Plan
from runtime.data.inputs import Inputs
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.xla import World
from runtime.transport.base import Array
from runtime.verify.compare import Difference, bound_of, differences, perturbed, rounding_of


class Reference:
    """The program on one device, on rank 0. ``step`` after each step of the run; ``found`` is the worst of each difference."""

    def __init__(self, plan: Plan, program: bytes, state: Mapping[int, int], inputs: Inputs) -> None:
        """``state``: argument -> the result that is its next value, as ``program`` says: a plan cannot vouch for itself."""
        os.environ["NPROC"] = str(os.cpu_count() or 1)  # while it computes the other ranks wait
        self._plan, self._inputs, self._state_of = (
            plan,
            inputs,
            {result: argument for argument, result in state.items()},
        )
        self._world = World.alone()
        self._executable = self._world.load(self._world.compile(program))
        self._handlers = [self._world.handler(result.shape, numpy_dtype(result.dtype)) for result in plan.results]
        self._state = {argument.index: inputs.whole(argument.index, 0) for argument in plan.arguments}
        self._random = np.random.default_rng(0)
        self._worst: dict[str, Difference] = {}
        text = program.decode(errors="replace")
        self.bound, self._rounding = bound_of(text), rounding_of(text)

    @property
    def found(self) -> list[Difference]:
        """The worst difference of each update and result over the steps; those that are not accepted first."""
        return sorted(self._worst.values(), key=lambda d: (d.accepted(self.bound), -d.error))

    def step(self, step: int, results: dict[int, Array]) -> None:
        """Compare ``results``, those of the run's step ``step`` (from 0), with the program's from the state before it.

        Where one is past the bound, the program runs again with one-ulp noise on its float arguments (an ulp of the 16-bit
        floats that it computes in, if any): an update whose true value is
        zero is all rounding noise, and Adam makes it as large as any other.
        """
        before = self._state
        for argument in self._plan.arguments:
            if step and self._inputs.changes(argument.index):
                before[argument.index] = self._inputs.whole(argument.index, step)
        want = self._run(before)
        errors = differences(self._plan, self._state_of, before, results, before, want)
        noise: dict[str, float] = {}
        if any(error > self.bound for error in errors.values()):
            noisy = {index: perturbed(array, self._random, self._rounding) for index, array in before.items()}
            noise = differences(self._plan, self._state_of, noisy, self._run(noisy), before, want)
        for label, error in errors.items():
            found = Difference(f"{label}, step {step + 1}", error, noise.get(label))
            known = self._worst.get(label)
            rank = (not found.accepted(self.bound), found.error)
            if known is None or rank > (not known.accepted(self.bound), known.error):
                self._worst[label] = found
        after = {argument: results[result] for result, argument in self._state_of.items()}
        self._state = {index: after.get(index, array) for index, array in before.items()}

    def _run(self, arguments: dict[int, Array]) -> dict[int, Array]:
        buffers = [self._world.put(arguments[argument.index]) for argument in self._plan.arguments]
        results = self._world.run(self._executable, buffers, self._handlers)
        return {index: np.array(self._world.get(buffer)) for index, buffer in enumerate(results)}

"""``--verify``: each step of the run against the user's whole program on one device, from the same state.

Every step starts the program from the state that the *run* had, so that each step is judged by itself: two evaluation orders of a
training run drift apart by chaos alone (a GPT to 1e-2 in 30 steps), and a comparison at the end could not tell that from an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from compiler.plan.parts import as_asked
from compiler.plan.records import Plan
from dialects.errors import Failure
from runtime.data.inputs import Inputs
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.xla import World
from runtime.transport.base import Array
from runtime.verify.compare import (
    Apart,
    Difference,
    bound_of,
    difference,
    differences,
    nothing_shown,
    perturbed,
    rounding_of,
)


class Reference:
    """The program on one device, on rank 0. ``step`` after each step of the run; ``found`` is the worst of each difference."""

    def __init__(self, plan: Plan, program: bytes, state: Mapping[int, int], inputs: Inputs) -> None:
        """``state``: argument -> the result that is its next value, as ``program`` says: a plan cannot vouch for itself."""
        os.environ["NPROC"] = str(os.cpu_count() or 1)  # while it computes the other ranks wait
        plan = as_asked(plan)
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
        self._hidden: dict[str, tuple[str, Apart]] = {}
        self.steps = 0
        self.unverified: list[tuple[int, str]] = []  # steps (from 0) of which nothing could be shown, and why
        text = program.decode(errors="replace")
        self.bound, self._rounding = bound_of(text), rounding_of(text)

    @property
    def hidden(self) -> list[tuple[str, Apart]]:
        """Of each value with places that could not be compared the step with the most of them."""
        return list(self._hidden.values())

    @property
    def found(self) -> list[Difference]:
        """The worst difference of each update and result that could be compared; those not accepted first."""
        return sorted(self._worst.values(), key=lambda d: (d.accepted(self.bound), -d.error))

    def raise_if_wrong(self) -> None:
        """Raise Failure for a value that the program does not give."""
        wrong = [difference for difference in self.found if not difference.accepted(self.bound)]
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise Failure(wrong[0].complaint(self.bound), where=f"verification, {wrong[0].name}{more}")

    def raise_if_nothing(self) -> None:
        """Raise Failure for a step that shows nothing: equal NaN is no proof of equal programs."""
        if self.unverified:
            step, why = self.unverified[0]
            others = len(self.unverified) - 1
            more = f" and {others} more" if others else ""
            remedy = "give --inputs on which the program has numbers"
            raise Failure(f"{why}; nothing was verified", where=f"verification, step {step + 1}{more}", remedy=remedy)

    def step(self, step: int, results: dict[int, Array]) -> None:
        """Compare ``results``, those of the run's step ``step`` (from 0), with the program's from the state before it.

        Where one is past the bound, the program runs again with one-ulp noise on its float arguments (an ulp of the 16-bit
        floats that it computes in, if any): an update whose true value is
        zero is all rounding noise, and Adam makes it as large as any other.
        """
        self.steps, before = step + 1, self._state
        for argument in self._plan.arguments:
            if step and self._inputs.changes(argument.index):
                before[argument.index] = self._inputs.whole(argument.index, step)
        want = self._run(before)
        found = differences(self._plan, self._state_of, before, results, before, want)
        noise: dict[str, Apart] = {}
        if any(between.relative > self.bound for between in found.values()):
            noisy = {index: perturbed(array, self._random, self._rounding) for index, array in before.items()}
            noise = differences(self._plan, self._state_of, noisy, self._run(noisy), before, want)
        for label, between in found.items():
            self._note(label, step, between, noise.get(label))
        if why := nothing_shown(self._plan, found):
            self.unverified.append((step, why))
        after = {argument: results[result] for result, argument in self._state_of.items()}
        self._state = {index: after.get(index, array) for index, array in before.items()}

    def _note(self, label: str, step: int, between: Apart, noise: Apart | None) -> None:
        name = f"{label}, step {step + 1}"
        if between.hidden and (label not in self._hidden or between.finite < self._hidden[label][1].finite):
            self._hidden[label] = name, between
        if not between.compared:
            return
        here, known = difference(name, between, noise), self._worst.get(label)
        rank = (not here.accepted(self.bound), here.error)
        if known is None or rank > (not known.accepted(self.bound), known.error):
            self._worst[label] = here

    def _run(self, arguments: dict[int, Array]) -> dict[int, Array]:
        buffers = [self._world.put(arguments[argument.index]) for argument in self._plan.arguments]
        results = self._world.run(self._executable, buffers, self._handlers)
        return {index: np.array(self._world.get(buffer)) for index, buffer in enumerate(results)}

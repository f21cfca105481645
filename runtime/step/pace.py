"""The end of a step, for all ranks: nobody runs ahead by more than a step, and where NaN came up everybody hears of it.

The word that a rank is done carries how many of its results hold NaN for the first time; only where one says any do they exchange
which. With ``--on-nan warn`` that is heard a step later, so that nobody waits; with ``stop`` at once.
"""

from __future__ import annotations

from collections.abc import Callable

from runtime.step.results import Results
from runtime.transport.base import Transport


class Pace:
    """``heard(step, results)`` is called on every rank, once for each step (from 0) in which results went NaN."""

    def __init__(
        self, transport: Transport, results: Results, heard: Callable[[int, list[int]], None], *, at_once: bool
    ) -> None:
        self._transport, self._results, self._heard, self._at_once = transport, results, heard, at_once
        self._said: set[int] = set()
        self._last: tuple[int, list[int], Callable[[], list[int]]] | None = None

    def end_step(self, step: int) -> None:
        """After step ``step``, before its commit. Collective."""
        new = [index for index in self._results.holding_nan() if index not in self._said]
        self.finish()
        self._last = step, new, self._transport.start_codes(len(new))
        if self._at_once:
            self.finish()

    def finish(self) -> None:
        """Wait until all ranks have ended the last step that this one has. Collective."""
        if self._last is None:
            return
        step, new, all_codes = self._last
        self._last = None
        if not any(all_codes()):
            return
        texts = self._transport.gather_texts(" ".join(map(str, new)))
        found = {int(word) for text in texts for word in text.split()} - self._said
        self._said |= found
        if found:
            self._heard(step, sorted(found))

"""What rank 0 says: lines as the job goes (a progress line on a terminal), or one JSON document at its end."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

from compiler.plan.parts import whole_arguments
from compiler.plan.records import Plan
from dialects.plain import plain
from runtime.step.results import Scalar, StepReport

if TYPE_CHECKING:
    from runtime.verify.reference import Reference

_CLEAR = "\r\x1b[K"  # back to the start of the line, and empty it


class Reporter:
    """Speaks on stdout; a silent one on the other ranks."""

    def __init__(self, speaks: bool, as_json: bool) -> None:
        self._speaks, self._lines = speaks, speaks and not as_json
        self._document: dict[str, Any] | None = {} if speaks and as_json else None
        self._steps_done = 0
        self._terminal = self._lines and sys.stdout.isatty()
        self._progress = ""

    def platform(self, name: str, words: str) -> None:
        """What it runs on; ``words`` say it where it is worth a line."""
        self._note("platform", name)
        if words:
            self._say(words)

    def plan(self, plan: Plan, generated: tuple[int, ...], seed: int) -> None:
        """What runs, and what was made up."""
        devices = [len(mesh.ranks) for mesh in plan.meshes]
        self._note("plan", {
            "name": plan.name, "meshes": devices, "stages": plan.num_stages,
            "microbatches": plan.microbatches, "schedule": plan.schedule,
        })  # fmt: skip
        self._note("generated", list(generated))
        self._note("seed", seed)
        meshes = f"{len(devices)} mesh{'es' * (len(devices) != 1)} of {' + '.join(str(n) for n in devices)} devices"
        if len(devices) > 1 and len(set(devices)) == 1:
            meshes = f"{len(devices)} meshes x {devices[0]} devices"
        self._say(f"{plan.name}: {meshes}, {plan.microbatches} microbatches, {plan.schedule}")
        if generated:
            everything = len(generated) == len(whole_arguments(plan.arguments))
            shown = "all inputs" if everything else f"inputs {_ranges(generated)}"
            self._say(f"{shown} generated from seed {seed}")

    def steps(self, plan: Plan, reports: list[StepReport], total: int) -> None:
        """One line a step: the loss, the metrics, the time."""
        for report in reports:
            self._steps_done += 1
            losses = {r.index: r.name for r in plan.results if r.role == "loss" and r.index in report.scalars}
            only = next(iter(losses)) if len(losses) == 1 else None
            shown = {
                "loss" if index == only else _name(plan, index): value
                for index, value in sorted(report.scalars.items())
            }
            entry = {"step": report.step + 1, **{name: _plain(value) for name, value in shown.items()}}
            if self._document is not None:
                self._document.setdefault("steps", []).append({**entry, "seconds": round(report.seconds, 6)})
            text = "".join(f"  {name} {_short(value)}" for name, value in shown.items())
            self._say(f"step {report.step + 1}{text}  {report.seconds:.3f} s")
            done = (report.step + 1) / total
            self._advance(f"[{'=' * int(30 * done):30}] step {report.step + 1} of {total}" if done < 1 else "")

    def sent(self, plan: Plan, num_bytes: int) -> None:
        """What all devices sent to other meshes, in all steps together, beside what was predicted of a step."""
        if len(plan.meshes) > 1 and self._steps_done:
            each, predicted = num_bytes / self._steps_done, plan.prediction.transfer_bytes_per_step
            self._note("transfers", {"bytes_per_step": each, "predicted_bytes_per_step": predicted})
            self._say(f"sent {each:.0f} bytes between meshes a step, {predicted:.0f} predicted")

    def verified(self, seen: Reference, steps: int) -> None:
        """The worst difference from one device, what was accepted as rounding noise, and what could not be compared."""
        found, bound, nothing = seen.found, seen.bound, dict(seen.unverified)
        worst = max(found, key=lambda d: d.error) if found and not nothing else None
        wrong = [d for d in found if not d.accepted(bound)]
        noisy = [d for d in found if d.accepted(bound) and d.error > bound]
        self._note("verify", {
            "ok": not wrong and not nothing, "bound": bound,
            "worst": _plain(worst.error) if worst else None, "where": worst.name if worst else None,
            "past_bound": [
                {
                    "where": d.name, "error": _plain(d.error), "noise": _plain(d.noise or 0.0),
                    "accepted": d.accepted(bound),
                }
                for d in found if d.error > bound
            ],
            "not_compared": [
                {"where": name, "nan": a.nan, "finite": a.finite, "places": a.places} for name, a in seen.hidden
            ],
            "unverified": [{"step": step + 1, "why": why} for step, why in nothing.items()],
        })  # fmt: skip
        kind = "f32" if bound < 1e-2 else "16-bit floats"
        if worst:
            self._say(
                f"verified {len(found)} updates and results in each of {steps} step{'s' * (steps != 1)} against one "
                f"device: worst relative error {worst.error:.1e} ({worst.name}), bound {bound:g} ({kind})"
            )
        for name, between in seen.hidden:
            self._say(f"  {name}: {between.hidden}")
        for difference in noisy:
            self._say(
                f"  {difference.name}: {difference.error:.1e}, accepted: one-ulp noise in the arguments moves it by "
                f"{difference.noise or 0.0:.1e}"
            )

    def note(self, key: str, value: Any, line: str) -> None:
        """One more fact: ``line`` for readers, ``key: value`` for the document."""
        self._note(key, value)
        self._say(line)

    def note_one(self, key: str, entry: Any) -> None:
        """One more entry of the document's list ``key``."""
        if self._document is not None:
            self._document.setdefault(key, []).append(entry)

    def warn(self, key: str, entry: Any, line: str) -> None:
        """What nobody may miss and no error is: ``line`` on stderr, one more ``entry`` of the document's list ``key``."""
        self.note_one(key, entry)
        if self._speaks:
            print(_CLEAR if self._terminal else "", end="", flush=True)
            print(f"warning: {plain(line)}", file=sys.stderr, flush=True)
            print(self._progress, end="", flush=True)

    def clear(self) -> None:
        """Take the progress line away."""
        if self._progress:
            self._advance("")

    def close(self) -> None:
        """The last word: the document, if that is what was asked for."""
        self.clear()
        if self._document is not None:
            print(json.dumps(self._document, indent=1, allow_nan=False), flush=True)

    def _note(self, key: str, value: Any) -> None:
        if self._document is not None:
            self._document[key] = value

    def _say(self, line: str) -> None:
        if self._lines:
            shown = plain(line)
            print(f"{_CLEAR}{shown}\n{self._progress}" if self._terminal else shown + "\n", end="", flush=True)

    def _advance(self, progress: str) -> None:
        """On a terminal: the line below all others. Plain control characters: rich would wrap the lines above it."""
        if self._terminal:
            self._progress = progress
            print(f"{_CLEAR}{progress}", end="", flush=True)


def _name(plan: Plan, index: int) -> str:
    return plan.results[index].name or f"result {index}"


def _short(value: Scalar) -> str:
    return (
        f"{value:.4f}"
        if isinstance(value, float) and (abs(value) < 1e-300 or 1e-3 <= abs(value) < 1e6)
        else f"{value:.4g}"
    )


def _plain(value: Scalar) -> Any:
    """JSON has no NaN, infinity or complex numbers: those as text."""
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def _ranges(indices: tuple[int, ...]) -> str:
    """(0, 1, 2, 5) -> "0-2, 5"."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)

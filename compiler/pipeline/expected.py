"""``// expected-error @+1 {{...}}`` as in mlir-opt: what a test expects MLIR and our passes to say, and whether they did."""

import re
from dataclasses import dataclass

from dialects.diagnostics import Diagnostic
from dialects.errors import MeshwrightError

_EXPECTED = re.compile(
    r"expected-(?P<severity>error|warning|remark|note)(?P<regex>-re)?\s*"
    r"(?:@(?P<place>[+-]\d+|above|below|unknown|\d+))?\s*\{\{(?P<text>.*?)\}\}"
)
_LINE = re.compile(r":(\d+)(?::\d+)?\)?$")


@dataclass(frozen=True)
class Expectation:
    """``line``: where the message must be, None for ``@unknown``; ``text``: a part of it, or a regular expression."""

    severity: str
    line: int | None
    text: str
    regex: bool
    written: int

    def fits(self, said: Diagnostic) -> bool:
        """Whether a message is the expected one."""
        if said.severity != self.severity or (said.line or None) != self.line:
            return False
        return bool(re.search(self.text, said.message)) if self.regex else self.text in said.message


def expectations(text: str) -> tuple[Expectation, ...]:
    """All expectations of a test, whose first line is line 1."""
    found: list[Expectation] = []
    last = 0
    for number, line in enumerate(text.splitlines(), start=1):
        matches = list(_EXPECTED.finditer(line))
        for match in matches:
            target = _target(match["place"] or "+0", number, last)
            found.append(Expectation(match["severity"], target, match["text"], bool(match["regex"]), number))
        if not matches and line.strip():
            last = number
    return tuple(found)


def _target(place: str, number: int, last_code: int) -> int | None:
    if place == "unknown":
        return None
    if place == "above":
        return last_code
    if place == "below":
        return number + 1
    return number + int(place) if place[0] in "+-" else int(place)


def as_diagnostic(error: MeshwrightError, shown: str) -> Diagnostic:
    """An error of our own as MLIR would have said it; its line is that of ``where``, if that is in file ``shown``."""
    place = error.where
    line = _LINE.search(place)
    known = line is not None and f"{shown}:{line[1]}" in place
    message = f"{error.message}; {error.remedy}" if error.remedy else error.message
    return Diagnostic("error", message, place, int(line[1]) if known and line else 0)


def mismatches(expected: tuple[Expectation, ...], said: list[Diagnostic], shown: str) -> list[str]:
    """One line of text for each message that was not expected and each expectation that was not met."""
    left = list(expected)
    problems: list[str] = []
    for item in said:
        match = next((candidate for candidate in left if candidate.fits(item)), None)
        if match is not None:
            left.remove(match)
        elif item.severity != "note":
            problems.append(f"{shown}:{item.line or '?'}: unexpected {item.severity}: {item.message}")
    problems += [f'{shown}:{item.written}: expected {item.severity} "{item.text}" was not produced' for item in left]
    return problems

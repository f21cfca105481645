"""Holes through which a lit test could pass without testing: misspelt directives, files without checks, silent options.

filecheck 1.0.6 (the PyPI port) ignores what it does not know: a misspelt ``CHECK-NXT:`` is a comment to it, and so is
``--enable-var-scope``; numeric expressions ``[[#N+1]]`` do not exist there.
"""

import re
from pathlib import Path

import pytest

LIT = Path(__file__).parents[2] / "lit"
FILES = sorted(path for path in LIT.rglob("*.mlir") if "Inputs" not in path.parts)

_SUFFIXES = ("", "-NEXT", "-SAME", "-NOT", "-DAG", "-LABEL", "-EMPTY", "-COUNT-[0-9]+")
_PREFIX_OPTION = re.compile(r"--check-prefix(?:es)?[= ]([A-Za-z0-9_,-]+)")


def prefixes(text: str) -> set[str]:
    """The check prefixes that the RUN lines ask for."""
    runs = [line for line in text.splitlines() if "RUN:" in line]
    named = {name for line in runs for match in _PREFIX_OPTION.finditer(line) for name in match[1].split(",")}
    plain = any("FileCheck" in line and "--check-prefix" not in line for line in runs)
    return named | ({"CHECK"} if plain else set())


def problems_of(text: str) -> list[str]:
    """What is wrong with the text of one lit file, one sentence each."""
    lines = text.splitlines()
    runs = [line for line in lines if re.match(r"^\s*//\s*RUN:", line)]
    found: list[str] = []
    if not runs:
        found.append("no RUN line")
    for line in runs:
        if not re.search(r"\||--verify-diagnostics|\bnot\b|diff|%run", line) and not line.rstrip().endswith("\\"):
            found.append(f"a RUN line that checks nothing: {line.strip()}")
        for option in ("--enable-var-scope", "--implicit-check-not"):
            if option in line:
                found.append(f"{option} is ignored by filecheck")
    wanted = prefixes(text)
    for name in wanted:
        if not re.search(rf"//\s*{re.escape(name)}(-[A-Z]+(-[0-9]+)?)?:", text):
            found.append(f"no directive {name}: in the file")
    known = (
        re.compile("(" + "|".join(re.escape(name) for name in sorted(wanted)) + ")(" + "|".join(_SUFFIXES) + ")")
        if wanted
        else None
    )
    for number, line in enumerate(lines, start=1):
        found += [f"line {number}: {problem}" for problem in _line_problems(line, wanted, known)]
    if "expected-" in text and "--verify-diagnostics" not in text:
        found.append("expected- annotations without --verify-diagnostics")
    if any("--verify-diagnostics" in line for line in runs) and not re.search(
        r"expected-(error|warning|remark|note)", text
    ):
        found.append("--verify-diagnostics without an expected- annotation")
    if "// -----" in text and not any("--split-input-file" in line for line in runs):
        found.append("'// -----' without --split-input-file")
    return found


def _line_problems(line: str, wanted: set[str], known: re.Pattern[str] | None) -> list[str]:
    comment = re.match(r"^\s*//\s?(\s*)(.*)$", line)
    if comment is None:
        return []
    body = comment[2]
    head = re.match(r"([A-Za-z][A-Za-z0-9_]*(?:[-_ ][A-Za-z0-9]+)*)\s*:", body)
    problems: list[str] = []
    if head is not None and head[1] != "RUN":
        name = head[1]
        belongs = any(name.upper().startswith(prefix) for prefix in wanted) or name.upper().startswith(
            ("CHECK", "CHEC", "CEHCK", "CHCEK")
        )
        if belongs and (known is None or not known.fullmatch(name) or not body.startswith(f"{name}:")):
            problems.append(f"'{name}:' is no directive of this file")
    elif head is None and known is not None:
        word = re.match(r"(CHECK[A-Z0-9_-]*)\b(?!:)", body)
        if word is not None and not body.startswith("CHECK lines"):
            problems.append(f"'{word[1]}' without a colon")
    if head is not None and head[1].endswith("-LABEL") and "[[" in body:
        problems.append("a variable in a LABEL directive")
    if "[[#" in body:
        problems.append("[[# …]] does not exist in filecheck")
    if (
        "expected" in body
        and re.search(r"expec?ted?[-_ ]?(errors?|warnings?|remarks?|notes?)\b", body)
        and "{{" in body
    ):
        if not re.match(
            r"expected-(error|warning|remark|note)(-re)?\s*(@(\+\d+|-\d+|above|below|unknown|\d+))?\s*\{\{.*\}\}", body
        ):
            problems.append("an annotation that is not read: write expected-error @+1 {{text}}")
    return problems


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIT)))
def test_file_has_no_holes(path: Path) -> None:
    assert problems_of(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("// CHECK: x", "no RUN line"),
        ("// RUN: %opt %s", "checks nothing"),
        ("// RUN: %opt %s | FileCheck %s", "no directive CHECK:"),
        ("// RUN: %opt %s | FileCheck %s --enable-var-scope\n// CHECK: x", "--enable-var-scope is ignored"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: x\n// CHECK-NXT: y", "'CHECK-NXT:' is no directive"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: x\n// CHECK-NEXT : y", "'CHECK-NEXT:' is no directive"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: x\n// CHECK-NEXT y", "'CHECK-NEXT' without a colon"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: x\n// CHECK_NEXT: y", "'CHECK_NEXT:' is no directive"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: x\n// Check-next: y", "'Check-next:' is no directive"),
        ("// RUN: %opt %s | FileCheck %s --check-prefix=A\n// A: x\n// A-NEX: y", "'A-NEX:' is no directive"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK-LABEL: func @f([[X:%.*]])", "a variable in a LABEL"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: [[#N+1]]", "does not exist in filecheck"),
        ("// RUN: %opt %s --verify-diagnostics", "without an expected- annotation"),
        (
            "// RUN: %opt %s --verify-diagnostics\n// expected-errors {{x}}\n// expected-error {{y}}",
            "an annotation that is not read",
        ),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: x\n// expected-error {{y}}", "without --verify-diagnostics"),
        ("// RUN: %opt %s | FileCheck %s\n// CHECK: x\n// -----", "without --split-input-file"),
    ],
)
def test_hole_is_seen(text: str, problem: str) -> None:
    assert any(problem in item for item in problems_of(text)), problems_of(text)

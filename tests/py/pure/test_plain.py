"""What is printed cannot steer a terminal, whatever a name holds; JSON stays JSON and means the same."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from compiler.calibrate.text import _text
from compiler.cli.errors import exit_code, say_error
from compiler.cli.output import print_json, print_tables, say
from compiler.explain.tables import table
from dialects.errors import UserError
from dialects.plain import plain, plain_json, plain_lines
from runtime.report import Reporter

ROOT = Path(__file__).parents[3]
HOSTILE = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b2J",
    "back\b\b\bspace",
    "over\rwritten",
    "two\nerror: lines",
    "tab\tbed",
    "\x00",
    "\x7f",
    "\u202eright to left",
    "\u2066isolated\u2069",
    "\u200bnothing",
    "\ufeffmark",
    "line\u2028break",
    "\udc9b2J",
    "\ud800",
    "\U000e0041tag",
    "[bold]markup[/bold]",
    "[/closes nothing]",
    ":boom:",
]


def shapeless(text: str) -> str:
    return "".join(letter for letter in text if not letter.isprintable())


@given(st.text(st.characters(exclude_categories=())))
def test_plain(text: str) -> None:
    shown = plain(text)
    assert shapeless(shown) == ""
    assert len(shown) == len(text)
    assert plain(shown) == shown
    assert all(a == b for a, b in zip(text, shown, strict=True) if a.isprintable())
    assert plain_lines(text).count("\n") == text.count("\n")


@given(st.dictionaries(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=()))))
def test_json_means_the_same(document: dict[str, str]) -> None:
    text = plain_json(json.dumps(document, indent=1, ensure_ascii=False))
    assert shapeless(text.replace("\n", "")) == ""
    whole = json.loads(json.dumps(document))  # pairs of surrogates are one character then
    assert json.loads(text) == whole


@pytest.mark.parametrize("name", HOSTILE)
def test_all_that_commands_print(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    lined = Table(title=f"of {name}")
    lined.add_column(name)
    lined.add_row(name)
    say(f"remark: {name}")
    say_error(f"argument 0 ({name}): got 3")
    print_tables([Text(f"plan {name}"), table(f"of {name}", ("a", name), [("x", name)]), lined, name])
    out, err = capsys.readouterr()
    assert shapeless(out.replace("\n", "")) == ""
    assert shapeless(err.replace("\n", "")) == ""
    assert err.count("\n") == 1
    if name.startswith(("[", ":")):
        assert out.count(name) == 9  # no markup, no emoji
    print_json({name: [name]})
    out = capsys.readouterr().out
    assert json.loads(out) == {name: [name]}
    assert shapeless(out.replace("\n", "")) == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_errors(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def command(*_: Any, **__: Any) -> None:
        raise UserError(f"got '{name}'", where=name, remedy=name)

    assert exit_code(command, "x", []) == 2
    err = capsys.readouterr().err
    assert err.endswith("\n")
    assert shapeless(err[:-1]) == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_the_runtime(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(speaks=True, as_json=False)
    reporter.note("outputs", name, f"wrote {name}")
    reporter.warn("warnings", name, f"argument 0 ({name}): NaN")
    out, err = capsys.readouterr()
    assert (shapeless(out[:-1]), shapeless(err[:-1])) == ("", "")
    reporter = Reporter(speaks=True, as_json=True)
    reporter.note("outputs", name, "")
    reporter.close()
    assert json.loads(capsys.readouterr().out) == {"outputs": name}


@pytest.mark.parametrize("name", [*HOSTILE, 'quo"ted', "back\\slash"])
def test_names_in_machine_files(name: str) -> None:
    assert tomllib.loads(f"name = {_text(name)}") == {"name": plain(name)}


def test_a_path_of_no_encoding() -> None:
    """What the command line cannot decode arrives as lone surrogates, which stdout and stderr cannot write."""
    words = [sys.executable, "-m", "compiler", "inspect", os.fsencode("\udcff\x1b[2J.mlir")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"error: ??[2J.mlir: no such file\n"


# Who writes on stdout or stderr: all of them through ``plain``, or what holds no names.
PRINTERS = {
    "compiler/__main__.py",  # the version
    "compiler/cli/errors.py",
    "compiler/cli/output.py",
    "compiler/frontends/canary.py",  # to its parent
    "compiler/opt.py",  # MLIR, which escapes by itself
    "compiler/pipeline/run.py",
    "dialects/interrupts.py",  # two words
    "runtime/launch.py",  # the name of a missing library
    "runtime/measure/calibrate.py",  # JSON, to its parent
    "runtime/process/failure.py",
    "runtime/process/listening.py",
    "runtime/report.py",
    "runtime/start.py",
}


def test_nobody_else_prints() -> None:
    found: set[str] = set()
    for path in (
        path
        for package in ("dialects", "passes", "compiler", "runtime", "meshwright")
        for path in (ROOT / package).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            text = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if text in ("print", "click.echo", "Console", "sys.stdout.write", "sys.stderr.write", "json.dump"):
                found.add(path.relative_to(ROOT).as_posix())
    assert found == PRINTERS

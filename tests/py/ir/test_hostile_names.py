"""A module whose names hold escape sequences, from its file to every screen: none of them arrives there, and JSON stays JSON."""

import json
from pathlib import Path

import pytest

from compiler.__main__ import main
from compiler.cli.errors import exit_code
from compiler.opt import main as opt
from compiler.plan.files import load_plan

MODULE = str(Path(__file__).parents[2] / "modules/hostile_names.mlir")


def shapeless(text: str) -> set[str]:
    return {letter for letter in text if letter != "\n" and not letter.isprintable()}


def compiler(*words: str) -> int:
    return exit_code(main, "python -m compiler", list(words))


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("plans") / "p\x1b[31mlan")
    assert compiler("plan", MODULE, "-o", folder, "--devices-per-host", "2") == 0
    return folder


def test_the_plan_can_be_loaded_and_replaced(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert [argument.name for argument in load_plan(plan).arguments] == ["par?[2J\u202eam?s", "x?2J"]
    assert compiler("plan", MODULE, "-o", plan, "--devices-per-host", "2") == 0
    out, err = capsys.readouterr()
    assert "wrote " in out
    assert (shapeless(out), err) == (set(), "")


@pytest.mark.parametrize("words", [(), ("--why", "mul"), ("--diff",)])
@pytest.mark.parametrize("as_json", [False, True])
def test_explain(plan: str, words: tuple[str, ...], as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    more = [*words, plan] if words == ("--diff",) else [*words]
    assert compiler("explain", plan, *more, *["--json"] * as_json) == 0
    out, err = capsys.readouterr()
    assert (shapeless(out), err) == (set(), "")
    if as_json:
        json.loads(out)


@pytest.mark.parametrize("command", ["inspect", "solve"])
@pytest.mark.parametrize("as_json", [False, True])
def test_inspect_and_solve(command: str, as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler(command, MODULE, *["--json"] * as_json) == 0
    out, err = capsys.readouterr()
    assert (shapeless(out), err) == (set(), "")
    if as_json:
        name = json.loads(out)["name"]
        assert name == "m\x1b[31m"


@pytest.mark.parametrize(
    "words", [("--microbatches", "3"), ("--loss", "0"), ("--state-args", "0:1"), ("--annotate", "\x1b[2J=[{}]")]
)
def test_errors(words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("plan", MODULE, "-o", str(tmp_path / "plan"), *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert shapeless(err) == set()


def test_opt(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(opt, "python -m compiler.opt", ["-p", "normalize", "--print-locations", MODULE]) == 0
    assert shapeless(capsys.readouterr().out) == set()

"""The launcher's command line: the planner's options are there for a module, and nothing of the planner is loaded for a plan."""

import subprocess
import sys

import pytest
from conftest import ROOT

from compiler.cli.options import PLANNER_OPTIONS, flag
from runtime.command import read_words

READ = "import sys; from runtime.command import read_words; read_words({words!r}); print(*sys.modules)"


def rooms(*words: str) -> set[str]:
    """Which parts of the compiler reading ``words`` loads: cli, plan …"""
    code = READ.format(words=list(words))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[1] for name in done.stdout.split() if name.startswith("compiler.")}


def test_a_plan_loads_nothing_of_the_planner() -> None:
    assert rooms("plan", "--steps=3", "--inputs", "x.npz", "--verify", "--json") == {"plan"}


def test_a_module_loads_the_words_of_the_planner_and_not_the_planner() -> None:
    found = rooms("gpt.mlirbc", "--hosts", "2")
    assert "cli" in found
    assert found.isdisjoint({"driver", "solve", "pipeline", "intra", "emit"})


def test_words_are_handed_on_as_they_are() -> None:
    words = [
        "m.mlirbc",
        "--seed",
        "4",
        "--annotate",
        "a=[]",
        "--annotate",
        "b=[]",
        "--no-respect-annotations",
        "--hosts=2",
    ]
    options = read_words(words)
    assert options is not None
    assert (options.target, options.seed) == ("m.mlirbc", 4)
    assert options.planner == {"hosts": "2", "annotate": "a=[]\nb=[]", "respect_annotations": "no"}


def test_help_has_every_option_of_the_planner(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_words(["--help"]) is None
    text = capsys.readouterr().out
    assert [name for name in PLANNER_OPTIONS if f"{flag(name)} " not in text] == []

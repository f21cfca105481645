"""A memory limit that no choice of shardings can keep: one sentence with the least that is possible, and what would help."""

from pathlib import Path

import pytest

from compiler.__main__ import main
from compiler.cli.errors import exit_code
from compiler.machine import parse_bytes
from compiler.plan_io import load_plan

MLP = Path(__file__).parents[2] / "modules" / "jax_mlp.mlirbc"
WHERE = ("--hosts", "1", "--devices-per-host", "4", "--stages", "1", "--mesh", "2x2")


def plan(out: Path, *words: str) -> int:
    return exit_code(main, "python -m compiler", ["plan", str(MLP), "-o", str(out), *WHERE, *words])


def test_the_least_by_class_and_what_would_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(tmp_path / "plan", "--memory-per-device", "100KiB") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: no choice of shardings fits: stage0_backward needs at least ")
    for words in ("a device has 100 KiB", "activations ", "parameters 49.5 KiB", "optimizer 49.5 KiB", "temporaries "):
        assert words in error
    for remedy in ("more microbatches", "more stages", "--mesh", "more devices", "--memory-per-device"):
        assert remedy in error
    assert "--intra" not in error
    assert error.count("\n") == 1
    assert not (tmp_path / "plan").exists()


def test_the_least_is_true(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Less than the least that was said is not enough; a sixth more is.

    XLA on CPU gathers parameters before the first op that could run, whatever the order of the program: the least of the memory
    rows is a bound from below, and the plan is checked again from each device's own program.
    """
    plan(tmp_path / "none", "--memory-per-device", "100KiB")
    said = parse_bytes(capsys.readouterr().err.partition("at least ")[2].partition(" per device")[0].replace(" ", ""))
    assert plan(tmp_path / "less", "--memory-per-device", f"{int(said * 0.99)}B") == 2
    assert plan(tmp_path / "more", "--memory-per-device", f"{int(said * 1.17)}B") == 0
    memory = load_plan(str(tmp_path / "more")).decisions[0].memory
    assert sum(memory.bytes_of.values()) <= memory.limit_bytes


def test_a_rule_that_does_not_look_at_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(tmp_path / "plan", "--memory-per-device", "500KiB", "--intra", "data") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: the choice of data does not fit: stage0_backward needs ")
    assert "use --intra ilp (which splits what data keeps whole)" in error
    assert plan(tmp_path / "plan", "--memory-per-device", "500KiB", "--intra", "ilp") == 0

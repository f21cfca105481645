"""A memory limit that no choice of shardings can keep: one sentence with the least that is possible, and what would help."""

from pathlib import Path

import pytest

from compiler import attempts
from compiler.__main__ import main
from compiler.cli.errors import exit_code
from compiler.intra.shortage import TooLarge
from compiler.plan.decisions import MemoryRecord
from compiler.plan.files import load_plan

MODULES = Path(__file__).parents[2] / "modules"
MLP, CONV = MODULES / "jax_mlp.mlirbc", MODULES / "zoo" / "group_norm.mlirbc"
WHERE = ("--hosts", "1", "--devices-per-host", "4", "--stages", "1", "--microbatches", "1", "--mesh", "2x2")


def plan(out: Path, *words: str, module: Path = MLP) -> int:
    return exit_code(main, "python -m compiler", ["plan", str(module), "-o", str(out), *WHERE, *words])


def test_the_least_by_class_and_what_would_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(tmp_path / "plan", "--memory-per-device", "100KiB") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: no choice of shardings fits: the smallest plan found needs ")
    assert " per device, in stage0_backward, and " in error
    for words in ("a device has 100 KiB", "activations ", "parameters 49.7 KiB", "optimizer 49.7 KiB", "temporaries "):
        assert words in error
    for remedy in ("more microbatches", "more stages", "--mesh", "more devices", "--memory-per-device"):
        assert remedy in error
    assert "--intra" not in error
    assert error.count("\n") == 1
    assert not (tmp_path / "plan").exists()


def test_the_least_is_true(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two parts in a hundred less than the smallest plan found are not enough; just that is, and so is whatever is more."""
    plan(tmp_path / "none", "--memory-per-device", "100KiB")
    enough = int(capsys.readouterr().err.partition("--memory-per-device (")[2].partition("B is enough)")[0])
    assert plan(tmp_path / "less", "--memory-per-device", f"{enough * 98 // 100}B") == 2
    for number, part in enumerate((1.0, 1.01, 1.03, 1.06, 1.1)):
        out = tmp_path / str(number)
        assert plan(out, "--memory-per-device", f"{int(enough * part)}B") == 0
        assert load_plan(str(out)).prediction.mesh_peak_bytes[0] <= enough * part


def test_a_rule_that_does_not_look_at_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(tmp_path / "plan", "--memory-per-device", "500KiB", "--intra", "data") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: the choice of data does not fit: stage0_backward needs ")
    assert "use --intra ilp (which splits what data keeps whole)" in error
    assert plan(tmp_path / "plan", "--memory-per-device", "500KiB", "--intra", "ilp") == 0


@pytest.mark.parametrize("peak_bytes", [150.0, 90.0])
def test_the_classes_make_up_the_peak(peak_bytes: float) -> None:
    """Whether the programs need more than their memory rows said, or less."""
    said = MemoryRecord("stage0_backward", 80.0, {"parameters": 40.0, "activations": 55.0, "temporaries": 5.0})
    found = TooLarge(peak_bytes, said, 80.0, 0).bytes_of
    assert found["parameters"] == 40.0
    assert sum(found.values()) == peak_bytes


def test_the_number_is_of_the_fullest_mesh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With two meshes, of which the second needs the most."""
    where = ("--hosts", "2", "--devices-per-host", "2", "--stages", "2", "--microbatches", "auto", "--mesh", "2")
    assert plan(tmp_path / "none", *where, "--memory-per-device", "1KB", module=CONV) == 2
    enough = int(capsys.readouterr().err.partition("--memory-per-device (")[2].partition("B is enough)")[0])
    assert plan(tmp_path / "just", *where, "--memory-per-device", f"{enough}B", module=CONV) == 0
    first, second = load_plan(str(tmp_path / "just")).prediction.mesh_peak_bytes
    assert first < second <= enough


def test_no_cliff_where_rows_and_programs_disagree(tmp_path: Path) -> None:
    """Where the cheapest choice by the rows turns out too large, a little less room is tried before the smallest plan."""
    predicted: list[float] = []
    for size in ("500KB", "450KB", "400KB", "360KB"):
        assert plan(tmp_path / size, "--microbatches", "2", "--memory-per-device", size) == 0
        made = load_plan(str(tmp_path / size))
        found = made.prediction
        assert all(decision.memory.limit_bytes == int(size[:-2]) * 1e3 for decision in made.decisions)
        assert max(found.mesh_peak_bytes) <= int(size[:-2]) * 1e3
        predicted.append(found.step_s)
    assert predicted == sorted(predicted)
    assert predicted[-1] < 2 * predicted[0]


def test_more_microbatches_where_one_has_no_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With one stage too: the fewest that fit, and the plan says what was tried."""
    small = ("--memory-per-device", "195KB")
    assert plan(tmp_path / "one", *small) == 2
    assert "more microbatches" in capsys.readouterr().err
    assert plan(tmp_path / "auto", *small, "--microbatches", "auto") == 0
    made = load_plan(str(tmp_path / "auto"))
    assert made.microbatches > 1
    assert max(made.prediction.mesh_peak_bytes) <= 195e3
    (remark,) = [remark for remark in made.remarks if " others need more: " in remark]
    assert remark.startswith(f"{made.microbatches} microbatches, because a device has 190 KiB")
    assert "1 microbatch (" in remark


def test_all_that_was_tried_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(tmp_path / "plan", "--memory-per-device", "20KB", "--microbatches", "auto") == 2
    error = capsys.readouterr().err
    assert "; tried 1 microbatch (" in error
    assert "more microbatches" not in error
    assert error.count("\n") == 1


def test_numbers_that_the_program_does_not_allow_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = MODULES / "zoo" / "batch_norm.mlirbc"
    assert (
        plan(tmp_path / "plan", "--memory-per-device", "1KB", "--microbatches", "auto", "--mesh", "4", module=module)
        == 2
    )
    assert ", 8 (not possible: stablehlo.reduce" in capsys.readouterr().err


def test_the_same_choice_is_not_made_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One device has one choice: where its plan is too large in one room it is in all, and is written out once."""
    made = 0

    def counted(*arguments: object) -> attempts.Made:
        nonlocal made
        made += 1
        return assembled(*arguments)  # pyright: ignore[reportArgumentType]

    assembled = attempts.assemble
    monkeypatch.setattr(attempts, "assemble", counted)
    one = ("--devices-per-host", "1", "--mesh", "1")
    assert plan(tmp_path / "none", *one, "--memory-per-device", "1KB") == 2
    enough = int(capsys.readouterr().err.partition("--memory-per-device (")[2].partition("B is enough)")[0])
    assert made == 1
    assert plan(tmp_path / "none", *one, "--memory-per-device", f"{enough - 1}B") == 2
    assert f"({enough}B is enough)" in capsys.readouterr().err
    assert made == 2
    assert plan(tmp_path / "just", *one, "--memory-per-device", f"{enough}B") == 0

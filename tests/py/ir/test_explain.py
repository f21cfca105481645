"""The record of a decision in a plan, and what ``explain``, ``--why`` and ``--diff`` say of it, on a step with known names."""

import json
from pathlib import Path

import msgspec
import pytest

from compiler.__main__ import main
from compiler.cli.errors import exit_code
from compiler.decisions.prices import MOST_ALTERNATIVES
from compiler.plan.decisions import DecisionRecord
from compiler.plan.files import load_plan
from compiler.plan.records import Plan

MLP = Path(__file__).parents[2] / "modules" / "jax_mlp.mlirbc"
# Slow devices with fast links: splitting pays even in a small model.
MACHINE = """name = "test"
memory_bytes = 1e9
memory_bandwidth_bytes_per_s = 1e9
dispatch_s = 1e-6
[flops_per_s]
f32 = 1e9
[intra_host]
latency_s = 1e-6
bandwidth_bytes_per_s = 1e9
[inter_host]
latency_s = 1e-6
bandwidth_bytes_per_s = 1e9
"""


def compiler(*words: str) -> int:
    return exit_code(main, "python -m compiler", list(words))


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of one step planned with two choosers, and once more."""
    base = tmp_path_factory.mktemp("plans")
    (base / "machine.toml").write_text(MACHINE)
    where = ("--machine", str(base / "machine.toml"), "--hosts", "1", "--devices-per-host", "4", "--stages", "1")
    for name, chooser in (("ilp", "ilp"), ("again", "ilp"), ("data", "data")):
        assert compiler("plan", str(MLP), "-o", str(base / name), *where, "--intra", chooser, "--mesh", "2x2") == 0
    return {name: str(base / name) for name in ("ilp", "again", "data")}


@pytest.fixture(scope="module")
def plan(plans: dict[str, str]) -> Plan:
    return load_plan(plans["ilp"])


def test_groups_add_up_to_the_objective(plans: dict[str, str]) -> None:
    for folder in plans.values():
        for decision in load_plan(folder).decisions:
            total = sum(group.seconds for group in decision.groups)
            total += decision.shared_s + sum(bucket.latency_s for bucket in decision.buckets)
            assert total == pytest.approx(decision.certificate.objective_s, rel=1e-5)


def test_collectives_add_up_to_a_groups_communication(plan: Plan) -> None:
    spoken = [group for group in plan.decisions[0].groups if group.collectives]
    assert spoken
    for group in spoken:
        total = sum(item.seconds for item in group.collectives)
        assert total == pytest.approx(group.reduction_s + group.reshard_s, rel=1e-5)


def test_no_alternative_of_an_optimum_that_fits_is_cheaper(plan: Plan) -> None:
    decision = plan.decisions[0]
    assert decision.certificate.gap == 0
    given = [item for group in decision.groups for item in group.alternatives]
    assert len(given) > len(decision.groups)
    assert all(item.extra_s > -1e-9 for item in given if item.fits)
    assert max(len(group.alternatives) for group in decision.groups) == MOST_ALTERNATIVES


def test_names_and_lines_are_those_of_the_program(plan: Plan) -> None:
    found = {(group.name, group.location) for group in plan.decisions[0].groups}
    assert ("loss_of/dot_general of params[1][0]", "jax_mlp.py:29") in found
    assert "params[0][0]" in {name for name, _ in found}
    assert not any("%" in name for name, _ in found)


def test_parameters_are_counted_as_they_lie(plan: Plan) -> None:
    sizes = {axis.name: axis.size for axis in plan.meshes[0].axes}
    expected = 0
    for value in plan.values:
        if value.argument is not None and plan.arguments[value.argument].role == "parameter":
            parts = 1
            for dim in value.placements[0].sharding:
                for axis in dim:
                    parts *= sizes[axis]
            count = 4
            for size in value.shape:
                count *= size
            expected += count // parts
    memory = plan.decisions[0].memory
    assert memory.bytes_of["parameters"] == expected
    assert sum(memory.bytes_of.values()) <= memory.limit_bytes


def test_the_same_input_gives_the_same_plan(plans: dict[str, str]) -> None:
    first, second = (Path(plans[name], "plan.json").read_bytes() for name in ("ilp", "again"))
    assert first == second


def test_explain_shows_the_decision(plans: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("explain", plans["ilp"]) == 0
    out = capsys.readouterr().out
    for words in ("chosen by ilp", "proved optimal", "dearest groups", "parameters", "optimizer", "jax_mlp.py:29"):
        assert words in out
    assert compiler("explain", plans["ilp"], "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert msgspec.convert(document["decisions"], tuple[DecisionRecord, ...]) == load_plan(plans["ilp"]).decisions


@pytest.mark.parametrize("query", ["dot_general", "jax_mlp.py:29", "params[1][0]", "stablehlo.dot_general"])
def test_why(plans: dict[str, str], capsys: pytest.CaptureFixture[str], query: str) -> None:
    assert compiler("explain", plans["ilp"], "--why", query) == 0
    out = capsys.readouterr().out
    assert "chosen" in out
    assert "+" in out
    assert compiler("explain", plans["ilp"], "--why", query, "--json") == 0
    assert json.loads(capsys.readouterr().out)["groups"]


def test_why_of_nothing(plans: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("explain", plans["ilp"], "--why", "dot_generel") == 2
    error = capsys.readouterr().err
    assert error.startswith(
        "error: --why: no op, value or source line of the plan has 'dot_generel' in it; did you mean"
    )
    assert "'dot_general'" in error
    assert error.count("\n") == 1


def test_diff(plans: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("explain", plans["ilp"], "--diff", plans["data"], "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["second"]["meshes"][0]["chooser"] == "data"
    costs = [document[side]["meshes"][0]["objective_s"] for side in ("first", "second")]
    assert costs[0] <= costs[1]
    assert all(
        row["first"]["shardings"] != row["second"]["shardings"]
        for row in document["groups"]
        if row["first"] and row["second"]
    )
    assert compiler("explain", plans["ilp"], "--diff", plans["data"]) == 0
    out = capsys.readouterr().out
    assert "ilp, x=2 y=2" in out
    assert "groups that lie differently" in out


def test_no_difference(plans: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("explain", plans["ilp"], "--diff", plans["again"]) == 0
    assert "no group lies differently" in capsys.readouterr().out


def test_diff_and_why_exclude_each_other(plans: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compiler("explain", plans["ilp"], "--diff", plans["data"], "--why", "dot") == 2
    assert "got both --diff and --why" in capsys.readouterr().err

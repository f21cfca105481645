"""Mistakes and failures that only an unlucky machine or a wrong caller meets: each is one sentence that says what to do."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from test_explain_tables import small_plan

from compiler.calibrate import measure as measuring
from compiler.cli import calibrate as command
from compiler.explain.why import matching
from compiler.plan.files import load_plan, write_plan
from dialects.errors import Failure, UserError
from passes.solvers.placement.problem import Edge, PlacementProblem, check
from passes.solvers.stages.cut import choose_cuts
from runtime.data.output import check_file, check_folder
from runtime.devices.dtypes import numpy_dtype
from runtime.program import PlanFiles
from runtime.transport.mpi import load_mpi

PLACED = {"num_stages": 2, "num_nodes": 2, "fixed": {0: 0}, "edges": (Edge(0, 1, 8.0),)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fixed": {2: 0}}, r"a node is not in \[0, 2\)"),
        ({"edges": (Edge(0, 2, 8.0),)}, r"a node is not in \[0, 2\)"),
        ({"edges": (Edge(-1, 1, 8.0),)}, r"a node is not in \[0, 2\)"),
        ({"ties": ((0, 2),)}, r"a node is not in \[0, 2\)"),
        ({"fixed": {0: 2}}, r"a fixed stage is not in \[0, 2\)"),
        ({"fixed": {0: -1}}, r"a fixed stage is not in \[0, 2\)"),
        ({"edges": (Edge(0, 1, float("inf")),)}, "edge bytes must be finite and not negative"),
        ({"edges": (Edge(0, 1, float("nan")),)}, "edge bytes must be finite and not negative"),
        ({"edges": (Edge(0, 1, -1.0),)}, "edge bytes must be finite and not negative"),
    ],
)
def test_a_placement_that_is_none(change: dict[str, Any], said: str) -> None:
    check(PlacementProblem(**PLACED))
    with pytest.raises(ValueError, match=said):
        check(PlacementProblem(**(PLACED | change)))


@pytest.mark.parametrize(
    ("costs", "crossings", "stages", "said"),
    [
        ([], [], 1, "got 0 costs and 0 crossings, want as many of each, at least one"),
        ([1.0], [1.0, 2.0], 1, "got 1 costs and 2 crossings"),
        ([1.0], [1.0], 0, "got 0 stages, want at least 1"),
        ([np.inf], [1.0], 1, "costs and crossings must be finite and not negative"),
        ([1.0], [-1.0], 1, "costs and crossings must be finite and not negative"),
        ([np.nan], [1.0], 1, "costs and crossings must be finite and not negative"),
    ],
)
def test_a_cut_of_nothing(costs: list[float], crossings: list[float], stages: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        choose_cuts(costs, crossings, stages)


def test_a_plan_that_does_not_say_how_it_was_chosen() -> None:
    with pytest.raises(UserError, match="--why: the plan does not say how it was chosen; plan again"):
        matching(small_plan(), "dot")


def test_a_type_that_no_array_has() -> None:
    with pytest.raises(Failure, match="the runtime has no arrays of type i3; it knows i1, "):
        numpy_dtype("i3")


def test_options_of_the_planner_for_a_plan(tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "plan.json"):
        with pytest.raises(UserError, match="--devices-per-host: is for planning, and this is a plan; leave it out"):
            PlanFiles(str(target), 1, {"devices_per_host": "2"})


def test_where_no_file_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_file(str(tmp_path / "out.npz"), "--outputs")
    with pytest.raises(UserError, match=r"--outputs .*: is a folder, want a file name"):
        check_file(str(tmp_path), "--outputs")
    with pytest.raises(UserError, match=r"--outputs .*: no such folder; make it first"):
        check_file(str(tmp_path / "no" / "out.npz"), "--outputs")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"--outputs .*: is not a folder; make it first"):
        check_file(str(tmp_path / "file" / "out.npz"), "--outputs")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anywhere
    with pytest.raises(UserError, match=r"--trace .*: no permission to write there"):
        check_folder(tmp_path, "--trace")


@pytest.mark.parametrize("what", ["folder", "permission"])
def test_a_machine_file_that_cannot_be_written(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "here.toml"
    if what == "folder":
        target.mkdir()
    else:
        monkeypatch.setattr("os.access", lambda *_: False)
    done = CliRunner().invoke(command.calibrate, ["-o", str(target)])
    assert isinstance(done.exception, UserError)
    assert str(done.exception) == f"-o {target}: cannot become a file; say another name"


def test_no_mpirun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="there is no mpirun; pip install mpich mpi4py"):
        measuring.measure(2, measuring.SMALL)
    with pytest.raises(UserError, match="-np: got 1, want at least 2 ranks, to have a link between them"):
        measuring.measure(1, measuring.SMALL)


@pytest.mark.parametrize(
    ("code", "stderr", "said"),
    [
        (2, "hello\nerror: -np: no\nbye\n", "the measurement ended with code 2: -np: no"),
        (137, "some noise\n\nkilled\n", "the measurement ended with code 137: killed"),
        (1, "", "the measurement ended with code 1: "),
    ],
)
def test_a_measurement_that_fails(code: int, stderr: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_mpirun", lambda: "mpirun")
    started: list[list[str]] = []

    def run(words: list[str], **_: object) -> SimpleNamespace:
        started.append(words)
        return SimpleNamespace(returncode=code, stderr=stderr, stdout="")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(Failure) as caught:
        measuring.measure(3, measuring.SMALL)
    assert str(caught.value) == said
    (words,) = started
    assert words[:3] == ["mpirun", "-np", "3"]
    assert json.loads(words[-1])["matrix_sizes"] == [128, 512]


def test_an_mpi_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(UserError, match="the runtime needs mpi4py and an MPI; pip install mpi4py mpich"):
        load_mpi()
    without = ModuleType("mpi4py")
    without.rc = SimpleNamespace()  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "mpi4py", without)
    with pytest.raises(
        UserError, match=r"mpi4py found no MPI library \(cannot import name 'MPI'.*\); pip install mpich"
    ):
        load_mpi()
    assert without.rc.thread_level == "serialized"


def test_a_plan_larger_than_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.plan.files.MOST_PLAN_BYTES", 10)
    write_plan(small_plan(), {"program.mlir": ""}, str(tmp_path / "plan"))
    with pytest.raises(UserError, match=r"plan\.json: has \d+ bytes, more than any plan \(10\); plan again"):
        load_plan(str(tmp_path / "plan"))

"""Files that no frontend writes, at the door of the planner: a plan or a refusal in one line; no crash, no hang."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import MODULES, tanh
from jaxlib.mlir import ir

from compiler.driver import make_plan
from compiler.frontends import parse
from compiler.options import PlanOptions
from compiler.plan.files import load_plan
from dialects.context import make_context
from dialects.errors import MeshwrightError, UserError

OPTIONS = PlanOptions(hosts=1, devices_per_host=2)


def refusal(module: Path, out: Path) -> str:
    """The message of the planner; "" if it wrote a plan, which can then be read."""
    try:
        make_plan(str(module), str(out), OPTIONS)
    except MeshwrightError as error:
        assert not out.exists()
        return str(error)
    load_plan(str(out))
    return ""


@pytest.mark.parametrize("name", MODULES)
def test_a_plan_or_one_line(name: str, tmp_path: Path) -> None:
    text, said = MODULES[name]
    (tmp_path / "m.mlir").write_text(text)
    message = refusal(tmp_path / "m.mlir", tmp_path / "plan")
    assert said in message
    assert bool(said) == bool(message), message
    assert "\n" not in message


def test_bytecode_is_held_to_the_same(tmp_path: Path) -> None:
    """What text may not nest, bytecode may not either: found by the process that reads it first, or by the walk after."""
    with make_context(), (tmp_path / "m.mlirbc").open("wb") as file:
        ir.Module.parse(MODULES["some regions"][0]).operation.write_bytecode(file)
    assert "regions nest more than 64 deep" in refusal(tmp_path / "m.mlirbc", tmp_path / "plan")


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "socket"])
def test_no_regular_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "m.mlir"
    if kind == "fifo":
        os.mkfifo(path)  # nobody writes: to open it would wait for ever
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        import socket

        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    said = {
        "fifo": f"the file is empty; want {parse.KINDS}",
        "folder": f"is a directory, want a module; give a file: {parse.KINDS}",
    }
    other = f"is no file and no pipe, want a module; give a file: {parse.KINDS}"
    assert refusal(path, tmp_path / "plan") == f"{path}: {said.get(kind, other)}"


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    with (tmp_path / "m.mlir").open("wb") as file:
        file.truncate(1 << 40)  # takes no disk
    with pytest.raises(
        UserError, match=r"has 1099511627776 bytes, want a module of at most 4294967296; give large constants"
    ):
        make_plan(str(tmp_path / "m.mlir"), str(tmp_path / "plan"), OPTIONS)


def test_stdin_that_does_not_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parse, "MAX_BYTES", 100_000)
    with Path("/dev/zero").open() as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        with pytest.raises(UserError, match="<stdin>: has more than 100000 bytes"):
            make_plan("-", str(tmp_path / "plan"), OPTIONS)


def test_a_reader_that_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("compiler.frontends.probe._TIMEOUT_S", 0.01)
    (tmp_path / "m.mlir").write_text(tanh('{a = "\\FF"}'))
    with pytest.raises(UserError, match=r"reading it does not end in 0 s; export it again"):
        make_plan(str(tmp_path / "m.mlir"), str(tmp_path / "plan"), OPTIONS)


@pytest.mark.parametrize("name", ["affine", "calls twice", "regions"])
def test_the_command_says_it_in_one_line_and_exits_with_2(name: str, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(MODULES[name][0])
    done = subprocess.run(
        [sys.executable, "-m", "compiler", "inspect", str(tmp_path / "m.mlir")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert MODULES[name][1] in done.stderr
    assert len(done.stderr.splitlines()) == 1

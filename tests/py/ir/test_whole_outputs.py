"""The planner's files on a full disk: one message, and nothing half-written, neither under the name that was asked for nor beside it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compiler.cli.errors import exit_code
from compiler.cli.solve import solve
from compiler.opt import main as opt

MODULE = str(Path(__file__).parents[2] / "modules/jax_mlp.mlirbc")
SOLVE = (solve, MODULE, "--hosts", "1", "--devices-per-host", "2")


@contextmanager
def files_of_at_most(most_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        ((opt, MODULE), "-o", "out.mlir"),
        ((opt, MODULE), "--dump-dir", "00-input.mlir"),
        (SOLVE, "-o", "out.mlir"),
        (SOLVE, "-o", "out.mlirbc"),
        (SOLVE, "--dump", "out.npz"),
        (SOLVE, "--dump", "out.mps"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_full_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[object, ...], option: str, name: str
) -> None:
    main, *words = command
    there = tmp_path if option == "--dump-dir" else tmp_path / name
    arguments = [*map(str, words), option, str(there)]
    with files_of_at_most(100):
        assert exit_code(main, "python -m compiler", arguments) == 1  # type: ignore[arg-type]
    assert capsys.readouterr().err == f"error: {there}: cannot be written: File too large\n"
    assert [path.name for path in tmp_path.iterdir()] == []
    assert exit_code(main, "python -m compiler", arguments) == 0  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == [name]

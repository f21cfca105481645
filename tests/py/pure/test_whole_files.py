"""Files are written whole or not at all: what was there stays until the new one is complete, and nothing half-written is left."""

import errno
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compiler.calibrate.text import write_machine
from compiler.machine.files import load_machine
from compiler.plan.scratch import whole_file
from dialects.errors import Failure
from runtime.data.output import write_npz
from runtime.devices.seats import Seat
from runtime.step.trace import Trace

MACHINE = (Path(__file__).parents[3] / "compiler/machine/known/local-cpu.toml").read_text()


@contextmanager
def files_of_at_most(most_bytes: int) -> Iterator[None]:
    """What a full disk does to a write, to every file of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_takes_its_place_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("old")
    target.chmod(0o640)
    with whole_file(target) as path:
        path.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(tmp_path) == ["out"]


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    with whole_file(tmp_path / "out") as path:
        path.write_text("new")
    (tmp_path / "usual").write_text("")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), ValueError()])
def test_an_exception_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "out").write_text("old")
    with pytest.raises(type(error)), whole_file(tmp_path / "out") as path:  # noqa: PT012 the body is what is tested
        path.write_text("ne")
        raise error
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out").read_text() == "old"


def test_a_link_stays_and_leads_to_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there/out")
    with whole_file(tmp_path / "link") as path:
        path.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there/out").read_text() == "new"


def test_a_circle_of_links_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match=r"symbolic links|Symlink loop"), whole_file(tmp_path / "a") as path:
        path.write_text("new")
    assert names(tmp_path) == ["a", "b"]


def test_a_device_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    with whole_file(tmp_path / "null") as path:
        path.write_text("new")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_the_longest_name(tmp_path: Path) -> None:
    name = "x" * 255
    with whole_file(tmp_path / name) as path:
        path.write_text("new")
    assert names(tmp_path) == [name]


def test_what_a_killed_writer_left_goes_with_the_next(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with whole_file(tmp_path / "out") as path:
            path.write_text("half")
            os._exit(9)
    os.waitpid(child, 0)
    assert len(names(tmp_path)) == 1
    with whole_file(tmp_path / "out") as path:
        path.write_text("new")
        with whole_file(tmp_path / "out") as other:  # of a process that still writes nothing is removed
            other.write_text("newer")
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out").read_text() == "new"


def outputs(path: Path) -> None:
    write_npz(str(path), {0: np.zeros(5000)})


def trace(path: Path) -> None:
    events = Trace(Seat(0, 0, 0, "rank 0"))
    for _ in range(500):
        events.add("Run stage0_forward", 0.0, step=1, microbatch=0)
    try:
        events.write(str(path.parent))
    except OSError as error:
        raise Failure(f"not written: {error.strerror}") from error


def machine(path: Path) -> None:
    write_machine(str(path), MACHINE + "# much\n" * 2000)


@pytest.mark.parametrize(("write", "name"), [(outputs, "out.npz"), (trace, "rank-0000.json"), (machine, "here.toml")])
def test_a_full_disk_leaves_no_half_file(tmp_path: Path, write: Callable[[Path], None], name: str) -> None:
    with files_of_at_most(4096), pytest.raises(Failure, match="not written: File too large"):
        write(tmp_path / name)
    assert names(tmp_path) == []
    write(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with files_of_at_most(4096), pytest.raises(Failure, match="not written: File too large"):
        write(tmp_path / name)
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == before


def test_a_machine_that_cannot_be_read_back_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text(MACHINE)
    broken: Any = MACHINE.replace("dispatch_s", "dispatched_s")
    with pytest.raises(Exception, match="dispatched_s"):
        write_machine(str(tmp_path / "here.toml"), broken)
    assert names(tmp_path) == ["here.toml"]
    assert load_machine(str(tmp_path / "here.toml")).name == "local-cpu"


def test_what_was_just_made_goes_with_the_process(tmp_path: Path) -> None:
    """An interrupt between the making of a file and the first line that would remove it."""
    lines = """
import sys
from pathlib import Path
from compiler.plan.scratch import Scratch
for folder in (True, False):
    Scratch(Path(sys.argv[1]), ".plan-", folder=folder)
kept = Scratch(Path(sys.argv[1]), ".kept-")
kept.let_go()
raise KeyboardInterrupt
"""
    done = subprocess.run([sys.executable, "-c", lines, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "KeyboardInterrupt" in done.stderr
    assert [name[:6] for name in names(tmp_path)] == [".kept-"]

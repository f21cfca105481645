"""What was compiled is found again, if it is this user's and whole; everything else is compiled."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from runtime.devices import executables
from runtime.devices.executables import Executables


class Maker:
    """Makes an answer, and counts."""

    def __init__(self, answer: bytes = b"code" * 1000) -> None:
        self.answer, self.calls = answer, 0

    def __call__(self) -> bytes:
        self.calls += 1
        return self.answer


def times_made(folder: Path, *contents: list[bytes], most_bytes: int = 1 << 20) -> int:
    cache, make = Executables(folder, most_bytes), Maker()
    for content in contents:
        assert cache.made(content, make) == make.answer
    return make.calls


def test_made_once_a_content(tmp_path: Path) -> None:
    assert times_made(tmp_path / "new/folder", [b"a", b"b"], [b"a", b"b"], [b"ab", b""], [b"a", b"b"]) == 2
    assert times_made(tmp_path / "new/folder", [b"a", b"b"], [b"ab"]) == 1
    assert stat.S_IMODE((tmp_path / "new/folder").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new/folder").iterdir()} == {0o600}


def test_another_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert times_made(tmp_path, [b"a"]) == 1
    monkeypatch.setattr(executables, "_processor", lambda: b"another")
    assert times_made(tmp_path, [b"a"]) == 1
    assert times_made(tmp_path, [b"a"]) == 0


@pytest.mark.parametrize("harm", ["cut", "changed", "empty", "foreign", "link", "folder"])
def test_what_is_not_sound_is_made_again(tmp_path: Path, harm: str) -> None:
    assert times_made(tmp_path / "c", [b"a"]) == 1
    (file,) = (tmp_path / "c").iterdir()
    whole = file.read_bytes()
    if harm in ("cut", "changed", "empty"):
        file.write_bytes({"cut": whole[:-1], "changed": whole[:-1] + b"?", "empty": b""}[harm])
    elif harm == "foreign":
        file.chmod(0o666)
    else:
        file.rename(tmp_path / "elsewhere")
        if harm == "link":
            file.symlink_to(tmp_path / "elsewhere")
        else:
            file.mkdir()
    assert times_made(tmp_path / "c", [b"a"]) == 1
    assert times_made(tmp_path / "c", [b"a"]) == (1 if harm in ("link", "folder") else 0)


def test_a_folder_into_which_others_write_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c").chmod(0o777)
    assert times_made(tmp_path / "c", [b"a"], [b"a"]) == 2
    assert list((tmp_path / "c").iterdir()) == []
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    for name in ("link", "file", "file/below"):
        assert times_made(tmp_path / name, [b"a"], [b"a"]) == 2


def test_the_oldest_go_when_it_is_full(tmp_path: Path) -> None:
    room = 2 * (4000 + len(executables.MAGIC) + executables.DIGEST_BYTES)
    for age, content in enumerate((b"a", b"b")):
        assert times_made(tmp_path, [content], most_bytes=room) == 1
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (100 + age, 100 + age))
    assert times_made(tmp_path, [b"a"], most_bytes=room) == 0  # and now it is the newest
    assert times_made(tmp_path, [b"c"], most_bytes=room) == 1
    assert len(list(tmp_path.iterdir())) == 2
    assert times_made(tmp_path, [b"a"], [b"c"], most_bytes=room) == 0
    assert times_made(tmp_path, [b"d"], [b"d"], most_bytes=100) == 2  # larger than the whole folder may be


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv(executables.FOLDER, raising=False)
    Executables.of_user().made([b"a"], Maker())
    assert len(list((tmp_path / "xdg/meshwright/executables").iterdir())) == 1
    monkeypatch.setenv(executables.FOLDER, "off")
    make = Maker()
    for _ in range(2):
        Executables.of_user().made([b"a"], make)
    assert make.calls == 2
    monkeypatch.setenv(executables.FOLDER, str(tmp_path / "mine"))
    Executables.of_user().made([b"a"], make)
    assert len(list((tmp_path / "mine").iterdir())) == 1

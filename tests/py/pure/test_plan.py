"""The plan as data: its published schema, round trips, what a hand edit breaks, and that writing is all or nothing."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from compiler.plan.check import check_plan
from compiler.plan.files import decode_plan, load_plan, read_signed, sign_plan, write_plan
from compiler.plan.records import Plan, plan_schema
from compiler.plan.scratch import Scratch, exchange
from dialects.errors import Failure, UserError

DOCS = Path(__file__).parents[3] / "docs"


def small_plan() -> Plan:
    """One mesh, one device, one fragment: w <- f(w)."""
    text = """{"version":1,"name":"p","machine":{"name":"m","hosts":1,"devices_per_host":1,"memory_bytes":1e9},
      "schedule":"gpipe","microbatches":1,"num_stages":1,"batch_size":null,"program":"program.mlir",
      "meshes":[{"name":"mesh0","ranks":[0],"axes":[{"name":"data","size":1}]}],
      "arguments":[{"index":0,"name":"w","dtype":"f32","shape":[4],"role":"parameter","state_result":0,"exclusive_bound":null}],
      "results":[{"index":0,"name":"w","dtype":"f32","shape":[4],"role":"state","value":"v0","state_arg":0}],
      "values":[
        {"id":"arg0","kind":"argument","dtype":"f32","shape":[4],"placements":[{"mesh":0,"sharding":[[]]}],"argument":0},
        {"id":"v0","kind":"step","dtype":"f32","shape":[4],"placements":[{"mesh":0,"sharding":[[]]}],"argument":null}],
      "fragments":[{"name":"stage0_update","stage":0,"phase":"update","mesh":0,"file":"stages/u.mlir","inputs":["arg0"],
        "outputs":["v0"],"donated":[0],"flops":4.0,"temp_bytes":0.0}],
      "instructions":[[{"op":"run","fragment":"stage0_update","microbatch":null}]],
      "slots":[{"clock":0,"stage":0,"phase":"update","microbatch":null}],
      "prediction":{"step_s":1.0,"stage_forward_s":[0.0],"stage_backward_s":[0.0],"mesh_argument_bytes":[16.0],
        "mesh_peak_bytes":[32.0],"transfer_bytes_per_step":0.0,"bubble_fraction":0.0}}"""
    return decode_plan(text.encode(), "here")


FILES = {"program.mlir": "module {}", "stages/u.mlir": "module {}"}


def test_the_published_schema_is_that_of_the_types() -> None:
    published = json.loads((DOCS / "plan.schema.json").read_text())
    assert published == json.loads(json.dumps(plan_schema())), "run: python tests/py/pure/test_plan.py"


def test_round_trip(tmp_path: Path) -> None:
    written = write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    assert load_plan(str(tmp_path / "plan")) == written
    assert {name: read_signed(str(tmp_path / "plan"), written, name).decode() for name in FILES} == FILES
    assert sign_plan(small_plan(), FILES)[0] == written
    (tmp_path / "plan").rename(tmp_path / "moved")
    assert load_plan(str(tmp_path / "moved")) == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moved"]


def test_replaces_a_plan_and_nothing_else(tmp_path: Path) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="is not a plan folder"):
        write_plan(small_plan(), FILES, str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "thesis.txt").exists()


@pytest.mark.parametrize("name", ["notes.txt", "stages/mine.mlir", "mine/deep/x", "stages/program.mlir/"])
def test_a_plan_with_anything_else_in_it_is_not_replaced(tmp_path: Path, name: str) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    mine = tmp_path / "plan" / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith("/"):
        mine.mkdir()
    else:
        mine.write_text("years of work")
    with pytest.raises(UserError, match=name.split("/")[-1 if "mine." in name else 0]):
        write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    assert mine.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_what_a_killed_writer_left_is_cleared_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    left = tmp_path / ".plan-abc.partial"
    (left / "stages").mkdir(parents=True)
    living = Scratch(tmp_path, ".plan-")
    assert not left.exists()
    (tmp_path / ".plan-keep").mkdir()
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    assert living.path.exists()
    living.remove()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".plan-keep", "plan"]


def test_without_an_exchange_of_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.plan.files.exchange", lambda *_: False)
    for _ in range(2):
        written = write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    assert load_plan(str(tmp_path / "plan")) == written
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_what_comes_while_a_plan_is_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = write_plan(small_plan(), FILES, str(tmp_path / "plan"))

    def late(first: Path, second: Path) -> bool:
        if not (first / "thesis.txt").exists():
            (second / "thesis.txt").write_text("years of work")
        return exchange(first, second)

    monkeypatch.setattr("compiler.plan.files.exchange", late)
    changed = msgspec.structs.replace(small_plan(), name="q")
    with pytest.raises(UserError, match=r"'thesis\.txt' is not of a plan; give another -o, or remove it"):
        write_plan(changed, FILES, str(tmp_path / "plan"))
    assert (tmp_path / "plan" / "thesis.txt").read_text() == "years of work"
    assert load_plan(str(tmp_path / "plan")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_link_to_a_plan_stays_a_link(tmp_path: Path) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "real"))
    (tmp_path / "link").symlink_to("real")
    written = write_plan(small_plan(), FILES, str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert load_plan(str(tmp_path / "real")) == written


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Failure, match="No space left on device"):
        write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    assert list(tmp_path.iterdir()) == []


EDITS = [
    ({"version": 2}, "got plan version 2, want 1"),
    ({"surprise": 1}, "unknown field"),
    ({"microbatches": "4"}, "microbatches"),
    ({"meshes": [{"name": "m", "ranks": [1], "axes": [{"name": "data", "size": 1}]}]}, "ranks"),
    ({"meshes": [{"name": "m", "ranks": [0], "axes": [{"name": "data", "size": 2}]}]}, "axes"),
    ({"instructions": []}, "instruction lists"),
    ({"instructions": [[{"op": "run", "fragment": "nobody", "microbatch": None}]]}, "nobody"),
    ({"instructions": [[{"op": "exec", "code": "import os"}]]}, "exec"),
    (
        {"instructions": [[{"op": "recv", "value": "v0", "source": 0, "microbatch": None}]]},
        "runs 0 times a step, want 1",
    ),
    ({"microbatches": 0}, "microbatches"),
]


@pytest.mark.parametrize(("edit", "words"), EDITS)
def test_a_hand_edit_is_refused_in_one_sentence(edit: dict[str, object], words: str) -> None:
    document = {**msgspec.to_builtins(small_plan()), **edit}
    with pytest.raises(UserError, match=words) as caught:
        decode_plan(json.dumps(document).encode(), "plan.json")
    assert "\n" not in str(caught.value)


HOSTILE = [
    (b"", "plan.json: is not JSON: Expecting value"),
    (b'{"version":1', "plan.json: is not JSON: Expecting ',' delimiter"),
    (b'{"version":1,"version":1}', "has the key 'version' twice"),
    (b"[" * 200_000, "nested deeper|not JSON"),
    (b"[" * 40 + b"]" * 40, "nested deeper than 32"),
    (b'{"version":1,"name":"\\u001b[2J"}', r"control character \(U\+001B\)"),
    (b'{"version":1,"\xc2\x9b31m":1}', r"control character \(U\+009B\)"),
    (b'{"version":NaN}', "NaN, which is not JSON"),
    (b'{"version":1,"microbatches":-1}', "has -1 in 'microbatches'"),
    (b'{"version":1,"microbatches":99999999999999999999}', "whole ones from 0"),
    (b'{"version":1,"microbatches":1e999}', "want a finite number"),
    (b'{"version":1' + b"0" * 5000 + b"}", "integer|digits"),
    (b"\xff\xfe{}", "is not JSON"),
    (b"true", "got plan version None"),
    (b'{"version":true}', "got plan version True"),
]


@pytest.mark.parametrize(("blob", "words"), HOSTILE)
def test_hostile_json_is_refused_in_one_sentence(blob: bytes, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        decode_plan(blob, "plan.json")
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in str(caught.value))


@pytest.mark.parametrize("name", ["plan.json", "program.mlir"])
def test_only_regular_files_are_read(tmp_path: Path, name: str) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    (tmp_path / "plan" / name).unlink()
    os.mkfifo(tmp_path / "plan" / name)
    with pytest.raises(UserError, match="is not a regular file"):
        load_plan(str(tmp_path / "plan"))


def test_names_with_control_characters_are_written_without_them(tmp_path: Path) -> None:
    written = write_plan(msgspec.structs.replace(small_plan(), name="a\x1b[2Jb\n"), FILES, str(tmp_path / "plan"))
    assert load_plan(str(tmp_path / "plan")).name == written.name == "a?[2Jb?"


def test_a_folder_without_a_plan_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no plan\.json in it"):
        load_plan(str(tmp_path))


@pytest.mark.parametrize("name", ["plan.json", "program.mlir"])
def test_a_file_that_cannot_be_read_is_a_failure(tmp_path: Path, name: str) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    (tmp_path / "plan" / name).unlink()
    (tmp_path / "plan" / name).symlink_to(name)  # to itself: no user may read it, root neither
    with pytest.raises(Failure, match=f"{name}: cannot be read: Too many levels of symbolic links"):
        load_plan(str(tmp_path / "plan"))


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    (tmp_path / "plan" / "stages" / "u.mlir").unlink()
    with pytest.raises(UserError, match="the plan names it, and it is missing"):
        load_plan(str(tmp_path / "plan"))


def test_a_file_without_a_digest_is_said(tmp_path: Path) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    file = tmp_path / "plan" / "plan.json"
    document = json.loads(file.read_text())
    del document["digests"]["stages/u.mlir"]
    file.write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"has no digest for stages/u\.mlir"):
        load_plan(str(tmp_path / "plan"))


def test_a_changed_stage_file_is_refused(tmp_path: Path) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    (tmp_path / "plan" / "stages" / "u.mlir").write_text("module { }")
    with pytest.raises(UserError, match="is not what was planned"):
        load_plan(str(tmp_path / "plan"))


def test_a_file_outside_of_the_plan_is_refused(tmp_path: Path) -> None:
    write_plan(small_plan(), FILES, str(tmp_path / "plan"))
    file = tmp_path / "plan" / "plan.json"
    document = json.loads(file.read_text())
    document["digests"]["../../etc/passwd"] = "0"
    file.write_text(json.dumps(document))
    with pytest.raises(UserError, match="outside of the plan folder"):
        load_plan(str(tmp_path / "plan"))


def test_a_sound_plan_passes() -> None:
    check_plan(small_plan(), "here")


if __name__ == "__main__":
    (DOCS / "plan.schema.json").write_text(json.dumps(plan_schema(), indent=1) + "\n")

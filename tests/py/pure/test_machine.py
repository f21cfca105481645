"""Machine files: the known ones, overrides, and each mistake with the message that it gets."""

from pathlib import Path

import pytest

from compiler.machine.description import Machine
from compiler.machine.files import known_machines, load_machine
from compiler.machine.layout import auto_stages, make_layout, microbatch_candidates, more_microbatches
from compiler.units import parse_bytes
from dialects.errors import UserError

GOOD = (Path(__file__).parents[3] / "compiler/machine/known/a100-dgx.toml").read_text()


def test_every_known_machine_loads_and_bears_its_name() -> None:
    assert set(known_machines()) >= {"local-cpu", "v100-p3.16xlarge", "a100-dgx", "h100-dgx", "tpu-v5p"}
    for name in known_machines():
        machine = load_machine(name)
        assert machine.name == name
        assert machine.intra_host.bandwidth_bytes_per_s >= machine.inter_host.bandwidth_bytes_per_s


def test_the_command_line_says_how_large_it_is() -> None:
    machine = load_machine("local-cpu", hosts=2, devices_per_host=4, memory_bytes=parse_bytes("1GiB"))
    assert (machine.num_devices, machine.memory_bytes) == (8, 2**30)
    assert machine.summary().devices_per_host == 4
    assert machine.link(0, 3) is machine.link(3, 4) is machine.transfer, "MPI, wherever they are"
    dgx = load_machine("a100-dgx", hosts=2)
    assert dgx.link(0, 7) is dgx.intra_host
    assert dgx.link(7, 8) is dgx.inter_host
    assert load_machine("a100-dgx", hosts=16).num_devices == 128


@pytest.mark.parametrize(
    ("rows", "widths", "wanted"),
    [
        (64, [2, 2], [8, 4, 2, 1]),  # at most four a stage
        (6, [2, 2], [3, 6, 2, 1]),  # those first that leave each of the two devices of a mesh a row
        (24, [3, 1], [8, 4, 2, 6, 3, 1]),  # each of the three
        (12, [4], [1]),
        (None, [2, 2], [1]),
        (1, [2, 2], [1]),
        (2, [1, 1], [2, 1]),
        (7, [4, 4], [7, 1]),
    ],
)
def test_numbers_of_microbatches_worth_trying(rows: int | None, widths: list[int], wanted: list[int]) -> None:
    assert microbatch_candidates(rows, widths) == wanted


def test_more_microbatches_divide_the_rows() -> None:
    assert more_microbatches(12, 2) == [3, 4, 6, 12]
    assert more_microbatches(12, 12) == more_microbatches(None, 1) == []


@pytest.mark.parametrize(
    ("stages", "devices", "ranks", "mesh_of"),
    [
        (2, 4, [(0, 1), (2, 3)], (0, 1)),
        (4, 2, [(0,), (1,)], (0, 0, 1, 1)),
        (3, 4, [(0, 1), (2, 3)], (0, 0, 1)),
        (1, 3, [(0, 1, 2)], (0,)),
    ],
)
def test_meshes_are_equal_and_stages_share_them(
    stages: int, devices: int, ranks: list[tuple[int, ...]], mesh_of: tuple[int, ...]
) -> None:
    layout = make_layout(stages, devices)
    assert [mesh.ranks for mesh in layout.meshes] == ranks
    assert layout.mesh_of == mesh_of
    assert all([(axis.name, axis.size) for axis in mesh.axes] == [("x", len(ranks[0]))] for mesh in layout.meshes)


def test_no_devices_are_no_layout() -> None:
    with pytest.raises(UserError, match="got 0 devices, want at least 1"):
        make_layout(1, 0)


def test_a_stage_for_each_host() -> None:
    assert [auto_stages(*each) for each in ((1, 8), (2, 8), (3, 8), (8, 8))] == [1, 2, 1, 8]


def test_roofline() -> None:
    machine = load_machine("a100-dgx")
    assert machine.compute_s(312e12, 0, "bf16") == pytest.approx(1, rel=1e-3)
    assert machine.compute_s(19.5e12, 0, "i4") == pytest.approx(1, rel=1e-3), "an unlisted type runs as f32"
    assert machine.compute_s(1, 2039e9) == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "size"), [("16GiB", 16 * 2**30), ("512 MB", 512e6), ("1e9", 1e9), ("0.5t", 5e11), ("7B", 7)]
)
def test_sizes(text: str, size: float) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "-1GB", "0", "1XB", "1.2.3", "1e999"])
def test_bad_sizes(text: str) -> None:
    with pytest.raises(UserError, match="want a size in bytes"):
        parse_bytes(text)


def test_unknown_machine_lists_the_known_ones() -> None:
    message = r"unknown machine 'a100_dgx'; did you mean 'a100-dgx'\? known machines: a100-dgx, h100-dgx, local-cpu"
    with pytest.raises(UserError, match=message):
        load_machine("a100_dgx")


def test_missing_file() -> None:
    with pytest.raises(UserError, match=r"here/none\.toml: there is no such machine file"):
        load_machine("here/none.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("memory_bytes =", "memory_byte =", r"m\.toml: unknown key 'memory_byte'; did you mean 'memory_bytes'\?"),
        (
            "latency_s = 5e-6",
            "latency = 5e-6",
            r"m\.toml, \[intra_host\]: unknown key 'latency'; did you mean 'latency_s'\?",
        ),
        ("dispatch_s = 3e-5\n", "", "m.toml: object missing required field `dispatch_s`"),
        ("dispatch_s = 3e-5", "dispatch_s = -1.0", r"m\.toml, key 'dispatch_s': got -1.0, want from 1e-15 to 1e\+06"),
        ("dispatch_s = 3e-5", "dispatch_s = nan", r"m\.toml, key 'dispatch_s': got nan, want from 1e-15 to 1e\+06"),
        ("f64 = 9.7e12", "f64 = 0", r"m\.toml, \[flops_per_s\], key 'f64': got 0.0, want from 1 to 1e\+24"),
        ("f64 = 9.7e12", "f64 = inf", r"m\.toml, \[flops_per_s\], key 'f64': got inf, want from 1 to 1e\+24"),
        ("f64 = 9.7e12", "f64 = 1e400", r"m\.toml, \[flops_per_s\], key 'f64': got inf, want from 1 to 1e\+24"),
        (
            "f64 = 9.7e12",
            "f64 = 1" + "0" * 30,
            r"m\.toml, \[flops_per_s\], key 'f64': got 1e\+30, want from 1 to 1e\+24",
        ),
        (
            "f64 = 9.7e12",
            "f64 = 1" + "0" * 400,
            r"m.toml, key 'flops_per_s\[...\]': number out of range; no machine has",
        ),
        ("f64 = 9.7e12", "f64 = 1" + "0" * 5000, "m.toml: cannot be read as TOML: Exceeds the limit"),
        ("f64 = 9.7e12", "f64 = " + "[" * 5000, "m.toml: cannot be read as TOML"),
        ("f64 = 9.7e12", "f64 = 1979-05-27", r"m.toml, key 'flops_per_s\[...\]': expected `float`, got `date`"),
        ("latency_s = 5e-6", "latency_s = 1e-300", r"m\.toml, \[intra_host\], key 'latency_s': got 1e-300, want from"),
        (
            "devices_per_host = 8",
            "devices_per_host = -1",
            r"m\.toml, key 'devices_per_host': got -1, want from 1 to 131072",
        ),
        (
            "devices_per_host = 8",
            "devices_per_host = 1" + "0" * 30,
            r"key 'devices_per_host': got 1000000\d*, want from 1 to",
        ),
        (
            "devices_per_host = 8",
            "devices_per_host = 1000\nhosts = 1000",
            "m.toml: got 1000 hosts x 1000 devices, want at most 131072 in all",
        ),
        (
            "devices_per_host = 8",
            "devices_per_host = 8.5",
            "m.toml, key 'devices_per_host': expected `int | null`, got `float`",
        ),
        ("f32 = ", "f33 = ", r"\[flops_per_s\]: key 'f32' is missing"),
        (
            "devices_per_host = 8",
            "devices_per_host = 0",
            "m.toml, key 'devices_per_host': got 0, want from 1 to 131072",
        ),
        (
            "devices_per_host = 8",
            "devices_per_host = '8'",
            "m.toml, key 'devices_per_host': expected `int | null`, got `str`",
        ),
        ('per = "device"', 'per = "rank"', r"m\.toml, key 'inter_host\.bandwidth_per': invalid enum value 'rank'"),
        ("[intra_host]", "[intra_host", "m.toml: cannot be read as TOML: .*line"),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    path = tmp_path / "m.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(UserError, match=message.replace("| null", r"\| null")):
        load_machine(str(path))


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as TOML"):
        load_machine(str(path))


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (
            {"devices_per_host": 16},
            "--devices-per-host: a mesh larger than the machine: got 16 devices per host, 'a100-dgx' has 8",
        ),
        ({"hosts": 0}, "--hosts: got 0, want at least 1"),
        ({"memory_bytes": 0}, "--memory-per-device: got 0 bytes, want from 1 to 1e[+]24"),
        ({"memory_bytes": float("nan")}, "--memory-per-device: got nan bytes, want from 1 to 1e[+]24"),
        ({"hosts": 10**30}, "--hosts: got 1000000000000000000000000000000, want at most 131072"),
    ],
)
def test_sizes_that_cannot_be(size: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_machine("a100-dgx", **size)


def test_a_machine_larger_than_a_plan() -> None:
    with pytest.raises(UserError, match="got 1000 hosts x 1000 devices, want at most 131072 in all"):
        load_machine("local-cpu", hosts=1000, devices_per_host=1000)


def test_a_large_file(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("#" * (1 << 20) + "\n")
    with pytest.raises(UserError, match="has more than 1048576 bytes"):
        load_machine(str(tmp_path / "m.toml"))


def test_a_mesh_larger_than_the_machine() -> None:
    machine: Machine = load_machine("local-cpu", hosts=2, devices_per_host=4)
    machine.require_devices(8)
    with pytest.raises(
        UserError, match="a mesh larger than the machine: got 9 devices, 'local-cpu' has 2 hosts x 4 devices = 8"
    ):
        machine.require_devices(9)

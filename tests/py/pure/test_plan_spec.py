"""The file of ``--plan-spec``: what it may say, every mistake in one sentence with its line, and what other options may say beside it."""

from pathlib import Path

import msgspec
import pytest
from test_plan import small_plan

from compiler.cli.options import plan_options
from compiler.options import PlanOptions, StageSpec
from compiler.plan.records import Mesh, Plan, Stage
from compiler.spec.file import MOST_FILE_BYTES, PlanSpec, read_spec
from compiler.spec.merge import num_devices, with_spec
from compiler.spec.paths import layer_of, parts_of, trimmed
from compiler.spec.text import spec_text
from dialects.errors import UserError

CUT = '[[stage]]\nuntil = "a"\n'
LAST = "[[stage]]\n"


def read(folder: Path, text: str) -> PlanSpec:
    (folder / "spec.toml").write_text(text)
    return read_spec(str(folder / "spec.toml"))


def test_all_that_a_file_says(tmp_path: Path) -> None:
    text = """
        microbatches = 4
        schedule = "gpipe"
        [[stage]]
        until = "blocks.3"
        devices = 6
        shape = [2, 3]
        intra = "zero2"
        remat = "none"
        [[stage]]
        until = 7
        ranks = [7, 6]
        [[stage]]
    """
    first = StageSpec(until="blocks.3", devices=6, shape=(2, 3), intra="zero2")
    assert read(tmp_path, text) == PlanSpec((first, StageSpec(until="7", ranks=(7, 6)), StageSpec()), 4, "gpipe")


def test_a_shape_says_how_many_devices(tmp_path: Path) -> None:
    assert read(tmp_path, "[[stage]]\nshape = [2, 2]\n").stages == (StageSpec(devices=4, shape=(2, 2)),)


def test_no_cut_in_any_stage_leaves_them_to_be_chosen(tmp_path: Path) -> None:
    stages = read(tmp_path, "[[stage]]\ndevices = 1\n[[stage]]\ndevices = 3\n").stages
    assert [stage.until for stage in stages] == [None, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[stage]", "cannot be read as TOML: "),
        ("a" * (MOST_FILE_BYTES + 1), f"has more than {MOST_FILE_BYTES} bytes, want a plan spec"),
        ("a = " + "[" * 100_000, "cannot be read as TOML: "),
        ("microbatches = 4\n", "got no [[stage]], want a table for each stage, in order"),
        ("stage = 3\n", "got no [[stage]], want a table for each stage, in order"),
        ("stage = [3]\n", "got no [[stage]], want a table for each stage, in order"),
        ("stage = []\n", "got no [[stage]], want a table for each stage, in order"),
        (f"\nmicrobatch = 4\n{LAST}", ":2: unknown key 'microbatch'; did you mean 'microbatches'?"),
        (f"x = 4\n{LAST}", ":1: unknown key 'x'; known keys: stage, microbatches, schedule"),
        (
            f'chunks = 2\nschedule = "1f1b"\n{LAST}',
            ":1: unknown key 'chunks'; known keys: stage, microbatches, schedule",
        ),
        (f"{CUT}{LAST}device = 3\n", ":4, stage 1: unknown key 'device'; did you mean 'devices'?"),
        (f"microbatches = 0\n{LAST}", ":1, key 'microbatches': got 0, want from 1 to 2147483647"),
        (f"microbatches = {1 << 70}\n{LAST}", ":1, key 'microbatches': "),
        (f"microbatches = 1.5\n{LAST}", ":1, key 'microbatches': expected `int | null`, got `float`"),
        (f"microbatches = true\n{LAST}", ":1, key 'microbatches': expected `int | null`, got `bool`"),
        (f'schedule = "zigzag"\n{LAST}', ":1, key 'schedule': got 'zigzag', want one of gpipe, 1f1b"),
        (
            f"{LAST}until = 3\n",
            ":2, stage 0, key 'until': the last stage has a cut, want none: it ends with the program",
        ),
        (f"{CUT}\n{LAST}{LAST}", ":4, stage 1: has no 'until', which all but the last need; write until = \"LAYER\": "),
        (f'[[stage]]\nuntil = ""\n{LAST}', ":2, stage 0, key 'until': got 0 letters, want a name of 1 to 1000"),
        (f"[[stage]]\nuntil = [1]\n{LAST}", ":2, stage 0, key 'until': expected `int | str | null`, got `array`"),
        (f"{CUT}devices = 0\n{LAST}", ":3, stage 0, key 'devices': got 0, want from 1 to 131072"),
        (f"{CUT}devices = 131073\n{LAST}", ":3, stage 0, key 'devices': got 131073, want from 1 to 131072"),
        (f"{LAST}ranks = [-1]\n", ":2, stage 0, key 'ranks': got -1, want from 0 to 131071"),
        (f"{LAST}ranks = []\n", ":2, stage 0, key 'ranks': got no ranks, want at least one"),
        (f"{LAST}ranks = [1, 2, 1]\n", ":2, stage 0, key 'ranks': got rank 1 twice, want each once"),
        (f"{LAST}devices = 3\nranks = [1]\n", ":3, stage 0, key 'ranks': got 3 devices and 1 ranks, want as many"),
        (f'{LAST}ranks = ["1"]\n', ":2, stage 0, key 'ranks': expected `int`, got `str`"),
        (f"{LAST}shape = [0]\n", ":2, stage 0, key 'shape': got 0, want from 1 to 131072"),
        (f"{LAST}shape = []\n", ":2, stage 0, key 'shape': got 0 sizes, want 1 to 3"),
        (f"{LAST}shape = [1, 1, 1, 1]\n", ":2, stage 0, key 'shape': got 4 sizes, want 1 to 3"),
        (
            f"{LAST}devices = 3\nshape = [2]\n",
            ":3, stage 0, key 'shape': got 2, want sizes with the product 3, the devices",
        ),
        (f"{LAST}ranks = [1, 0]\nshape = [3]\n", ":3, stage 0, key 'shape': got 3, want sizes with the product 2"),
        (f'{LAST}intra = "best"\n', ":2, stage 0, key 'intra': got 'best', want one of ilp, data, "),
        (
            f'{LAST}remat = "full"\n',
            ":2, stage 0, key 'remat': rematerialisation is not built yet; write remat = \"none\"",
        ),
        (f'{LAST}remat = "selective"\n', ":2, stage 0, key 'remat': rematerialisation is not built yet; "),
        (f'{LAST}remat = "some"\n', ":2, stage 0, key 'remat': got 'some', want none, full or selective"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "spec.toml"))
    assert "\n" not in str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    for place in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UserError, match=r"there is no such file; `compiler explain PLAN --spec` prints one"):
            plan_options({"plan_spec": str(place)})


def test_beside_other_options(tmp_path: Path) -> None:
    read(tmp_path, f'microbatches = 4\n{CUT}shape = [2]\nintra = "data"\n{LAST}shape = [1]\nintra = "data"\n')
    words = {"plan_spec": str(tmp_path / "spec.toml")}
    found = plan_options(
        {**words, "microbatches": "4", "stages": "2", "schedule": "gpipe", "intra": "data", "hosts": "3"}
    )
    assert (found.microbatches, found.stages, found.schedule, found.intra, found.hosts) == (4, 2, "gpipe", "data", 3)
    assert plan_options({**words, "microbatches": "auto", "mesh": "auto"}).microbatches == 4
    for name, word, said in (
        (
            "stages",
            "3",
            "--stages: got 3, and the plan spec says 2, want the same; leave --stages out, or change the file",
        ),
        ("microbatches", "2", "--microbatches: got 2, and the plan spec says 4, want the same"),
        ("intra", "ilp", "--intra: got ilp, and the plan spec says data, want the same"),
        ("mesh", "2", "--mesh: got 2, and the plan spec says 1, want the same"),
    ):
        with pytest.raises(UserError) as caught:
            plan_options({**words, name: word})
        assert str(caught.value).startswith(said)
    read(tmp_path, f'schedule = "gpipe"\n{LAST}')
    with pytest.raises(UserError, match="--schedule: got 1f1b, and the plan spec says gpipe, want the same"):
        plan_options({**words, "schedule": "1f1b"})


def test_choosers_that_differ_leave_the_plan_its_own() -> None:
    spec = PlanSpec((StageSpec(until="a", intra="data"), StageSpec(intra="zero3")))
    found = with_spec(PlanOptions(), spec)
    assert (found.intra, found.stage_specs, found.stages) == ("ilp", spec.stages, 2)


def test_how_many_devices() -> None:
    assert num_devices(()) is None
    assert num_devices((StageSpec(devices=1), StageSpec(devices=3))) == 4
    assert num_devices((StageSpec(devices=1), StageSpec())) is None
    assert num_devices((StageSpec(ranks=(0, 1)), StageSpec(ranks=(0, 1)), StageSpec(devices=2))) == 4


@pytest.mark.parametrize(
    ("names", "layers"),
    [
        (["params['layers'][0]['w']", "params['layers'][1]['w']", "params['out']"], ["layers.0", "layers.1", "out"]),
        (["params['layers.0.norm.weight']", "params['head.bias']"], ["layers.0", "head"]),
        (["state[0]['layers'][0]['norm']['scale'].value", "state[0]['norm']['scale'].value"], ["layers.0", "norm"]),
        (
            ["params['params']['Block_0']['Conv_1']['kernel']", "params['params']['Dense_0']['bias']"],
            ["Block_0", "Dense_0"],
        ),
        (["params['lstm/linear']['w']", "params['out']['b']"], ["lstm.linear", "out"]),
        (["params[0]['w']", "params[0]['b']", "params[1]['w']"], ["params.0", "params.0", "params.1"]),
        (["w"], ["w"]),
        (["encoder.blocks.3.attn.q.kernel", "decoder.blocks.3.mlp.0.kernel"], ["encoder.blocks.3", "decoder.blocks.3"]),
    ],
)
def test_layers_from_names(names: list[str], layers: list[str]) -> None:
    assert [".".join(layer_of(path)) for path in trimmed([parts_of(name) for name in names])] == layers


def of_two_stages(ranks: tuple[tuple[int, ...], ...]) -> Plan:
    meshes = tuple(Mesh(f"mesh{i}", mine, ()) for i, mine in enumerate(ranks))
    stages = (Stage(0, 'a "layer"'), Stage(len(ranks) - 1))
    return msgspec.structs.replace(small_plan(), stages=stages, num_stages=2, meshes=meshes)


@pytest.mark.parametrize(
    ("ranks", "asked"), [(((0,), (1,)), None), (((1,), (0,)), ((1,), (0,))), (((0,),), ((0,), (0,)))]
)
def test_text_of_a_plan(
    tmp_path: Path, ranks: tuple[tuple[int, ...], ...], asked: tuple[tuple[int, ...], ...] | None
) -> None:
    found = read(tmp_path, spec_text(of_two_stages(ranks), "here"))
    assert (found.microbatches, found.schedule) == (1, "gpipe")
    assert [stage.until for stage in found.stages] == ['a "layer"', None]
    assert [stage.shape for stage in found.stages] == [(1,), (1,)]
    if asked is None:
        assert [(stage.devices, stage.ranks) for stage in found.stages] == [(1, None), (1, None)]
    else:
        assert tuple(stage.ranks for stage in found.stages) == asked


def test_text_of_a_plan_of_before() -> None:
    with pytest.raises(UserError, match=r"here: does not say where its stages end, .*; plan again"):
        spec_text(small_plan(), "here")

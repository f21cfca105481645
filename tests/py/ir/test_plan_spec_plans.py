"""Plans by hand: what is asked is planned, and the spec of any plan gives that plan again, file by file."""

import json
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.__main__ import main
from compiler.cli.errors import exit_code
from compiler.cli.options import plan_options
from compiler.driver import make_plan
from compiler.options import PlanOptions
from compiler.plan.files import load_plan
from compiler.plan.records import Plan
from compiler.spec.text import spec_text

ROOT = Path(__file__).parents[3]
MODULES = ROOT / "tests" / "modules"
MLP_OPS = 36  # forward ops of jax_mlp


def compiler(*words: str) -> int:
    return exit_code(main, "python -m compiler", list(words))


def spec_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert compiler("explain", str(folder), "--spec") == 0
    return capsys.readouterr().out


def assert_same(one: Path, other: Path) -> None:
    """Every file, apart from what a plan says of how its number of microbatches was chosen."""
    first, second = load_plan(str(one)), load_plan(str(other))
    assert msgspec.structs.replace(first, remarks=()) == msgspec.structs.replace(second, remarks=())
    for name in first.digests:
        assert (one / name).read_bytes() == (other / name).read_bytes()
    if first.remarks == second.remarks:
        assert (one / "plan.json").read_bytes() == (other / "plan.json").read_bytes()


def with_spec(folder: Path, text: str, **words: str) -> PlanOptions:
    (folder / "spec.toml").write_text(text)
    return plan_options({"plan_spec": str(folder / "spec.toml"), **words})


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("gpt_small.mlirbc", {"hosts": "2"}),
        ("linen_resnet.mlirbc", {"hosts": "3", "intra": "data"}),
        (
            "hf_gpt2.mlirbc",
            {"hosts": "2", "stages": "4", "intra": "megatron", "schedule": "gpipe"},
        ),  # stages share meshes
        ("jax_mlp.mlirbc", {"devices_per_host": "4", "mesh": "2x2"}),
        ("zoo/scan_layers.mlirbc", {"hosts": "2", "intra": "zero2"}),
        ("zoo/accumulate_scan.mlirbc", {"hosts": "2", "intra": "data"}),
        ("zoo/batch_norm.mlirbc", {"hosts": "2", "intra": "data"}),
        ("zoo/rnn_time_major.mlirbc", {"hosts": "2", "intra": "data"}),
        ("zoo/no_batch.mlirbc", {"hosts": "2", "intra": "data"}),
        ("zoo/per_example_outputs.mlirbc", {"hosts": "3", "intra": "data"}),  # folds amid the forward part
    ],
)
def test_the_spec_of_a_plan_gives_it_again(
    module: str, words: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_plan(str(MODULES / module), str(tmp_path / "plan"), plan_options(words))
    text = spec_of(tmp_path / "plan", capsys)
    shape = {name: words[name] for name in ("hosts", "devices_per_host") if name in words}
    make_plan(str(MODULES / module), str(tmp_path / "again"), with_spec(tmp_path, text, **shape))
    assert_same(tmp_path / "plan", tmp_path / "again")


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A spec for jax_mlp: 1 to 3 stages anywhere, on meshes of 1 to 3 devices, in any order of the ranks."""
    stages = draw(st.integers(1, 3))
    cuts = sorted(draw(st.lists(st.integers(1, MLP_OPS - 1), min_size=stages - 1, max_size=stages - 1, unique=True)))
    counts = draw(st.lists(st.integers(1, 3), min_size=stages, max_size=stages))
    ranks = draw(st.permutations(range(sum(counts)))) if draw(st.booleans()) else list(range(sum(counts)))
    lines = [f"microbatches = {draw(st.sampled_from((1, 2, 4)))}"]
    lines.append(f'schedule = "{draw(st.sampled_from(("gpipe", "1f1b")))}"')
    for stage, count in enumerate(counts):
        mine, ranks = ranks[:count], ranks[count:]
        lines += [
            "[[stage]]",
            f"ranks = {list(mine)}",
            f'intra = "{draw(st.sampled_from(("data", "zero3", "megatron")))}"',
        ]
        lines += [f'until = "#{cuts[stage]}"'] if stage < stages - 1 else []
    return "\n".join(lines)


@settings(max_examples=8, deadline=None)
@given(text=specs())
def test_random_specs_are_planned_as_written(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("plans")
    module, asked = str(MODULES / "jax_mlp.mlirbc"), tomllib.loads(text)
    plan = make_plan(module, str(folder / "plan"), with_spec(folder, text))
    assert (plan.microbatches, plan.schedule) == (asked["microbatches"], asked["schedule"])
    for stage, wanted in zip(plan.stages, asked["stage"], strict=True):
        assert list(plan.meshes[stage.mesh].ranks) == wanted["ranks"]
    assert {d.mesh: d.chooser for d in plan.decisions} == {
        stage.mesh: wanted["intra"] for stage, wanted in zip(plan.stages, asked["stage"], strict=True)
    }
    make_plan(module, str(folder / "again"), with_spec(folder, spec_text(plan, "plan")))
    assert_same(folder / "plan", folder / "again")


def test_the_example_of_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "plan-spec.md").read_text(), re.DOTALL)[0]
    plan = make_plan(str(MODULES / "gpt.mlirbc"), str(tmp_path / "plan"), with_spec(tmp_path, text, intra="ilp"))
    assert [len(mesh.ranks) for mesh in plan.meshes] == [2, 2, 2]
    assert (plan.microbatches, plan.stages[0].until, plan.machine.hosts, plan.machine.devices_per_host) == (
        4,
        "layers.1",
        1,
        6,
    )
    assert plan.stages[1].until.startswith("loss_of/")
    capsys.readouterr()
    assert compiler("explain", str(tmp_path / "plan"), "--json") == 0
    assert [stage["until"] for stage in json.loads(capsys.readouterr().out)["stages"]] == [s.until for s in plan.stages]
    assert 'until = "layers.1"\ndevices = 2\nshape = [2]\nintra = "ilp"\n' in spec_of(tmp_path / "plan", capsys)


def test_unequal_meshes_cut_by_number(tmp_path: Path) -> None:
    text = '[[stage]]\nuntil = 2\nshape = [1]\n[[stage]]\nshape = [3]\nintra = "zero1"\n'
    plan = make_plan(
        str(MODULES / "gpt_small.mlirbc"), str(tmp_path / "plan"), with_spec(tmp_path, text, intra="zero1")
    )
    assert [mesh.ranks for mesh in plan.meshes] == [(0,), (1, 2, 3)]
    assert plan.stages[0].until == "layers.0"
    params = {0: layers_on(plan, 0), 1: layers_on(plan, 1)}
    assert params == {0: {"0"}, 1: {"1"}}


def layers_on(plan: Plan, mesh: int) -> set[str]:
    """The layers whose parameters mesh holds."""
    held = [v.argument for v in plan.values if v.argument is not None and any(p.mesh == mesh for p in v.placements)]
    names = [plan.arguments[index].name for index in held if plan.arguments[index].role == "parameter"]
    return {found[1] for name in names if (found := re.search(r"\['layers'\]\[(\d)\]", name))}


def test_devices_that_do_not_add_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.toml").write_text("[[stage]]\nuntil = 2\ndevices = 1\n[[stage]]\ndevices = 2\n")
    words = (
        "plan",
        str(MODULES / "gpt_small.mlirbc"),
        "-o",
        str(tmp_path / "plan"),
        "--plan-spec",
        str(tmp_path / "spec.toml"),
    )
    assert compiler(*words, "--hosts", "1", "--devices-per-host", "4") == 2
    err = capsys.readouterr().err
    assert err.startswith("error: devices of the stages: the stages ask for 3 devices, and the machine has 4")
    assert err.count("\n") == 1
    assert not (tmp_path / "plan").exists()


def test_words_of_explain_and_inspect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = str(MODULES / "jax_mlp.mlirbc")
    assert compiler("plan", module, "-o", str(tmp_path / "plan"), "--intra", "data") == 0
    for words, said in (
        (("--spec", "--json"), "error: --spec: prints a TOML file, and no JSON; leave --json out\n"),
        (("--spec", "--why", "dot"), "error: explain: got both --why and --spec, want one of them\n"),
    ):
        capsys.readouterr()
        assert compiler("explain", str(tmp_path / "plan"), *words) == 2
        assert capsys.readouterr().err == said
    assert compiler("inspect", module, "--layers") == 0
    assert "params.1" in capsys.readouterr().out
    assert compiler("inspect", module, "--layers", "--json") == 0
    assert [layer["name"] for layer in json.loads(capsys.readouterr().out)["layers"]] == [
        "params.0",
        "params.1",
        "params.2",
    ]

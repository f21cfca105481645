"""However many devices each mesh has, and in whatever shape: a plan computes what the program computes."""

from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jaxlib.mlir import ir
from layers import equal_layers, two_branches
from plan_run import run_plan
from simulate import whole

from compiler.driver import make_plan
from compiler.machine.meshes import logical_meshes
from compiler.options import CHOOSER_NAMES, PlanOptions, StageSpec
from dialects.context import make_context
from dialects.errors import UserError
from passes.analysis.shardings.cases import Case
from passes.shardings.choose_shardings import ChooseShardings, Decision

pytestmark = pytest.mark.ir

MODULES = Path(__file__).parents[2] / "modules"
TIED = MODULES / "tied_layers.mlir"
SLOW = str(MODULES / "slow-devices.toml")


@st.composite
def layouts(draw: st.DrawFn) -> tuple[StageSpec, ...]:
    """One to three stages on meshes of one to six devices, ranks in any order, some stages sharing a mesh."""
    sizes = draw(st.lists(st.sampled_from((1, 2, 3, 4, 6)), min_size=1, max_size=3))
    order = draw(st.permutations(range(sum(sizes))))
    specs: list[StageSpec] = []
    for number, size in enumerate(sizes):
        ranks = tuple(order[sum(sizes[:number]) : sum(sizes[: number + 1])])
        shapes = [tuple(size for _, size in shape.axes) for shape in logical_meshes(size)]
        shape, intra = draw(st.sampled_from([None, *shapes])), draw(st.sampled_from(CHOOSER_NAMES))
        specs.append(StageSpec(ranks=ranks, shape=shape, intra=intra))
    if len(specs) == 2 and draw(st.booleans()):
        specs.append(specs[0])
    return tuple(specs)


def arguments() -> list[np.ndarray[Any, Any]]:
    random = np.random.default_rng(7)
    weights = [random.normal(0, 0.3, shape).astype(np.float32) for shape in ((12, 24), (24, 24))]
    batch = [random.normal(0, 1, shape).astype(np.float32) for shape in ((24, 12), (24, 24))]
    return [*weights, np.array(3, np.int32), *batch]


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.generate],
)
@given(layouts(), st.sampled_from((1, 2, 4)), st.sampled_from(("gpipe", "1f1b")))
def test_any_layout_equals_the_program(specs: tuple[StageSpec, ...], microbatches: int, schedule: str) -> None:
    devices = len({rank for spec in specs for rank in spec.ranks or ()})
    options = PlanOptions(
        machine=SLOW, devices=devices, microbatches=microbatches, schedule=schedule, stage_specs=specs
    )
    with TemporaryDirectory() as folder:
        made = make_plan(str(TIED), str(Path(folder) / "plan"), options)
        found = run_plan(Path(folder) / "plan", made, arguments())
    for mesh in made.meshes:
        asked = next(spec for spec in specs if spec.ranks == mesh.ranks)
        sizes = tuple(axis.size for axis in mesh.axes)
        assert prod(sizes) == len(mesh.ranks)
        assert asked.shape in (None, sizes)
    assert {decision.mesh: decision.chooser for decision in made.decisions} == {
        number: next(spec.intra for spec in specs if spec.ranks == mesh.ranks)
        for number, mesh in enumerate(made.meshes)
    }
    with make_context(), ir.Location.unknown():
        wanted = whole(TIED.read_text(), arguments())
    for mine, want in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, want, rtol=2e-5, atol=1e-5)


def on(devices: int, **more: Any) -> StageSpec:
    return StageSpec(devices=devices, **more)


def test_each_mesh_has_the_shape_that_is_cheapest_for_it(tmp_path: Path) -> None:
    """The same two meshes planned alone have the same axes: no mesh is bound by another's shape."""
    made = make_plan(
        str(TIED), str(tmp_path / "plan"), PlanOptions(machine=SLOW, devices=7, stage_specs=(on(1), on(6)))
    )
    assert [len(mesh.ranks) for mesh in made.meshes] == [1, 6]
    first, second = ([(axis.name, axis.size) for axis in mesh.axes] for mesh in made.meshes)
    assert first == [("x", 1)]
    assert second == [("x", 2), ("y", 3)], "two axes can do all that one can"


def test_equal_meshes_are_decided_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers 2 and 3 of four equal ones: the same problem, with fewer microbatches waiting in the later one."""
    asked: list[str] = []
    decide = ChooseShardings.decide

    def counted(self: ChooseShardings, case: Case) -> Decision:
        asked.append(case.symbol)
        return decide(self, case)

    monkeypatch.setattr(ChooseShardings, "decide", counted)
    module = tmp_path / "layers.mlir"
    module.write_text(equal_layers(8))
    made = make_plan(str(module), str(tmp_path / "plan"), PlanOptions(hosts=4, devices_per_host=2, microbatches=4))
    assert asked == ["mesh3", "mesh2", "mesh0"]
    first, second = made.decisions[1:3]
    assert first.certificate == second.certificate
    assert dict(first.memory.bytes_of)["activations"] > dict(second.memory.bytes_of)["activations"], (
        "each its own memory"
    )


@pytest.mark.parametrize(
    ("specs", "more", "message"),
    [
        ((on(2), on(2)), {"stages": 3}, "--stages: got 3, and 2 stages are described; leave it out"),
        (
            (on(1),) * 12,
            {},
            "stages: got 12 stages with devices of their own, and the forward part can be cut in 10 only",
        ),
        ((on(1), on(3)), {"mesh": (3,)}, "--mesh: got 3, want up to 3 sizes with the product 1, the devices of a mesh"),
        ((on(1), on(3, intra="best")), {}, "--intra: unknown chooser 'best'"),
    ],
)
def test_mistakes(specs: tuple[StageSpec, ...], more: dict[str, Any], message: str, tmp_path: Path) -> None:
    options = PlanOptions(machine=SLOW, devices=sum(spec.devices or 0 for spec in specs), stage_specs=specs, **more)
    with pytest.raises(UserError, match=message):
        make_plan(str(TIED), str(tmp_path / "plan"), options)


def annotated(folder: Path) -> str:
    """The program with a mesh of its own, on which its first weight is split."""
    text = TIED.read_text().replace(
        "module @tied_layers {", 'module @tied_layers {\n  sdy.mesh @m = <["data"=2, "model"=2]>'
    )
    text = text.replace(
        "%w0: tensor<12x24xf32> {", '%w0: tensor<12x24xf32> {sdy.sharding = #sdy.sharding<@m, [{}, {"model"}]>, '
    )
    path = folder / "annotated.mlir"
    path.write_text(text)
    return str(path)


def test_annotations_hold_on_the_mesh_that_has_their_size(tmp_path: Path) -> None:
    options = PlanOptions(machine=SLOW, devices=5, stage_specs=(on(4), on(1)))
    made = make_plan(annotated(tmp_path), str(tmp_path / "plan"), options)
    assert [[(axis.name, axis.size) for axis in mesh.axes] for mesh in made.meshes] == [
        [("data", 2), ("model", 2)],
        [("x", 1)],
    ]
    (weight,) = [value for value in made.values if value.id == "arg0"]
    assert [placement.sharding for placement in weight.placements if placement.mesh == 0] == [((), ("model",))]


def test_annotations_on_a_mesh_of_another_size_are_refused(tmp_path: Path) -> None:
    message = "its annotations are for the mesh data=2,model=2 of 4 devices, and a mesh here has 3"
    options = PlanOptions(machine=SLOW, devices=7, stage_specs=(on(3), on(4)))
    with pytest.raises(UserError, match=message):
        make_plan(annotated(tmp_path), str(tmp_path / "plan"), options)


def test_each_mesh_has_its_own_memory(tmp_path: Path) -> None:
    """Less room changes the mesh that needs it and leaves the other; without any the message names the moment."""
    peaks: list[tuple[float, ...]] = []
    for limit in (1e9, 5000):
        options = PlanOptions(
            machine=SLOW, devices=5, memory_per_device=limit, microbatches=4, stage_specs=(on(4), on(1))
        )
        made = make_plan(str(TIED), str(tmp_path / f"{limit:g}"), options)
        peaks.append(made.prediction.mesh_peak_bytes)
    (first, small), (squeezed, same) = peaks
    assert squeezed <= 5000 < first
    assert same == small
    options = PlanOptions(machine=SLOW, devices=5, memory_per_device=3000, microbatches=4, stage_specs=(on(4), on(1)))
    with pytest.raises(UserError, match="no choice of shardings fits: the smallest plan found needs") as caught:
        make_plan(str(TIED), str(tmp_path / "none"), options)
    assert "in stage0_backward, and a device has 2.93 KiB" in caught.value.message


def test_branches_run_side_by_side(tmp_path: Path) -> None:
    """Stages 1 and 2 do not read each other, and both wait for stage 0 alone. Backward, the one that adds up waits for the other."""
    module = tmp_path / "branches.mlir"
    module.write_text(two_branches())
    options = PlanOptions(machine=SLOW, devices=4, microbatches=2, stage_specs=(on(1),) * 4)
    made = make_plan(str(module), str(tmp_path / "plan"), options)
    clock = {(slot.phase, slot.stage, slot.microbatch): slot.clock for slot in made.slots}
    assert clock["forward", 1, 0] == clock["forward", 2, 0] == clock["forward", 0, 0] + 1
    assert clock["forward", 3, 0] == clock["forward", 2, 0] + 1
    random = np.random.default_rng(3)
    given = [random.normal(0, 0.2, (32, 32)).astype(np.float32) for _ in range(4)]
    given.append(random.normal(0, 1, (16, 32)).astype(np.float32))
    with make_context(), ir.Location.unknown():
        wanted = whole(two_branches(), given)
    for mine, want in zip(run_plan(tmp_path / "plan", made, given), wanted, strict=True):
        np.testing.assert_allclose(mine, want, rtol=2e-5, atol=1e-5)

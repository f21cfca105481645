"""Meshes asked for stage by stage: which devices each gets, and one sentence for all that does not add up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.machine.asked_layout import asked_layout
from compiler.machine.layout import Asked
from compiler.options import StageSpec
from dialects.errors import UserError


def spec(devices: int | None = None, ranks: tuple[int, ...] | None = None, **more: object) -> StageSpec:
    return StageSpec(devices=devices, ranks=ranks, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("specs", "devices", "ranks", "mesh_of"),
    [
        ([spec(3), spec(5)], 8, [(0, 1, 2), (3, 4, 5, 6, 7)], (0, 1)),
        ([spec(1), spec(2), spec(4)], 7, [(0,), (1, 2), (3, 4, 5, 6)], (0, 1, 2)),
        ([spec(2), spec(), spec()], 8, [(0, 1), (2, 3, 4), (5, 6, 7)], (0, 1, 2)),
        ([spec(ranks=(3, 2)), spec(1), spec()], 4, [(3, 2), (0,), (1,)], (0, 1, 2)),
        ([spec(ranks=(0, 1)), spec(3), spec(2, ranks=(0, 1))], 5, [(0, 1), (2, 3, 4)], (0, 1, 0)),
        ([spec()], 6, [(0, 1, 2, 3, 4, 5)], (0,)),
    ],
)
def test_which_devices(
    specs: list[StageSpec], devices: int, ranks: list[tuple[int, ...]], mesh_of: tuple[int, ...]
) -> None:
    layout = asked_layout(specs, devices)
    assert [mesh.ranks for mesh in layout.meshes] == ranks
    assert [mesh.name for mesh in layout.meshes] == [f"mesh{i}" for i in range(len(ranks))]
    assert layout.mesh_of == mesh_of
    assert len(layout.asked) == len(ranks)


def test_what_is_asked_of_a_mesh() -> None:
    shared, own = (0, 1, 2, 3), spec(2, shape=(2,))
    layout = asked_layout([spec(ranks=shared, shape=(2, 2)), own, spec(ranks=shared, intra="zero3")], 6)
    assert layout.asked == (Asked((2, 2), "zero3"), Asked((2,), None))


@pytest.mark.parametrize(
    ("specs", "devices", "message"),
    [
        ([spec(3), spec(4)], 8, "devices of the stages: the stages ask for 7 devices, and the machine has 8"),
        ([spec(3), spec(6)], 8, "the stages ask for 9 devices, and the machine has 8; change devices or ranks"),
        ([spec(3), spec(ranks=(0, 1))], 6, "the stages ask for 3 devices, and 4 are left to them"),
        ([spec(ranks=(0, 1)), spec(ranks=(2,))], 5, "ranks of the stages: 2 devices of the machine are on no stage"),
        ([spec(8), spec()], 8, "0 devices are left for 1 stage that ask for no number; say devices of each stage"),
        ([spec(3), spec(), spec()], 8, "5 devices are left for 2 stages that ask for no number"),
        ([spec(0), spec()], 8, "stage 0: got 0 devices, want at least 1"),
        ([spec(), spec(ranks=())], 8, r"stage 1: got ranks \[\], want at least one, each once"),
        ([spec(ranks=(1, 1)), spec()], 8, r"stage 0: got ranks \[1, 1\], want at least one, each once"),
        ([spec(ranks=(0, 8)), spec()], 8, "stage 0: got rank 8, want 0 to 7, the devices of the machine"),
        ([spec(3, ranks=(0, 1)), spec()], 8, r"stage 0: got 3 devices and ranks \[0, 1\]; say one of the two"),
        (
            [spec(ranks=(0, 1)), spec(ranks=(1, 2)), spec()],
            8,
            r"stage 1: got ranks \[1, 2\], and stage 0 has \[0, 1\]; stages share all devices of a mesh",
        ),
        ([spec(ranks=(0, 1)), spec(ranks=(1, 0))], 2, r"stage 1: got ranks \[1, 0\], and stage 0 has \[0, 1\]"),
        ([spec(3, shape=(2, 2)), spec()], 8, r"stage 0: got shape \[2, 2\], want up to 3 sizes with the product 3"),
        ([spec(2, shape=(-1, -2)), spec()], 8, r"stage 0: got shape \[-1, -2\], want up to 3 sizes"),
        ([spec(16, shape=(2, 2, 2, 2))], 16, "want up to 3 sizes with the product 16, its devices"),
        (
            [spec(ranks=(0, 1, 2, 3), shape=(4,)), spec(ranks=(0, 1, 2, 3), shape=(2, 2))],
            4,
            r"stage 1: got shape \[2, 2\], and a stage with the same ranks says another",
        ),
        (
            [spec(ranks=(0,), intra="ilp"), spec(ranks=(0,), intra="data")],
            1,
            "stage 1: got intra data, and a stage with the same ranks says another; stages with the same ranks are",
        ),
    ],
)
def test_what_does_not_add_up(specs: list[StageSpec], devices: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        asked_layout(specs, devices)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_device_is_on_one_mesh(data: st.DataObject) -> None:
    """However stages ask: meshes are disjoint, cover the machine, and each stage has what it asked for."""
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    order = data.draw(st.permutations(range(sum(sizes))))
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    specs: list[StageSpec] = []
    for start, size in zip(starts, sizes, strict=True):
        named = data.draw(st.booleans())
        ranks = tuple(order[start : start + size])
        specs += [spec(ranks=ranks)] * data.draw(st.integers(1, 2)) if named else [spec(size)]
    layout = asked_layout(specs, sum(sizes))
    ranks_of = [layout.meshes[mesh].ranks for mesh in layout.mesh_of]
    assert sorted(rank for mesh in layout.meshes for rank in mesh.ranks) == list(range(sum(sizes)))
    assert all(
        s.ranks in (None, ranks) and s.devices in (None, len(ranks)) for s, ranks in zip(specs, ranks_of, strict=True)
    )
    assert list(dict.fromkeys(layout.mesh_of)) == list(range(len(layout.meshes))), "numbered as stages come"

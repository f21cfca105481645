"""Logical meshes on machines: which there are, and which links their axes get."""

from pathlib import Path

import pytest

from compiler.machine.files import load_machine, load_machine_for
from compiler.machine.meshes import distinct_meshes, logical_meshes, mesh_costs
from dialects.errors import UserError
from dialects.sharding import MeshShape
from passes.solvers.costs.mesh_costs import AxisLink

pytestmark = pytest.mark.pure

A100 = (Path(__file__).parents[3] / "compiler/machine/known/a100-dgx.toml").read_text()


def shape(*sizes: int) -> MeshShape:
    return MeshShape(tuple(zip("xyz", sizes, strict=False)))


def test_every_factorization_once() -> None:
    assert logical_meshes(8, 2) == [shape(8), shape(2, 4), shape(4, 2)]
    assert logical_meshes(8)[-1] == shape(2, 2, 2)
    assert logical_meshes(12, 3)[1:5] == [shape(2, 6), shape(3, 4), shape(4, 3), shape(6, 2)]
    assert logical_meshes(7) == [shape(7)]
    assert logical_meshes(1) == [shape(1)]


def test_links_inside_a_host() -> None:
    costs = mesh_costs(load_machine("a100-dgx"), shape(2, 4))
    assert costs.links == (AxisLink(5e-6, 300e9), AxisLink(5e-6, 300e9))
    assert costs.memory_bytes == 80 * 2**30
    assert costs.compute_s(312e12, 0, "bf16") == pytest.approx(1)


def test_an_axis_of_one_device_costs_nothing() -> None:
    costs = mesh_costs(load_machine("a100-dgx"), shape(1))
    assert costs.collective_s("all_reduce", ["x"], 1e9) == 0


def test_an_axis_across_hosts_with_an_adapter_a_device() -> None:
    costs = mesh_costs(load_machine("a100-dgx", hosts=2), shape(2, 8))
    assert costs.links == (AxisLink(1e-5, 25e9), AxisLink(5e-6, 300e9))
    (link,) = mesh_costs(load_machine("a100-dgx", hosts=2), shape(16)).links
    assert link == AxisLink(1e-5, 8 * 25e9, 25e9), (
        "what leaves a host leaves it over 8 adapters, an all-to-all over one's own"
    )


def test_an_axis_across_hosts_with_one_adapter_a_host() -> None:
    machine = load_machine("v100-p3.16xlarge", hosts=2)
    assert machine.inter_host.bandwidth_per == "host"
    assert mesh_costs(machine, shape(2, 8)).links[0] == AxisLink(3e-5, 3.125e9 / 8), "8 groups at once"
    assert mesh_costs(machine, shape(16)).links[0] == AxisLink(3e-5, 3.125e9, 3.125e9 / 8), "one group"
    assert mesh_costs(machine, shape(2, 2), range(6, 10)).links[0] == AxisLink(3e-5, 3.125e9 / 2), "2 of each host"


def test_which_devices() -> None:
    machine = load_machine("a100-dgx", hosts=2)
    assert mesh_costs(machine, shape(8), range(8, 16)).links == (AxisLink(5e-6, 300e9),)
    assert mesh_costs(machine, shape(2, 2), range(7, 11)).links[0].latency_s == 1e-5
    with pytest.raises(UserError, match="a mesh larger than the machine: got 17 devices, 'a100-dgx' has 2 hosts x 8"):
        mesh_costs(machine, shape(8), range(9, 17))


def test_equal_meshes_are_tried_once() -> None:
    inside = load_machine("a100-dgx")
    assert distinct_meshes(inside, range(8), 3) == [shape(8), shape(2, 4), shape(2, 2, 2)]
    across = load_machine("a100-dgx", hosts=2)
    assert distinct_meshes(across, range(16), 2) == [shape(16), shape(2, 8), shape(4, 4), shape(8, 2)]


def test_as_much_of_a_machine_as_is_needed() -> None:
    assert load_machine_for(12, "a100-dgx").num_devices == 16
    assert load_machine_for(12, "local-cpu").devices_per_host == 12
    assert load_machine_for(12, "local-cpu", devices_per_host=4).hosts == 3


@pytest.mark.parametrize(
    ("table", "hosts", "message"),
    [
        (
            "[inter_host]",
            2,
            "machine 'a100-dgx' has 2 hosts and no link [inter_host]; add a table [inter_host] with latency_s and bandwidth_bytes_per_s",
        ),
        ("[intra_host]", 1, "machine 'a100-dgx' has 8 devices per host and no link [intra_host]; add a table"),
    ],
)
def test_a_link_that_is_not_there(tmp_path: Path, table: str, hosts: int, message: str) -> None:
    path = tmp_path / "m.toml"
    head, first, *rest = A100.partition("[intra_host]")
    middle, second, end = rest[0].partition("[inter_host]")
    path.write_text(head + (second + end if table == "[intra_host]" else first + middle))
    with pytest.raises(UserError) as caught:
        mesh_costs(load_machine(str(path), hosts=hosts), shape(8 * hosts))
    assert str(caught.value).startswith(message)


def test_a_link_that_is_not_needed(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(A100.partition("[inter_host]")[0])
    assert mesh_costs(load_machine(str(path), hosts=1), shape(2, 4)).links[0] == AxisLink(5e-6, 300e9)

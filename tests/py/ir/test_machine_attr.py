"""``mw.machine``: written by use-machine and read back the same; every way in which it cannot be read."""

import pytest
from jaxlib.mlir import ir

from compiler.machine.files import load_machine
from compiler.machine.meshes import mesh_costs
from compiler.pipeline.run import run_item
from compiler.pipeline.text import parse_pipeline
from dialects.context import make_context
from dialects.errors import UserError
from dialects.sharding import MeshShape
from passes.analysis.shardings.machine_attr import read_machine

pytestmark = pytest.mark.ir


def test_round_trip() -> None:
    shape = MeshShape((("x", 2), ("y", 4), ("z", 2)))
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse("module {}")
        assert read_machine(module) is None
        (item,) = parse_pipeline("use-machine{machine=v100-p3.16xlarge mesh=2x4x2}")
        run_item(item, module)
        again = ir.Module.parse(str(module))
        assert read_machine(again) == mesh_costs(load_machine("v100-p3.16xlarge", hosts=2), shape)
        run_item(item, again)
        assert str(again) == str(module), "twice is once"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("mesh=2x", "pass use-machine: got mesh=2x, want up to three sizes, as in mesh=2x4"),
        ("mesh=2x2x2x2", "got mesh=2x2x2x2, want up to three sizes"),
        ("first-device=-1", "got first-device=-1, want 0 or more"),
        ("machine=a100", "unknown machine 'a100'"),
        ("machine=a100-dgx devices-per-host=16", "got 16 devices per host, 'a100-dgx' has 8"),
        ("memory=lots", "got 'lots', want a size in bytes"),
    ],
)
def test_mistakes_in_options(options: str, message: str) -> None:
    with make_context(), ir.Location.unknown(), pytest.raises(UserError) as caught:
        run_item(parse_pipeline(f"use-machine{{{options}}}")[0], ir.Module.parse("module {}"))
    assert message in str(caught.value)


LINKS = "latency_s = array<f64: 1.0>, bandwidth_bytes_per_s = array<f64: 1.0>, crowded_bandwidth_bytes_per_s = array<f64: 1.0>"
RATES = "memory_bandwidth_bytes_per_s = 1.0 : f64, memory_bytes = 1.0 : f64, slowdown = {}, rings_only = false"
MESH = 'sdy.mesh @mesh = <["x"=2]>'


@pytest.mark.parametrize(
    ("attribute", "mesh", "message"),
    [
        (f"{{{LINKS}, {RATES}}}", MESH, "cannot be read"),
        ("3 : i64", MESH, "cannot be read"),
        (f"{{{LINKS}, {RATES}, flops_per_s = {{bf16 = 1.0 : f64}}}}", MESH, "flops_per_s has no f32"),
        (
            f"{{{LINKS}, {RATES}, flops_per_s = {{f32 = 1.0 : f64}}}}",
            'sdy.mesh @mesh = <["x"=2, "y"=2]>',
            "got 1 links, want 2: one an axis of the mesh",
        ),
    ],
)
def test_an_attribute_that_does_not_fit(attribute: str, mesh: str, message: str) -> None:
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(f"module {{ {mesh} {{mw.machine = {attribute}}} }}")
        with pytest.raises(UserError, match=message):
            read_machine(module)

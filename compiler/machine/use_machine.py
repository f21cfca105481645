"""``use-machine``: write into a module the logical mesh and what a machine does on it, so that a chooser can run by itself.

    module {
becomes with ``use-machine{machine=a100-dgx mesh=2x4}``
    module attributes {mw.machine = {name = "a100-dgx", latency_s = array<f64: 5.0e-06, 5.0e-06>, …}} {
      sdy.mesh @mesh = <["x"=2, "y"=4]>

It is the one pass that knows machine files, and so it lives with them: passes import nothing of the compiler.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from compiler.machine.files import load_machine_for
from compiler.machine.meshes import AXES, mesh_costs
from compiler.units import parse_bytes
from dialects import attributes as names
from dialects.errors import fail
from dialects.sdy_attrs import mesh_text, read_mesh
from dialects.sharding import MeshShape
from passes.analysis.shardings.machine_attr import machine_attr
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class UseMachine(Pass):
    """Write ``mw.machine`` and ``sdy.mesh @mesh``: ``machine`` is a known name or a file, ``mesh`` sizes such as 2x4.

    The mesh begins at device ``first_device``. Hosts are as many as it takes, of ``devices_per_host`` (default: the machine's, or
    all in one host); ``memory`` replaces the machine's bytes per device (1e9, 16GiB).
    """

    name: ClassVar[str] = "use-machine"
    machine: str = "local-cpu"
    mesh: str = "8"
    first_device: int = 0
    devices_per_host: int | None = None
    memory: str = ""

    def run(self, module: ir.Module) -> None:
        shape = self._shape()
        memory_bytes = parse_bytes(self.memory) if self.memory else None
        num_devices = self.first_device + shape.num_devices
        machine = load_machine_for(num_devices, self.machine, self.devices_per_host, memory_bytes)
        costs = mesh_costs(machine, shape, self.first_device)
        there = read_mesh(module)
        if there is not None and there != shape:
            fail(f"the module has {mesh_text(there)} already, want {mesh_text(shape)}", where=f"pass {self.name}")
        module.operation.attributes[names.MACHINE] = machine_attr(machine.name, costs)
        if there is None:
            start = ir.InsertionPoint.at_block_begin(module.body)
            with start, ir.Location.unknown():
                start.insert(ir.Operation.parse(mesh_text(shape)))

    def _shape(self) -> MeshShape:
        where = f"pass {self.name}"
        if not re.fullmatch(r"[1-9][0-9]*(x[1-9][0-9]*){0,2}", self.mesh):
            fail(f"got mesh={self.mesh}, want up to three sizes, as in mesh=2x4", where=where)
        if self.first_device < 0:
            fail(f"got first-device={self.first_device}, want 0 or more", where=where)
        return MeshShape(tuple(zip(AXES, map(int, self.mesh.split("x")), strict=False)))

"""``use-machine``: a logical mesh on a machine, written into a module."""

import re
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from compiler.machine.files import load_machine_for
from compiler.machine.meshes import AXES, mesh_costs
from compiler.options import MOST_DEVICES
from compiler.units import parse_bytes
from dialects import attributes as names
from dialects.errors import fail
from dialects.sdy_attrs import find_mesh, mesh_symbol, mesh_text, read_mesh
from dialects.sharding import MeshShape
from passes.analysis.shardings.machine_attr import machine_attr
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class UseMachine(Pass):
    """Write a logical mesh as ``sdy.mesh @mesh``, and what the machine does on it as its ``mw.machine``.

    With both in the module a chooser can run by itself. It is the one pass that knows machine files, and so it lives with them:
    passes import nothing of the compiler.

    Input:
        module {
    Output, with ``use-machine{machine=a100-dgx mesh=2x4}``:
        module {
          sdy.mesh @mesh = <["x"=2, "y"=4]> {mw.machine = {name = "a100-dgx", latency_s = array<f64: 5.0e-06, 5.0e-06>, …}}

    ``machine``: a known name or a file. ``mesh``: sizes such as 2x4. ``number``: which mesh of ``assign-meshes`` it is, ``@mesh1``
    for 1; left out, it is ``@mesh``, the one of all stages. ``first_device``: where the mesh begins. Hosts are as many
    as it takes, of ``devices_per_host`` (default: the machine's, or all in one host). ``memory`` replaces the machine's bytes
    per device (1e9, 16GiB).

    Raises UserError for an unknown machine, a mesh that it does not fit, and a module that has another such mesh already.
    """

    name: ClassVar[str] = "use-machine"
    machine: str = "local-cpu"
    mesh: str = "8"
    number: int | None = None
    first_device: int = 0
    devices_per_host: int | None = None
    memory: str = ""

    def run(self, module: ir.Module) -> None:
        shape = self._shape()
        memory_bytes = parse_bytes(self.memory) if self.memory else None
        if self.devices_per_host is not None and self.devices_per_host < 1:
            fail(f"got devices-per-host={self.devices_per_host}, want at least 1", where=f"pass {self.name}")
        if self.number is not None and self.number < 0:
            fail(f"got number={self.number}, want 0 or more", where=f"pass {self.name}")
        num_devices, symbol = self.first_device + shape.num_devices, mesh_symbol(self.number)
        machine = load_machine_for(num_devices, self.machine, self.devices_per_host, memory_bytes)
        costs = mesh_costs(machine, shape, range(self.first_device, num_devices))
        there, op = read_mesh(module, symbol), find_mesh(module, symbol)
        if there is not None and there != shape:
            has, want = mesh_text(there, symbol), mesh_text(shape, symbol)
            fail(f"the module has {has} already, want {want}", where=f"pass {self.name}")
        if op is None:
            start = ir.InsertionPoint.at_block_begin(module.body)
            with start, ir.Location.unknown():
                op = ir.Operation.parse(mesh_text(shape, symbol))
                start.insert(op)
        op.attributes[names.MACHINE] = machine_attr(machine.name, costs)

    def _shape(self) -> MeshShape:
        where = f"pass {self.name}"
        if not re.fullmatch(r"[1-9][0-9]{0,5}(x[1-9][0-9]{0,5}){0,2}", self.mesh):
            fail(f"got mesh={self.mesh[:40]}, want up to three sizes, as in mesh=2x4", where=where)
        if not 0 <= self.first_device <= MOST_DEVICES:
            fail(f"got first-device={self.first_device}, want 0 or more, at most {MOST_DEVICES}", where=where)
        return MeshShape(tuple(zip(AXES, map(int, self.mesh.split("x")), strict=False)))

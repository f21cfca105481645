"""``partition``: what every device of a mesh computes, with the collectives written out."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import Failure
from dialects.ops import all_ops, body_ops, describe, entry_block, main_func
from dialects.sdy_attrs import SHARDING, read_mesh, sharding_attr, symbol_of
from dialects.sharding import MeshShape
from dialects.signature import attr_dicts, fragment_funcs, refresh_type, set_attr_dicts
from passes.base import Pass
from passes.native import run_native
from passes.partition.body import Body
from passes.partition.buckets import fill_buckets
from passes.partition.order import order_gathers
from passes.partition.ports import move_inside, port_entry, port_shardings, stack_results
from passes.rules import write_rules


@dataclass(frozen=True, kw_only=True)
class Partition(Pass):
    """Each device's own program, collectives written out: a fragment's body becomes one ``sdy.manual_computation`` over all axes.

    Inside it are local shapes and a collective for each reshard, so XLA runs it as it stands and what was priced is what runs
    (docs/decisions/0007-the-collectives-are-ours.md).

    Input:
        func @f(%x: tensor<8x4xf32> {[{"x"}, {}]}, %w: tensor<4x6xf32> {[{}, {}]}) -> (tensor<8x6xf32> {[{}, {}]}) {
          %0 = stablehlo.dot_general %x, %w {sdy.sharding = [<[{"x"}, {}]>]} : … -> tensor<8x6xf32>
          %1 = sdy.reshard %0 <[{}, {}]> : tensor<8x6xf32>
    Output, on x=2:
        func @f(…) -> (…) {
          %0 = sdy.manual_computation(%x, %w) in_shardings=[…] out_shardings=[…] manual_axes={"x"} (%a: tensor<4x4xf32>, …) {
            %1 = stablehlo.dot_general %a, %b : … -> tensor<4x6xf32>
            %2 = stablehlo.all_gather %1 {all_gather_dim = 0, replica_groups = [[0, 1]]} : … -> tensor<8x6xf32>
            sdy.return %2

    An unreduced port becomes a stack: ``tensor<4x5xf32> {[{}, {}], unreduced={"x"}}`` is ``tensor<2x4x5xf32> {[{"x"}, {}, {}]}``.

    ``bucket_bytes``: reshards marked ``mw.joins`` become one collective on one flat buffer of at most so many bytes on a device, of
    the larger of operand and result (``passes/partition/buckets.py``); 0 leaves each alone.

    Raises Failure naming the op whose shardings follow no rule: a defect of the passes before.
    """

    name: ClassVar[str] = "partition"
    bucket_bytes: float = 0.0

    def run(self, module: ir.Module) -> None:
        with ir.Location.unknown():
            several, single = spread_funcs(module)
            for func, mesh in single:
                strip(func, mesh)
            if not several:
                return
            write_rules(module)
            for func, mesh in several:
                _partition(func, mesh, self.bucket_bytes)
            _retype_calls(module)
            run_native(module, "func.func(sdy-drop-sharding-rules)")


def spread_funcs(
    module: ir.Module,
) -> tuple[list[tuple[ir.OpView, MeshShape]], list[tuple[ir.OpView, MeshShape | None]]]:
    """``annotated_funcs`` with their meshes: those on several devices, and those on one (or on no mesh)."""
    found = [(func, read_mesh(module, symbol_of(func))) for func in annotated_funcs(module)]
    several = [(func, mesh) for func, mesh in found if mesh is not None and mesh.num_devices > 1]
    return several, [(func, mesh) for func, mesh in found if mesh is None or mesh.num_devices == 1]


def annotated_funcs(module: ir.Module) -> list[ir.OpView]:
    """The fragments; where there are none, @main, if it is annotated."""
    fragments = fragment_funcs(module)
    if fragments:
        return fragments
    main = main_func(module)
    ports = (*attr_dicts(main, "arg_attrs"), *attr_dicts(main, "res_attrs"))
    inside = (op for op in all_ops(main.operation) if op.name == "sdy.reshard" or SHARDING in op.attributes)
    return [main] if any(SHARDING in port for port in ports) or any(inside) else []


def _partition(func: ir.OpView, mesh: MeshShape, bucket_bytes: float) -> None:
    ins, outs = (port_shardings(func, which, mesh) for which in ("arg_attrs", "res_attrs"))
    body = Body(mesh, entry_block(func), ins)
    body.plan(outs)  # while all types are whole
    inner = move_inside(func, ins, outs, mesh)
    body.rewrite(inner)
    stack_results(inner, outs)
    fill_buckets(inner, bucket_bytes)
    order_gathers(inner)
    for which, shardings in (("arg_attrs", ins), ("res_attrs", outs)):
        entries = zip(attr_dicts(func, which), shardings, strict=True)
        set_attr_dicts(func, which, [port_entry(entry, sharding, symbol_of(func)) for entry, sharding in entries])
    refresh_type(func)


def _retype_calls(module: ir.Module) -> None:
    """@main hands stacks from fragment to fragment."""
    types: dict[str, ir.FunctionType] = {}
    for op in module.body.operations:
        if op.operation.name == "func.func":
            kind = ir.TypeAttr(op.operation.attributes["function_type"]).value
            types[ir.StringAttr(op.operation.attributes["sym_name"]).value] = ir.FunctionType(kind)
    main = main_func(module)
    for op in body_ops(entry_block(main)):
        if op.name == "func.call":
            wanted = types[ir.FlatSymbolRefAttr(op.attributes["callee"]).value]
            for value, kind in zip(op.results, wanted.results, strict=True):
                value.set_type(kind)
            if [value.type for value in op.operands] != list(wanted.inputs):
                raise Failure("an argument of the step is read unreduced", where=describe(op))
    refresh_type(main)


def strip(func: ir.OpView, mesh: MeshShape | None) -> None:
    """One device has everything: no reshards, no annotations but those of the ports, and nothing is unreduced."""
    for op in all_ops(func.operation)[1:]:
        if op.name == "sdy.reshard":
            op.results[0].replace_all_uses_with(op.operands[0])
            op.erase()
        else:
            for key in (SHARDING, names.KIND, names.JOINS):
                if key in op.attributes:
                    del op.attributes[key]
    if mesh is not None:
        for which in ("arg_attrs", "res_attrs"):
            ports = zip(attr_dicts(func, which), port_shardings(func, which, mesh), strict=True)
            said = [{**entry, SHARDING: sharding_attr(sharding, symbol_of(func))} for entry, sharding in ports]
            set_attr_dicts(func, which, said)

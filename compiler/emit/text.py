"""The StableHLO text of a stage, as the runtime compiles it, and of the user's whole program."""

from collections.abc import Mapping

from jaxlib.mlir import ir

from compiler.emit.parts import Part
from compiler.plan.parts import whole_arguments
from compiler.plan.records import Plan
from compiler.plan.seal import seal_line
from dialects.ops import all_ops, main_func
from dialects.sdy_attrs import SHARDING, mesh_text, read_sharding, read_shardings, sharding_attr, shardings_attr
from dialects.sharding import MeshShape
from dialects.signature import ALIAS, aliases, attr_dicts, set_attr_dicts


def stage_text(part: Part, mesh: MeshShape, aliases: Mapping[int, int]) -> str:
    """The StableHLO text of one fragment with @main, ``sdy.sharding`` on its ports, and ``aliases``: input -> output donated to.

    Its one mesh is called ``@mesh`` whatever its number is: equal programs of two meshes have one text.
    """
    func: ir.OpView = part.func.operation.clone()  # type: ignore[assignment]  # the stub says Operation, it is a FuncOp
    holder = ir.Module.create(ir.Location.unknown())
    holder.body.append(ir.Operation.parse(mesh_text(mesh)))
    holder.body.append(func)
    op = func.operation
    op.attributes["sym_name"] = ir.StringAttr.get("main")
    op.attributes["sym_visibility"] = ir.StringAttr.get("public")
    _strip(op)
    for which in ("arg_attrs", "res_attrs"):
        entries = [{SHARDING: sharding_attr(read_sharding(entry[SHARDING]))} for entry in attr_dicts(func, which)]
        if which == "arg_attrs":
            for position, output in aliases.items():
                entries[position][ALIAS] = _i32(output)
        op.attributes[which] = ir.ArrayAttr.get([ir.DictAttr.get(entry) for entry in entries])
    holder.operation.attributes["sym_name"] = ir.StringAttr.get(part.name)
    return f"// inputs:  {' '.join(p.value for p in part.inputs)}\n// outputs: {' '.join(p.value for p in part.outputs)}\n{holder}"


def _strip(root: ir.Operation) -> None:
    """Leave nothing of ours, and no other name of the mesh."""
    for op in all_ops(root):
        for key in [str(name) for name in op.attributes]:
            if key.startswith("mw."):
                del op.attributes[key]
            elif key in ("in_shardings", "out_shardings"):
                op.attributes[key] = shardings_attr(read_shardings(op.attributes[key]))


def program_text(module: ir.Module) -> str:
    """The user's whole program as text, constants in full: what ``--verify`` runs on one device."""
    return str(module.operation.get_asm(enable_debug_info=False))


def sealed_program(text: str, plan: Plan) -> str:
    """``program_text`` with the state that ``plan`` found as its donations, and the seal of the plan's signature above it.

    So the program says by itself which result is which argument's next value, and a run is verified against that: what jax
    writes for donated arguments pairs by type alone. To be called in the context in which the text was made.
    """
    state = {a.index: a.state_result for a in whole_arguments(plan.arguments) if a.state_result is not None}
    module = ir.Module.parse(text)
    func = main_func(module)
    if aliases(func) != state:
        entries = attr_dicts(func, "arg_attrs")
        for position, entry in enumerate(entries):
            entry.pop(ALIAS, None)
            if position in state:
                entry.pop("jax.buffer_donor", None)
                entry[ALIAS] = _i32(state[position])
        set_attr_dicts(func, "arg_attrs", entries)
        text = program_text(module)
    return f"{seal_line(plan)}\n{text}"


def _i32(number: int) -> ir.IntegerAttr:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(32), number)

"""Arguments and results of a fragment: its ops go inside a manual computation, and unreduced values become stacks outside."""

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import make, tensor_type
from dialects.ops import body_ops, defining_op, element_type, entry_block, shape_of
from dialects.sdy_attrs import SHARDING, read_sharding, sharding_attr, shardings_attr, symbol_of
from dialects.sharding import MeshShape, Sharding, replicated
from dialects.signature import attr_dicts, i64, int_of
from passes.partition.steps import used_axes


def port_shardings(func: ir.OpView, which: str, mesh: MeshShape) -> list[Sharding]:
    """Of the arguments (``arg_attrs``) or results (``res_attrs``); a port without one is replicated."""
    block = entry_block(func)
    values = list(block.arguments) if which == "arg_attrs" else list(body_ops(block)[-1].operands)
    return [
        used_axes(read_sharding(entry[SHARDING]), mesh) if SHARDING in entry else replicated(len(shape_of(value)))
        for entry, value in zip(attr_dicts(func, which), values, strict=True)
    ]


def stacked(sharding: Sharding) -> Sharding:
    """How an unreduced value lies outside of a fragment: one entry a device of the unreduced axes, in a dim of its own."""
    return Sharding((sharding.unreduced, *sharding.dims)) if sharding.unreduced else sharding


def move_inside(func: ir.OpView, ins: list[Sharding], outs: list[Sharding], mesh: MeshShape) -> ir.Block:
    """Wrap all ops of ``func`` in a manual computation; its block, whose arguments are local and all else still whole."""
    block, terminator = entry_block(func), body_ops(entry_block(func))[-1]
    ops, arguments = body_ops(block)[:-1], list(block.arguments)
    in_types = [_stacked_type(value, sharding, mesh) for value, sharding in zip(arguments, ins, strict=True)]
    out_types = [
        _stacked_type(value, sharding, mesh) for value, sharding in zip(terminator.operands, outs, strict=True)
    ]
    axes, symbol = ", ".join(f'"{name}"' for name in mesh.names), symbol_of(func)
    with ir.InsertionPoint(terminator), func.operation.location:
        manual = ir.Operation.create(
            "sdy.manual_computation",
            results=out_types,
            operands=arguments,
            attributes={
                "in_shardings": shardings_attr([stacked(sharding) for sharding in ins], symbol),
                "out_shardings": shardings_attr([stacked(sharding) for sharding in outs], symbol),
                "manual_axes": ir.Attribute.parse(f"#sdy<manual_axes{{{axes}}}>"),
            },
            regions=1,
        )
        local = [
            tensor_type(mesh.local_shape(tuple(kind.shape), stacked(sharding)), kind.element_type)
            for kind, sharding in zip(in_types, ins, strict=True)
        ]
        inner = manual.regions[0].blocks.append(*local, arg_locs=[value.location for value in arguments])
    with ir.InsertionPoint(inner), func.operation.location:
        for outside, inside, kind, sharding in zip(arguments, inner.arguments, in_types, ins, strict=True):
            value: ir.Value = inside
            if sharding.unreduced:
                value = make("stablehlo.reshape", [tensor_type(shape_of(inside)[1:], kind.element_type)], [inside])
            outside.replace_all_uses_except(value, manual)
            outside.set_type(kind)
        last = ir.Operation.create("sdy.return", operands=list(terminator.operands))
    for op in ops:
        op.move_before(last)
    for i, result in enumerate(manual.results):
        terminator.operands[i] = result
    return inner


def _stacked_type(value: ir.Value, sharding: Sharding, mesh: MeshShape) -> ir.RankedTensorType:
    first = (mesh.size(sharding.unreduced),) if sharding.unreduced else ()
    return tensor_type((*first, *shape_of(value)), element_type(value))


def stack_results(inner: ir.Block, outs: list[Sharding]) -> None:
    """Unreduced results of the manual computation leave it as parts of stacks."""
    last = body_ops(inner)[-1]
    for i, sharding in enumerate(outs):
        if sharding.unreduced:
            value = last.operands[i]
            with ir.InsertionPoint(last), value.location:
                kind = tensor_type((1, *shape_of(value)), element_type(value))
                added = _added_on(value, kind)
                last.operands[i] = added or make("stablehlo.reshape", [kind], [value])
                if added is not None:
                    _erase(value)


def _erase(value: ir.Value) -> None:
    """Remove what makes ``value``, and the reshapes that only it read."""
    op = defining_op(value)
    if op is not None and not list(value.uses):
        read = [
            operand for operand in op.operands if (maker := defining_op(operand)) and maker.name == "stablehlo.reshape"
        ]
        op.erase()
        for operand in read:
            _erase(operand)


def _added_on(value: ir.Value, kind: ir.Type) -> ir.Value | None:
    """If ``value`` is a part of a stack with something added: added on the stack, since XLA copies a sum between two reshapes."""
    op = defining_op(value)
    if op is None or op.name != "stablehlo.add" or len(list(value.uses)) != 1:
        return None
    for mine, other in ((0, 1), (1, 0)):
        source = defining_op(op.operands[mine])
        if source is None or source.name != "stablehlo.reshape" or source.operands[0].type != kind:
            continue
        if isinstance(source.operands[0], ir.BlockArgument):
            more = make("stablehlo.reshape", [kind], [op.operands[other]])
            return make("stablehlo.add", [kind], [source.operands[0], more])
    return None


def port_entry(entry: dict[str, ir.Attribute], sharding: Sharding, symbol: str) -> dict[str, ir.Attribute]:
    """What the function says about a port, with its sharding outside; dims of a stack are counted behind its first."""
    dim = int_of(entry, names.VALUE_DIM)
    moved = {names.VALUE_DIM: i64(dim + 1)} if sharding.unreduced and dim is not None and dim >= 0 else {}
    return {**entry, **moved, SHARDING: sharding_attr(stacked(sharding), symbol)}

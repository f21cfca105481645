"""A plan's modules against the plan, before anything is compiled: what each @main says of itself must be what the plan says.

XLA trusts the types that it is given. A stage that took its arguments in another order than the plan would compute something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from compiler.plan.parts import as_asked
from compiler.plan.records import Argument, Fragment, Mesh, Plan, Result, Value
from compiler.plan.seal import sealed_as
from dialects.errors import fail

if TYPE_CHECKING:
    from jaxlib.mlir import ir

Typed = Argument | Result | Value
IDS = {"inputs": b"// inputs:", "outputs": b"// outputs:"}  # the first lines of a stage: the values it was made for


def check_stages(plan: Plan, mesh: int, files: dict[str, bytes]) -> None:
    """Every stage of a mesh, ``files`` by fragment name. Raises UserError at the first that is not what the plan says."""
    from dialects.context import make_context

    with make_context():
        for fragment in plan.fragments:
            if fragment.mesh == mesh:
                _check_stage(plan, fragment, files[fragment.name])


def check_program(plan: Plan, text: bytes) -> dict[int, int]:
    """The user's program against the plan's signature -> its state, argument: result. Raises UserError."""
    from dialects.context import make_context
    from dialects.signature import aliases

    with make_context():
        module = _parse(text, plan.program)
        _check_ops(module, plan.program, everywhere=False)
        main = _main(module, plan.program)
        asked = as_asked(plan)
        _check_types(main, asked.arguments, asked.results, plan.program)
        state = aliases(main)
    for argument in asked.arguments:
        if state.get(argument.index) != argument.state_result:
            found = f"becomes result {state.get(argument.index)} there, and {argument.state_result} in the plan"
            _wrong(f"argument {argument.index} {found}", plan.program)
    if not sealed_as(plan, text):
        _wrong("its arguments and results are not those that the plan names", plan.program)
    return state


def _check_stage(plan: Plan, fragment: Fragment, text: bytes) -> None:
    from jaxlib.mlir import ir

    values = {value.id: value for value in plan.values}
    inputs, outputs = ([values[name] for name in names] for names in (fragment.inputs, fragment.outputs))
    for (what, head), names in zip(IDS.items(), (fragment.inputs, fragment.outputs), strict=True):
        said = next((line for line in text[: 1 << 20].splitlines()[:2] if line.startswith(head)), None)
        if said is not None and said.removeprefix(head).decode(errors="replace").split() != list(names):
            _wrong(f"its {what} are not those of fragment '{fragment.name}'", fragment.file)
    module = _parse(text, fragment.file)
    _check_ops(module, fragment.file, everywhere=True)
    attributes = module.operation.attributes
    name = ir.StringAttr(attributes["sym_name"]).value if "sym_name" in attributes else ""
    if name != fragment.name:
        _wrong(f"it is the module '{name}', want fragment '{fragment.name}'", fragment.file)
    main = _main(module, fragment.file)
    _check_types(main, inputs, outputs, fragment.file)
    _check_mesh(module, plan.meshes[fragment.mesh], fragment.file)
    for which, ports in (("arg_attrs", inputs), ("res_attrs", outputs)):
        _check_shardings(main, which, ports, fragment)
    _check_donations(plan, main, fragment)


def _check_ops(module: ir.Module, file: str, *, everywhere: bool) -> None:
    """Only ops that compute: nothing that XLA would run as native code, or that talks to the host."""
    from dialects.build import CALL
    from dialects.custom_calls import wrong_call
    from dialects.ops import DIALECTS, HOST_OPS, all_ops, describe

    for op in all_ops(module.operation):
        if op.name.partition(".")[0] not in DIALECTS or op.name in HOST_OPS:
            _wrong(f"the op {describe(op)} is none that a plan runs", file)
        if op.name == CALL and (wrong := wrong_call(op, everywhere=everywhere)) is not None:
            _wrong(f"{describe(op)}: {wrong.message}", file)


def _check_types(main: ir.OpView, arguments: Sequence[Typed], results: Sequence[Typed], file: str) -> None:
    from jaxlib.mlir import ir

    kind = ir.FunctionType(ir.TypeAttr(main.operation.attributes["function_type"]).value)
    for what, found, wanted in (("arguments", kind.inputs, arguments), ("results", kind.results, results)):
        if len(found) != len(wanted):
            _wrong(f"@main has {len(found)} {what}, the plan {len(wanted)}", file)
        for position, (type_, port) in enumerate(zip(found, wanted, strict=True)):
            want = f"tensor<{''.join(f'{size}x' for size in port.shape)}{port.dtype}>"
            if str(type_) != want:
                _wrong(f"{what[:-1]} {position} of @main is {type_}, want {want}", file)


def _check_mesh(module: ir.Module, mesh: Mesh, file: str) -> None:
    from dialects.sdy_attrs import read_meshes

    wanted = tuple((axis.name, axis.size) for axis in mesh.axes)
    for found in read_meshes(module):
        if found.axes != wanted:
            _wrong(f"its mesh has the axes {dict(found.axes)}, '{mesh.name}' has {dict(wanted)}", file)


def _check_shardings(main: ir.OpView, which: str, ports: Sequence[Value], fragment: Fragment) -> None:
    from dialects.sdy_attrs import SHARDING, sharding_attr
    from dialects.sharding import Sharding
    from dialects.signature import attr_dicts

    for position, (entry, value) in enumerate(zip(attr_dicts(main, which), ports, strict=True)):
        planned = next(p.sharding for p in value.placements if p.mesh == fragment.mesh)
        found = entry.get(SHARDING)
        if found is None and not any(planned):
            continue
        if found != sharding_attr(Sharding(planned)):
            what = "argument" if which == "arg_attrs" else "result"
            _wrong(
                f"{what} {position} of @main lies as {found}, want {[list(axes) for axes in planned]}", fragment.file
            )


def _check_donations(plan: Plan, main: ir.OpView, fragment: Fragment) -> None:
    """XLA takes the buffer of an argument that @main gives away: the plan must know, and mean the same result."""
    from dialects.signature import aliases, attr_dicts

    given = aliases(main)
    free = {i for i, entry in enumerate(attr_dicts(main, "arg_attrs")) if "jax.buffer_donor" in entry}
    for position in sorted(given.keys() | free):
        if position not in fragment.donated:
            _wrong(f"@main overwrites its argument {position}, which the plan keeps", fragment.file)
    becomes = {f"arg{r.state_arg}": r.value for r in plan.results if r.state_arg is not None}
    for position, output in given.items():
        value, taker = fragment.inputs[position], dict(enumerate(fragment.outputs)).get(output)
        if taker is None or taker not in (value, becomes.get(value, taker)):
            _wrong(f"@main puts its result {output} in the place of argument {position}, '{value}'", fragment.file)


def _parse(text: bytes, file: str) -> ir.Module:
    from jaxlib.mlir import ir

    from dialects.nesting import MAX_DEPTH, bracket_depth, has_rare_parts

    shown = text.decode("utf-8", "replace")
    if "\ufffd" in shown or bracket_depth(shown) > MAX_DEPTH or has_rare_parts(shown):
        _wrong("it is no StableHLO text that the planner writes", file)
    try:
        return ir.Module.parse(text)
    except (ir.MLIRError, ValueError) as error:
        first = next((line.strip() for line in str(error).splitlines()[1:] if line.strip()), "not MLIR")
        _wrong(f"cannot be read: {first}", file)


def _main(module: ir.Module, file: str) -> ir.OpView:
    from dialects.errors import UserError
    from dialects.ops import main_func

    try:
        return main_func(module)
    except UserError as error:
        _wrong(error.message, file)


def _wrong(message: str, file: str) -> NoReturn:
    fail(message, where=file, remedy="plan again instead of editing")

"""Which function is the program, and what is left of other platforms in it."""

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.ops import entry_block, main_func

_GLOBAL_CONSTANT = "jax.global_constant"


def select_main(module: ir.Module, shown: str) -> None:
    """Make the program's entry the only public function, called @main.

    ``func.func public @train_step`` alone becomes @main; several public functions of which none is @main are refused.
    """
    functions = [op.operation for op in module.body.operations if op.operation.name == "func.func"]
    if not functions:
        nested = any(op.operation.name == "builtin.module" for op in module.body.operations)
        what = "modules inside a module" if nested else "no function"
        fail(f"got {what}, want one module with a function @main", where=shown)
    entry = _entry(functions, shown)
    name = _symbol(entry)
    if any(_symbol(function) == "main" for function in functions if function != entry):
        fail("got two functions for the name @main", where=shown)
    if not len(entry.regions[0].blocks):
        fail(f"function @{name} has no body", where=shown)
    entry.attributes["sym_name"] = ir.StringAttr.get("main", entry.context)
    for function in functions:
        visibility = "public" if function == entry else "private"
        function.attributes["sym_visibility"] = ir.StringAttr.get(visibility, function.context)


def _entry(functions: list[ir.Operation], shown: str) -> ir.Operation:
    named = [function for function in functions if _symbol(function) == "main"]
    public = [function for function in functions if _is_public(function)]
    if named:
        return named[0]
    if len(public) == 1:
        return public[0]
    names = ", ".join("@" + _symbol(function) for function in (public or functions))
    what = f"{len(public)} public functions and none is @main" if public else "no public function and none is @main"
    fail(f"got {what}: {names}", where=shown, remedy="export the training step as the one public function")


def _symbol(function: ir.Operation) -> str:
    return ir.StringAttr(function.attributes["sym_name"]).value


def _is_public(function: ir.Operation) -> bool:
    if "sym_visibility" not in function.attributes:
        return True
    return ir.StringAttr(function.attributes["sym_visibility"]).value == "public"


def fix_platform(module: ir.Module, platforms: tuple[str, ...], shown: str) -> None:
    """Choose the CPU in a program that was exported for several platforms.

    Before: ``@main(%arg0: tensor<i32> {jax.global_constant = "_platform_index"}, %arg1: …)``, after: ``@main(%arg0: …)`` with
    the constant in the body.
    """
    main = main_func(module).operation
    if "arg_attrs" not in main.attributes:
        return
    marks = [_global_constant(attrs) for attrs in ir.ArrayAttr(main.attributes["arg_attrs"])]
    for index, mark in enumerate(marks):
        if mark and mark != "_platform_index":
            fail(f"argument {index} is the dimension '{mark}'", where=shown, remedy="export with static shapes")
    if "_platform_index" not in marks:
        return
    if "cpu" not in platforms:
        lowered = (
            f"the platforms {', '.join(platforms)}" if platforms else "several platforms that this file does not name"
        )
        fail(
            f"the program was exported for {lowered}",
            where=shown,
            remedy='export it for one: jax.export.export(step, platforms=["cpu"]), or give the serialized jax.export itself',
        )
    _replace_argument(main, marks.index("_platform_index"), platforms.index("cpu"))


def _global_constant(attrs: ir.Attribute) -> str:
    table = ir.DictAttr(attrs)
    return ir.StringAttr(table[_GLOBAL_CONSTANT]).value if _GLOBAL_CONSTANT in table else ""


def _replace_argument(main: ir.Operation, index: int, value: int) -> None:
    block = entry_block(main.opview)
    argument = block.arguments[index]
    kind = ir.RankedTensorType(argument.type)
    with main.context, main.location:
        literal = ir.DenseElementsAttr.get_splat(kind, ir.IntegerAttr.get(kind.element_type, value))
        constant = ir.Operation.create(
            "stablehlo.constant", [kind], attributes={"value": literal}, ip=ir.InsertionPoint.at_block_begin(block)
        )
        argument.replace_all_uses_with(constant.results[0])
        block.erase_argument(index)
        signature = ir.FunctionType(ir.TypeAttr(main.attributes["function_type"]).value)
        inputs = [item for i, item in enumerate(signature.inputs) if i != index]
        main.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, signature.results))
        rest = [item for i, item in enumerate(ir.ArrayAttr(main.attributes["arg_attrs"])) if i != index]
        main.attributes["arg_attrs"] = ir.ArrayAttr.get(rest)

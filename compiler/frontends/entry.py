"""Which function is the program."""

from jaxlib.mlir import ir

from dialects.errors import fail


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

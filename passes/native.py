"""Run MLIR's own passes from ours, and turn what they say into one readable message."""

from jaxlib.mlir import ir
from jaxlib.mlir.passmanager import PassManager

from dialects.diagnostics import captured, first_error
from dialects.errors import fail


def run_native(module: ir.Module, *pipelines: str) -> None:
    """Run native passes one after the other, each nested under its anchor: ``"func.func(cse)"``, ``"symbol-dce"``.

    Raises UserError, located at the op, when one fails.
    """
    context = module.context
    for pipeline in pipelines:
        manager = PassManager("builtin.module", context)
        manager.add(pipeline)
        with captured(context) as seen:
            try:
                manager.run(module.operation)
            except ir.MLIRError as error:
                found = first_error(seen, error)
                fail(found.message, where=found.place or f"pass {pipeline}")

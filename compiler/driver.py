"""The whole path, top to bottom: a module file in, a plan folder out."""

from jaxlib.mlir import ir

from compiler.attempts import plan_in_memory
from compiler.emit.text import program_text
from compiler.frontends.load import load_module
from compiler.options import PlanOptions
from compiler.plan.files import write_plan
from compiler.plan.records import Plan
from compiler.prepare import machine_of, prepare
from dialects.context import make_context


def make_plan(module_path: str, out: str, options: PlanOptions) -> Plan:
    """Plan the training step in ``module_path`` ("-" is stdin) and write the folder ``out``. Raises UserError or Failure."""
    machine = machine_of(options)
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(module_path, context)
        program = program_text(loaded.module)  # the user's own, before any pass
        ready = prepare(loaded.module, loaded.name, machine, options)
        plan, files = plan_in_memory(ready, machine, options)
    return write_plan(plan, {**files, plan.program: program}, out)


__all__ = ["PlanOptions", "make_plan"]

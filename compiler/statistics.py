"""Statistics of a batch taken per microbatch: the user's program changed, on request, before it is planned and verified."""

from jaxlib.mlir import ir

from compiler.options import PlanOptions
from compiler.prepare import find_roles
from dialects.errors import fail
from dialects.ops import all_ops, main_func
from dialects.signature import attr_dicts, set_attr_dicts
from passes.microbatch.group_statistics import group_statistics

_SHOWN = 3


def group_rows(module: ir.Module, options: PlanOptions) -> list[str]:
    """Change ``module`` as ``--batch-statistics`` says, and the remark for the plan; nothing by default.

    What is run and what ``--verify`` compares with are the same changed program. Raises UserError without a number of microbatches.
    """
    if options.batch_statistics == "whole":
        return []
    if options.microbatches is None:
        remedy = "say how many microbatches there are with --microbatches N: the statistics depend on it"
        fail("got per-microbatch without a number of microbatches", where="--batch-statistics", remedy=remedy)
    find_roles(module, options)
    found = group_statistics(module, options.microbatches)
    _forget_roles(module)
    if not found:
        return ["--batch-statistics per-microbatch changes nothing: no row reads a sum over other rows"]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    said = f"each of the {options.microbatches} microbatches has its own statistics, in the run and in what --verify compares with"
    return [f"{said}: {', '.join(found[:_SHOWN])}{more}"]


def _forget_roles(module: ir.Module) -> None:
    """Take off what ``find_roles`` wrote: it is found again in the changed program."""
    func = main_func(module)
    for which in ("arg_attrs", "res_attrs"):
        entries = attr_dicts(func, which)
        kept = [{k: v for k, v in entry.items() if not k.startswith("mw.")} for entry in entries]
        set_attr_dicts(func, which, kept)
    for op in all_ops(module.operation):
        for name in [str(item) for item in op.attributes if str(item).startswith("mw.")]:
            del op.attributes[name]

"""The whole path, top to bottom: a module file in, a plan folder out."""

from dataclasses import replace

import msgspec
from jaxlib.mlir import ir

from compiler.attempts import Made, plan_in_memory
from compiler.emit.text import program_text, sealed_program
from compiler.frontends.load import load_module
from compiler.intra.shortage import NoRoom, TooLarge, enough_at_best
from compiler.machine.description import Machine
from compiler.machine.layout import more_microbatches
from compiler.options import PlanOptions
from compiler.plan.files import check_replaceable, printable, sign_plan, write_plan
from compiler.plan.records import Plan
from compiler.prepare import find_roles, machine_of, prepare
from compiler.statistics import group_rows
from compiler.units import show_bytes
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import copy_module


def make_plan(module_path: str, out: str, options: PlanOptions) -> Plan:
    """Plan the training step in ``module_path`` ("-" is stdin) and write the folder ``out``. Raises UserError or Failure."""
    check_replaceable(out)  # before the work
    return write_plan(*_planned(module_path, options), out)


def plan_unwritten(module_path: str, options: PlanOptions) -> tuple[Plan, dict[str, bytes]]:
    """As ``make_plan``, with nothing on the disk: the signed plan and its files by name."""
    return sign_plan(*_planned(module_path, options))


def _planned(module_path: str, options: PlanOptions) -> tuple[Plan, dict[str, str | bytes]]:
    machine = machine_of(options)
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(module_path, context, options.platform, options.devices_platform)
        grouped = group_rows(loaded.module, options)
        program = program_text(loaded.module)  # the user's own, before any pass
        planned, files = _plan(loaded.module, loaded.name, machine, options)
        planned = msgspec.structs.replace(planned, remarks=(*planned.remarks, *grouped))
        plan = printable(planned)
        return plan, {**files, plan.program: sealed_program(program, plan)}


def _plan(module: ir.Module, name: str, machine: Machine, options: PlanOptions) -> Made:
    """With the asked or usual number of microbatches; where none was asked and that has no room, the fewest that have."""
    find_roles(module, options)
    spare = copy_module(module)
    ready = prepare(module, name, machine, options)
    usual, rows = ready.outline.microbatches, ready.outline.rows
    try:
        return plan_in_memory(ready, machine, options)
    except (NoRoom, TooLarge) as error:
        counts = more_microbatches(rows, usual) if options.microbatches is None else []
        if not counts:
            raise
        short = error
    tried = [(usual, show_bytes(short.need_bytes))]
    last = short
    for count in counts:
        if count != counts[-1] and not enough_at_best(short, count / usual, machine.memory_bytes):
            continue  # even if all that depends on the rows shrinks with them
        asked = replace(options, microbatches=count)
        try:
            plan, files = plan_in_memory(prepare(copy_module(spare), name, machine, asked), machine, options)
        except (NoRoom, TooLarge) as error:
            tried.append((count, show_bytes(error.need_bytes)))
            last = min(last, error, key=lambda item: item.need_bytes)
        except UserError as error:  # the program does not allow this number
            said = any(reason.startswith("not possible") for _, reason in tried)
            tried.append((count, "not possible" if said else f"not possible: {error.where}: {error.message}"))
        else:
            room = f"a device has {show_bytes(machine.memory_bytes)}"
            remark = f"{count} microbatches, because {room} and others need more: {_said(tried)}"
            return msgspec.structs.replace(plan, remarks=(*plan.remarks, remark)), files
    raise UserError(f"{last.message}; tried {_said(tried)}", where=last.where, remedy=last.without_microbatches)


def _said(tried: list[tuple[int, str]]) -> str:
    """``1 microbatch (102 GiB), 16 (20 GiB)``."""
    first, *others = tried
    words = f"{first[0]} microbatch{'es' if first[0] > 1 else ''} ({first[1]})"
    return ", ".join([words, *(f"{count} ({need})" for count, need in others)])


__all__ = ["PlanOptions", "make_plan", "plan_unwritten"]

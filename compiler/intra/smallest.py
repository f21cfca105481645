"""The plan that needs the least memory, whatever it costs: what is left when the cheapest choice with room turns out too large.

Memory rows are what the solver knows of memory; what a device's own program needs is known only once it is written. So the least
of the rows bounds the need from below, and this plan's need, measured on its programs, is a number that a plan really has.
"""

import time

from jaxlib.mlir import ir

from compiler.intra.bytes import least_bytes
from compiler.intra.decide import Decided
from compiler.intra.shapes import cases_on, chooser_for, each_shape
from compiler.machine.description import Machine
from compiler.machine.layout import Layout
from compiler.options import PlanOptions
from passes.analysis.shardings.cases import Case
from passes.choosers.base import evaluated
from passes.rules import write_rules
from passes.shardings.choose_shardings import Decision

_TIME_SHARE = 1e-3  # of the bytes: among choices of equal size the faster one


def decide_smallest(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> Decided:
    """Like ``decide``, for bytes instead of seconds, on the logical mesh where they are least."""
    chooser = chooser_for(module, layout, options)
    write_rules(module)
    found: list[tuple[float, Decided]] = []
    for costs in each_shape(module, machine, layout, options):
        decisions = [_smallest(case) for case in cases_on(module, costs, chooser)]
        need = max((max(d.solution.used_bytes, default=0.0) for d in decisions), default=0.0)
        found.append((need, Decided(chooser, costs, decisions, sum(d.solution.certificate.seconds for d in decisions))))
    return min(found, key=lambda item: item[0])[1]


def _smallest(case: Case) -> Decision:
    """The better of two: least in all rows together, least in the row that is then the fullest."""
    began = time.perf_counter()
    first = least_bytes(case, case.problem.rows, _TIME_SHARE)
    if not case.problem.rows:
        return Decision(case, evaluated(case, first, "least memory", began))
    used = case.problem.used_bytes(first)
    fullest = case.problem.rows[max(range(len(used)), key=lambda number: used[number])]
    second = least_bytes(case, (fullest,), _TIME_SHARE)
    choice = min(first, second, key=lambda choice: max(case.problem.used_bytes(choice)))
    return Decision(case, evaluated(case, choice, "least memory", began))

"""The plan that needs the least memory, whatever it costs: what is left when the cheapest choice with room turns out too large.

Memory rows are what the solver knows of memory; what a device's own program needs is known only once it is written. So the least
of the rows bounds the need from below, and this plan's need, measured on its programs, is a number that a plan really has.
"""

import time

from jaxlib.mlir import ir

from compiler.intra.bytes import least_bytes
from compiler.intra.decide import Decided, MeshDecision
from compiler.intra.shapes import Inside, each_mesh
from compiler.machine.description import Machine
from compiler.machine.layout import Layout
from compiler.options import PlanOptions
from passes.analysis.shardings.cases import Case
from passes.choosers.base import evaluated
from passes.shardings.choose_shardings import Decision

_TIME_SHARE = 1e-3  # of the bytes: among choices of equal size the faster one


def decide_smallest(module: ir.Module, machine: Machine, layout: Layout, options: PlanOptions) -> Decided:
    """Like ``decide``, for bytes instead of seconds, on the logical shape of each mesh where they are least."""
    found = [_least(inside) for inside in each_mesh(module, machine, layout, options)]
    return Decided(tuple(mesh for mesh, _ in found), sum(solve_s for _, solve_s in found))


def _least(inside: Inside) -> tuple[MeshDecision, float]:
    """A rule that was asked for stays: only its shape is chosen."""
    choose = _smallest if inside.chooser.intra == "ilp" else inside.chooser.decide
    decisions = [choose(case) for case in inside.each_case()]
    best = min(decisions, key=lambda decision: max(decision.solution.used_bytes, default=0.0))
    return MeshDecision(inside, best), sum(decision.solution.certificate.seconds for decision in decisions)


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

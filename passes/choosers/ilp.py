"""``ilp``: the optimum over every strategy, inside the memory limit, as far as the user's annotations leave it open.

Where a gap is left, the rules that people know are asked too, in what is left of the time, so that it is never worse than they are.

Source: Alpa (Zheng et al., OSDI'22, section 4), made exact.
"""

import time
from dataclasses import replace

from passes.analysis.shardings.cases import Case
from passes.choosers import data, megatron, tofu, zero1, zero2, zero3
from passes.choosers.annotated import annotation_masks
from passes.choosers.base import SolverOptions, restricted
from passes.choosers.charged import ENOUGH, solve_charged
from passes.solvers.shardings.problem import ShardingSolution

OTHERS = (data.choose, zero1.choose, zero2.choose, zero3.choose, megatron.choose, tofu.choose)

_CLOSE = 1e-4  # relative: a rule that is better by less than this is no better to anyone


def choose(case: Case, options: SolverOptions) -> ShardingSolution:
    """Solve the whole problem. Raises OutOfMemory."""
    began = time.perf_counter()
    problem = restricted(case.problem, annotation_masks(case), rows=True)
    found = solve_charged(problem, options)
    if found.certificate.gap <= (ENOUGH if problem.charges else _CLOSE):
        return found
    best = found
    for other in OTHERS:
        left = began + options.time_limit_s - time.perf_counter()
        if left <= 0:
            break
        known = other(case, replace(options, time_limit_s=left))
        fits = all(use <= row.limit_bytes for use, row in zip(known.used_bytes, problem.rows, strict=True))
        if fits and problem.objective(known.choice) < best.certificate.objective_s:
            best = known
    objective_s, bound_s = best.certificate.objective_s, found.certificate.bound_s
    gap = (objective_s - bound_s) / objective_s
    seconds = time.perf_counter() - began
    certificate = replace(found.certificate, objective_s=objective_s, bound_s=bound_s, gap=gap, seconds=seconds)
    return replace(best, certificate=certificate)

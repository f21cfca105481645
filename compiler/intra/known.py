"""What one mesh decided is not decided again for another: of problems with equal costs the looser answers for the tighter."""

from passes.analysis.shardings.cases import Case
from passes.shardings.choose_shardings import ChooseShardings, Decision
from passes.solvers.shardings.problem import ShardingProblem, ShardingSolution


class Known:
    """The optima found so far, for ``decide``. ``solve_s``: what the solver took; ``reused``: decisions that took nothing.

    Equal stages of a pipeline differ in how many microbatches wait in them, and so in their memory rows only. The best choice
    under looser rows is the best under tighter ones if it keeps them, and its bound is a bound there. So the last stages, where
    the fewest wait, should come first. Rules look at more than the problem, and annotations bind: those are always asked.
    """

    def __init__(self) -> None:
        self.solve_s = 0.0
        self.reused = 0
        self._found: dict[bytes, list[tuple[ShardingProblem, ShardingSolution]]] = {}

    def decide(self, chooser: ChooseShardings, case: Case) -> Decision:
        """What ``chooser.decide`` says, or what it said of such a problem before. Raises OutOfMemory as it does."""
        if chooser.intra != "ilp" or case.annotations:
            return self._asked(chooser, case)
        problem, found = case.problem, self._found.setdefault(case.problem.cost_key(), [])
        for other, solution in found:
            if problem.no_looser_than(other) and problem.fits(solution.choice):
                self.reused += 1
                used = problem.used_bytes(solution.choice)
                return Decision(case, ShardingSolution(solution.choice, solution.certificate, used))
        decision = self._asked(chooser, case)
        found.append((problem, decision.solution))
        return decision

    def _asked(self, chooser: ChooseShardings, case: Case) -> Decision:
        decision = chooser.decide(case)
        self.solve_s += decision.solution.certificate.seconds
        return decision

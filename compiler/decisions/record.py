"""From a decision about shardings to its record in the plan. To be made before the decision is written into the IR."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from jaxlib.mlir import ir

from compiler.decisions.memory import memory_record
from compiler.decisions.names import Names, UserName
from compiler.decisions.prices import Prices, show_strategy
from compiler.decisions.remarks import remarks_of
from compiler.plan.alike import common_name, pattern
from compiler.plan.decisions import CertificateRecord, DecisionRecord, GroupRecord
from compiler.plan.price import Price, shorter
from dialects import attributes as names
from dialects.ops import element_type
from dialects.signature import op_text
from dialects.values import arg_id, argument_of, kind_of
from passes.analysis.shardings.graph import Site
from passes.shardings.choose_shardings import Decision
from passes.solvers.shardings.problem import Certificate

_CALLS = {"parameter": "parameter", "optimizer": "optimizer state", "state": "state", "batch": "batch"}


def decision_record(decision: Decision, mesh: int, chooser: str, value_names: Mapping[str, str]) -> DecisionRecord:
    """The record of the decision for mesh number ``mesh``. ``value_names``: value id of an argument -> the user's name for it."""
    case, solution = decision.case, decision.solution
    written = _Groups(decision, value_names)
    return DecisionRecord(
        mesh=mesh,
        axes=dict(case.prices.mesh.axes),
        chooser=chooser,
        certificate=certificate_record(solution.certificate),
        memory=memory_record(case, solution.choice),
        groups=written.records(),
        shared_s=shorter(written.prices.shared_s),
        remarks=remarks_of(case, value_names, written.names),
    )


def certificate_record(certificate: Certificate) -> CertificateRecord:
    """A certificate without the seconds that it took: plans of one input are equal."""
    return CertificateRecord(
        objective_s=certificate.objective_s,
        bound_s=certificate.bound_s,
        gap=certificate.gap,
        method=certificate.method,
        num_nodes=certificate.num_nodes,
        num_edges=certificate.num_edges,
        core_nodes=certificate.core_nodes,
        core_edges=certificate.core_edges,
    )


class _Groups:
    """Sites of one decision as records, equal ones (the layers of a model) merged into one with a count."""

    def __init__(self, decision: Decision, value_names: Mapping[str, str]) -> None:
        self.case, self.choice = decision.case, decision.solution.choice
        self.prices = Prices(self.case, self.choice)
        self.names = Names()
        self.value_names = value_names
        self.makers: dict[int, Site] = {}  # port or carry -> an op that makes it
        self.read: dict[int, list[str]] = defaultdict(list)  # op -> names of arguments that it reads as they are
        for link in self.case.graph.links:
            source = self.case.graph.source_of[link.value][0]
            if link.target.kind == "port" and source.kind in ("op", "carry"):
                self.makers.setdefault(link.target.index, source)
            if source.kind == "port" and link.target.members and source.name in value_names:
                self.read[link.target.index].append(value_names[source.name])

    def records(self) -> tuple[GroupRecord, ...]:
        merged: dict[tuple[object, ...], list[tuple[str, Site]]] = defaultdict(list)
        for index, price in self.prices.groups.items():
            site = self.case.graph.sites[index]
            if not price.seconds and (not site.shape or kind_of(site.name) in ("v", "acc")):
                continue  # nothing to say: scalars, and values that lie as their op gives them
            user = self._user(site)
            key = (pattern(user.name), user.location, self._kind(site), self._ops(site), self._phase(site), site.shape)
            chosen = show_strategy(site, self.choice[index])
            parts = tuple(sorted(price.collectives)), round(price.compute_s, 12), str(self._dtype(site))
            merged[*key, chosen, *parts].append((user.name, site))
        found = [self._record(members) for members in merged.values()]
        return tuple(sorted(found, key=lambda group: -group.seconds))

    def _record(self, members: Sequence[tuple[str, Site]]) -> GroupRecord:
        site = members[0][1]
        total = Price()
        for _, member in members:
            price = self.prices.groups[member.index]
            total.compute_s += price.compute_s
            for key, (times, seconds) in price.collectives.items():
                total.add(*key, times, seconds)
        return GroupRecord(
            name=common_name([name for name, _ in members]),
            location=self._user(site).location,
            kind=self._kind(site),
            ops=self._ops(site),
            count=len(members),
            phase=self._phase(site),
            dtype=self._dtype(site),
            shape=site.shape,
            sharding=show_strategy(site, self.choice[site.index]),
            compute_s=shorter(total.compute_s),
            reduction_s=shorter(total.reduction_s),
            reshard_s=shorter(total.reshard_s),
            collectives=total.records(),
            alternatives=self.prices.alternatives(site),
        )

    def _user(self, site: Site) -> UserName:
        if site.kind == "op":
            found = [self.names.of(member.op) for member in site.members]
            last = next((user for user in reversed(found) if user.location), found[-1])
            read = list(dict.fromkeys(self.read[site.index]))
            of = f" of {', '.join(read[:2])}{' …' if len(read) > 2 else ''}" if read else ""
            return UserName(last.name + of, last.location)
        if site.name in self.value_names:
            return UserName(self.value_names[site.name], "")
        if site.kind == "carry" and isinstance(site.value, ir.OpResult):
            loop = self.names.of(site.value.owner.operation)
            return UserName(f"{loop.name} #{site.value.result_number}", loop.location)
        maker = self.makers.get(site.index)
        if maker is not None:
            made = self._user(self._summed(maker) if kind_of(site.name) == "acc" else maker)
            return UserName(f"{_class_of(site.name)} of {made.name}", made.location)
        return UserName(_class_of(site.name), "")

    def _summed(self, add: Site) -> Site:
        """The site of what an accumulator's add adds."""
        for value in add.members[-1].op.operands if add.members else ():
            found = self.case.graph.source_of.get(value)
            if found is not None and found[0].members and found[0] is not add:
                return found[0]
        return add

    def _kind(self, site: Site) -> str:
        if site.kind == "op":
            return "op" if len(site.members) == 1 else "cluster"
        return "value" if site.kind == "port" else "loop"

    def _ops(self, site: Site) -> tuple[str, ...]:
        if site.kind == "op":
            return tuple(dict.fromkeys(member.op.name.rpartition(".")[2] for member in site.members))
        argument = argument_of(site.name)
        role = self.case.roles.get(site.name if argument is None else arg_id(argument), "")
        return (_CALLS.get(role, "argument") if role else _class_of(site.name),)

    def _phase(self, site: Site) -> str:
        if site.kind != "op":
            return ""
        above = site.members[0].op
        while above.name != "func.func":
            parent = above.parent
            assert parent is not None
            above = parent.operation
        return op_text(above, names.PHASE)

    def _dtype(self, site: Site) -> str:
        if site.members:
            results = site.members[0].op.results
            value = results[0] if len(results) else None
        else:
            value = site.value or self._some.get(site.index)
        return str(element_type(value)) if value is not None and isinstance(value.type, ir.RankedTensorType) else ""

    @cached_property
    def _some(self) -> dict[int, ir.Value]:
        """Port -> a value that it gives or takes."""
        found: dict[int, ir.Value] = {}
        for value, (site, _) in self.case.graph.source_of.items():
            found.setdefault(site.index, value)
        for link in self.case.graph.links:
            found.setdefault(link.target.index, link.value)
        return found


def _class_of(value_id: str) -> str:
    kind = kind_of(value_id)
    if kind == "acc":
        return "sum over microbatches"
    return "result" if kind == "v" else value_id.partition(" ")[0]

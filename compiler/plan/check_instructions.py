"""Proof before a plan is written, or after one was read: the instruction lists end, and no run misses an input.

An abstract step: every mesh takes its instructions in turn, Send never blocks, Recv takes the oldest message of its
pair of meshes. What it finds is what a run on real devices would meet, since nothing in it depends on data or on time.
It also counts: nothing but a fold itself may see the fold before its last run.
"""

from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence

from compiler.plan.program import Instance, Program
from compiler.plan.records import Fragment, Instruction, Recv, Run, Send, Value
from dialects.errors import Failure


def check_instructions(
    fragments: Sequence[Fragment],
    values: Sequence[Value],
    instructions: Sequence[Sequence[Instruction]],
    num_microbatches: int,
    results: Mapping[str, Collection[int]],
) -> None:
    """Run the lists abstractly; raises Failure at a deadlock, a missing or lost value, or a message nobody takes.

    ``results`` as in ``compiler.plan.program.Program``.
    """
    program = Program.of(fragments, values, num_microbatches, results)
    named = [(f"fragment '{f.name}'", value) for f in fragments for value in (*f.inputs, *f.outputs)]
    named += [(show(i), i.value) for each in instructions for i in each if not isinstance(i, Run)]
    for where, value in [*named, *(("results", value) for value in results)]:
        if value not in program.values:
            raise Failure(f"there is no value '{value}'", where=where)
    _Step(program, instructions).run()


def show(instruction: Instruction) -> str:
    """One instruction in words: "recv x[3] from mesh 1"."""
    if isinstance(instruction, Run):
        return f"run {_name((instruction.fragment, instruction.microbatch))}"
    value = _name((instruction.value, instruction.microbatch))
    if not isinstance(instruction, Send | Recv):
        return f"free {value}"
    joined = ", joined" if instruction.joined else ""
    if isinstance(instruction, Send):
        return f"send {value} to mesh {instruction.to}{joined}"
    return f"recv {value} from mesh {instruction.source}{joined}"


def _name(instance: Instance) -> str:
    return instance[0] if instance[1] is None else f"{instance[0]}[{instance[1]}]"


class _Step:
    """One step over all meshes: what each holds, what is under way, and how far each has come."""

    def __init__(self, program: Program, instructions: Sequence[Sequence[Instruction]]) -> None:
        self.program, self.instructions = program, instructions
        self.meshes = range(len(instructions))
        self.held: list[set[Instance]] = [set() for _ in self.meshes]
        self.spent: list[set[str]] = [set() for _ in self.meshes]  # arguments donated on each mesh
        self.wires: dict[
            tuple[int, int], deque[tuple[Instance, bool]]
        ] = {}  # and whether it is joined to the one before
        self.next = [0 for _ in self.meshes]
        runs = [(mesh, i) for mesh in self.meshes for i in instructions[mesh] if isinstance(i, Run)]
        known = [(mesh, run) for mesh, run in runs if run.fragment in program.fragments]
        self.to_come = Counter(
            (mesh, fold) for mesh, run in known for fold in self.folds(run)
        )  # runs that still add to it

    def run(self) -> None:
        """Advance every mesh until all are done or none can move."""
        moved = True
        while moved:
            moved = False
            for mesh in self.meshes:
                while self.next[mesh] < len(self.instructions[mesh]) and self.take(mesh):
                    self.next[mesh] += 1
                    moved = True
        stuck = [mesh for mesh in self.meshes if self.next[mesh] < len(self.instructions[mesh])]
        if stuck:
            waits = [f"mesh {m} waits at {self.next[m]}: {show(self.instructions[m][self.next[m]])}" for m in stuck]
            raise Failure(f"the schedule deadlocks: {'; '.join(waits)}")
        for (source, to), wire in self.wires.items():
            if wire:
                raise Failure(f"mesh {source} sends {_name(wire[0][0])} to mesh {to}, which never receives it")
        for mesh in self.meshes:
            self.check_end(mesh)
        for value in self.program.results:
            instance = self.program.instance(value, None)
            there = self.fed(value) or any(instance in held for held in self.held)
            if self.program.values[value].kind != "argument" and not there:
                raise Failure(f"result value '{value}' is on no mesh after the step")

    def take(self, mesh: int) -> bool:
        """Do the next instruction of a mesh; False if it has to wait."""
        instruction = self.instructions[mesh][self.next[mesh]]
        if isinstance(instruction, Send | Recv) and not self.placed(mesh, instruction.value):
            self.fail(mesh, f"value '{instruction.value}' has no placement on mesh {mesh}")
        if isinstance(instruction, Run):
            self.check_run(mesh, instruction)
        elif isinstance(instruction, Recv):
            wire = self.wires.get((instruction.source, mesh))
            instance = instruction.value, instruction.microbatch
            if not wire or wire[0][0] != instance:
                return False
            if wire[0][1] != instruction.joined or not self.follows(mesh):
                self.fail(mesh, f"{_name(instance)} does not come in the messages in which it was sent")
            if self.to_come[mesh, instance]:
                self.fail(mesh, f"{_name(instance)} grows here, and comes from another mesh")
            self.held[mesh].add(wire.popleft()[0])
        else:
            instance = instruction.value, instruction.microbatch
            if instance not in self.held[mesh]:
                self.fail(mesh, f"{_name(instance)} is not there")
            if isinstance(instruction, Send):
                if instruction.to not in self.meshes or instruction.to == mesh:
                    self.fail(mesh, f"there is no other mesh {instruction.to}")
                if self.to_come[mesh, instance]:
                    self.fail(mesh, f"{_name(instance)} is sent before it is complete")
                if not self.follows(mesh):
                    self.fail(mesh, f"{_name(instance)} is joined to no send to mesh {instruction.to} before it")
                self.wires.setdefault((mesh, instruction.to), deque()).append((instance, instruction.joined))
            else:
                self.held[mesh].remove(instance)
        return True

    def follows(self, mesh: int) -> bool:
        """Whether the next instruction of a mesh may say what it says of being joined to the one before."""
        position, items = self.next[mesh], self.instructions[mesh]
        item, before = items[position], items[position - 1] if position else None
        if isinstance(item, Send) and item.joined:
            return isinstance(before, Send) and before.to == item.to
        if isinstance(item, Recv) and item.joined:
            return isinstance(before, Recv) and before.source == item.source
        return True

    def check_run(self, mesh: int, run: Run) -> None:
        """All inputs are there; donated ones go, outputs come."""
        if run.fragment not in self.program.fragments or self.program.fragments[run.fragment].mesh != mesh:
            self.fail(mesh, f"mesh {mesh} has no fragment '{run.fragment}'")
        writes = self.program.writes(run)
        for instance in self.program.reads(run):
            if self.to_come[mesh, instance] and instance not in writes:
                self.fail(mesh, f"input {_name(instance)} is not there, or not complete")
            kind = self.program.values[instance[0]].kind
            if kind in ("batch", "index"):
                self.held[mesh].add(instance)  # fed by the runtime when it is needed
            elif kind == "argument" and instance[0] in self.spent[mesh]:
                self.fail(mesh, f"argument value '{instance[0]}' was donated before")
            elif kind == "argument" and not self.placed(mesh, instance[0]):
                self.fail(mesh, f"argument value '{instance[0]}' has no placement on mesh {mesh}")
            elif kind != "argument" and instance not in self.held[mesh]:
                self.fail(mesh, f"input {_name(instance)} is not there")
        donated = self.program.donates(run)
        self.held[mesh] -= donated
        self.spent[mesh] |= {value for value, _ in donated if self.program.values[value].kind == "argument"}
        self.held[mesh].update(writes)
        self.to_come.subtract((mesh, fold) for fold in self.folds(run))

    def folds(self, run: Run) -> set[Instance]:
        """What a run reads and gives anew."""
        return set(self.program.reads(run)) & set(self.program.writes(run))

    def placed(self, mesh: int, value: str) -> bool:
        """Whether the plan says how ``mesh`` holds a value."""
        return any(placement.mesh == mesh for placement in self.program.values[value].placements)

    def fed(self, value: str) -> bool:
        """Whether the runtime puts ``value`` on the meshes that have a place for it when it is asked for."""
        return self.program.values[value].kind == "batch" and any(self.placed(mesh, value) for mesh in self.meshes)

    def check_end(self, mesh: int) -> None:
        """Results are there, and nothing else."""
        results = {self.program.instance(value, None) for value in self.program.results}
        for value, microbatch in sorted(self.held[mesh] - results, key=str):
            raise Failure(f"mesh {mesh} never frees {_name((value, microbatch))}")
        for value, microbatch in self.program.kept(mesh):
            argument = self.program.values[value].kind == "argument"
            usable = self.placed(mesh, value) and value not in self.spent[mesh]
            if not (usable if argument or self.fed(value) else (value, microbatch) in self.held[mesh]):
                raise Failure(f"result value '{value}' is not on mesh {mesh} after the step")

    def fail(self, mesh: int, message: str) -> None:
        """Raise with the instruction that is to blame."""
        position = self.next[mesh]
        where = f"mesh {mesh}, instruction {position}, {show(self.instructions[mesh][position])}"
        raise Failure(message, where=where)

"""Random pipelines through the instruction generator: a toy executor of symbols must agree with plain evaluation."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.emit.donation import find_donated
from compiler.emit.instructions import make_instructions
from compiler.plan.check_instructions import check_instructions, show
from compiler.plan.program import Instance, Program
from compiler.plan.records import Fragment, Free, Instruction, Phase, Placement, Recv, Run, Send, Value, ValueKind
from compiler.schedules.order import FragmentKey
from compiler.schedules.schedule import make_schedule
from compiler.schedules.table import SCHEDULES
from dialects.errors import Failure

PHASES: tuple[Phase, ...] = ("setup", "forward", "backward", "update")


@dataclass
class Pipeline:
    """A whole problem: what a pass would hand to the generator."""

    stage_to_mesh: tuple[int, ...]
    num_microbatches: int
    fragments: dict[FragmentKey, Fragment] = field(default_factory=dict[FragmentKey, Fragment])
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    results: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    runs: tuple[tuple[Run, ...], ...] = ()
    small: set[str] = field(default_factory=set[str])

    def value(self, name: str, kind: ValueKind, meshes: Collection[int] | None = None) -> str:
        meshes = sorted(set(self.stage_to_mesh)) if meshes is None else meshes
        self.values[name] = Value(name, kind, "f32", (), tuple(Placement(mesh, ()) for mesh in meshes))
        return name

    def fragment(self, key: FragmentKey, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        stage, phase, level = key
        name = f"{phase}{stage}.{level}"
        mesh = self.stage_to_mesh[stage]
        ids = tuple(dict.fromkeys(inputs)), tuple(outputs)
        self.fragments[key] = Fragment(name, stage, phase, mesh, f"stages/{name}.mlir", *ids, (), 0, 0)

    def schedule(self, name: str, *, donate: bool) -> None:
        """Order the runs, and let every fragment donate what it may."""
        made = make_schedule(
            name,
            len(self.stage_to_mesh),
            self.num_microbatches,
            stage_to_mesh=self.stage_to_mesh,
            fragments=self.fragments,
        )
        self.runs = made.runs({key: fragment.name for key, fragment in self.fragments.items()})
        for key, fragment in self.fragments.items():
            self.fragments[key] = msgspec.structs.replace(fragment, donated=())
        if donate:
            replaced = {v.id for v in self.values.values() if v.id.startswith("param") and v.id not in self.results}
            donated = find_donated(*self.problem(), replaced)
            for key, fragment in self.fragments.items():
                self.fragments[key] = msgspec.structs.replace(fragment, donated=donated[fragment.name])

    def problem(
        self,
    ) -> tuple[list[Fragment], list[Value], tuple[tuple[Run, ...], ...], int, Mapping[str, Collection[int]]]:
        fragments, values = list(self.fragments.values()), list(self.values.values())
        return fragments, values, self.runs, self.num_microbatches, self.results

    def instructions(self) -> tuple[tuple[Instruction, ...], ...]:
        made = make_instructions(*self.problem(), lambda value, *_: value in self.small)
        fragments, values, _, num_microbatches, results = self.problem()
        check_instructions(fragments, values, made, num_microbatches, results)
        return made


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    """A random training step: residuals, gradients, accumulators, remote updates, results of every kind."""
    num_stages = draw(st.integers(1, 4))
    meshes = tuple(draw(st.lists(st.integers(0, 2), min_size=num_stages, max_size=num_stages)))
    pipe = Pipeline(meshes, draw(st.integers(1, 4)))

    def some(options: Sequence[str], at_most: int = 3) -> list[str]:
        return draw(st.lists(st.sampled_from(options), max_size=at_most)) if options else []

    stages = range(num_stages)
    everywhere = sorted(set(meshes))
    batch, index = pipe.value("batch", "batch"), pipe.value("index", "index")
    params = [pipe.value(f"param{s}", "argument", everywhere) for s in stages]
    starts: list[str] = []
    sums: dict[tuple[int, Phase], list[str]] = {}
    for s in stages:
        for phase in ("forward", "backward"):
            names = [f"sum.{phase}{s}.{i}" for i in range(draw(st.integers(0, 2)))]
            sums[s, phase] = [pipe.value(name, "step") for name in names]
        starts.append(pipe.value(f"cast{s}", "step"))
        pipe.fragment((s, "setup", 0), [params[s]], [starts[s], *sums[s, "forward"], *sums[s, "backward"]])
    seen: list[str] = []
    for phase in ("forward", "backward"):
        for s in stages if phase == "forward" else reversed(stages):
            if draw(st.integers(0, 5)) == 0 and not sums[s, phase]:
                continue
            outputs = [pipe.value(f"{phase}{s}.{i}", "microbatch") for i in range(draw(st.integers(0, 3)))]
            inputs = [*sums[s, phase], *some([*params, batch, index, *starts]), *some(seen)]
            pipe.fragment((s, phase, 0), inputs, [*sums[s, phase], *outputs])
            seen += outputs
    sources = [*seen, *(name for names in sums.values() for name in names), *params]
    updated: list[str] = []
    for level in range(draw(st.integers(1, 3))):
        added: list[str] = []
        for s in stages:
            if draw(st.booleans()):
                outputs = [pipe.value(f"new{s}.{level}", "step")]
                pipe.fragment((s, "update", level), [*some(sources), *some(updated)], outputs)
                added += outputs
        updated += added
    for name in some([*updated, *sources], at_most=4):
        wanted = some([str(mesh) for mesh in everywhere])
        pipe.results[name] = tuple(sorted({int(mesh) for mesh in wanted}))
    pipe.small = {name for name in pipe.values if draw(st.booleans())}
    return pipe


class Symbols:
    """Names for results: the same fragment on the same inputs gives the same number."""

    def __init__(self, program: Program) -> None:
        self.program, self.numbers = program, dict[tuple[object, ...], int]()

    def fresh(self, *key: object) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def run(self, run: Run, held: dict[Instance, int]) -> None:
        """Write the outputs of a run; inputs fed by the runtime are made on the way."""
        for instance in self.program.reads(run):
            if self.program.values[instance[0]].kind in ("batch", "index"):
                held[instance] = self.fresh(*instance)
        inputs = [held[instance] for instance in self.program.reads(run)]
        for instance in self.program.donates(run):
            del held[instance]
        for instance in self.program.writes(run):
            held[instance] = self.fresh(run.fragment, *inputs, instance[0])


def evaluate(pipe: Pipeline, symbols: Symbols) -> dict[Instance, int]:
    """The whole step in program order, in one place, nothing freed."""
    held: dict[Instance, int] = {
        (v.id, None): symbols.fresh(v.id) for v in pipe.values.values() if v.kind == "argument"
    }
    ordered = sorted(pipe.fragments, key=lambda k: (PHASES.index(k[1]), k[2], -k[0] if k[1] == "backward" else k[0]))
    for phase in PHASES:
        for m in range(pipe.num_microbatches) if phase in ("forward", "backward") else [None]:
            for key in ordered:
                if key[1] == phase:
                    symbols.run(Run(pipe.fragments[key].name, m), held)
    return held


def execute(
    pipe: Pipeline, symbols: Symbols, instructions: Sequence[Sequence[Instruction]]
) -> list[dict[Instance, int]]:
    """What each mesh holds after the step; KeyError on a missing value, AssertionError on a deadlock."""
    held: list[dict[Instance, int]] = []
    for mesh in range(len(instructions)):
        arguments = [v for v in pipe.values.values() if v.kind == "argument"]
        placed = [v.id for v in arguments if any(place.mesh == mesh for place in v.placements)]
        held.append({(value, None): symbols.fresh(value) for value in placed})
    wires: dict[tuple[int, int], deque[tuple[Instance, int, bool]]] = {}
    positions = [0] * len(instructions)
    moved = True
    while moved:
        moved = False
        for mesh, items in enumerate(instructions):
            while positions[mesh] < len(items):
                item = items[positions[mesh]]
                if isinstance(item, Recv):
                    wire = wires.get((item.source, mesh))
                    if not wire:
                        break
                    instance, number, joined = wire.popleft()
                    assert (instance, joined) == ((item.value, item.microbatch), item.joined)
                    held[mesh][instance] = number
                elif isinstance(item, Send):
                    instance = item.value, item.microbatch
                    wires.setdefault((mesh, item.to), deque()).append((instance, held[mesh][instance], item.joined))
                elif isinstance(item, Free):
                    del held[mesh][item.value, item.microbatch]
                else:
                    symbols.run(item, held[mesh])
                positions[mesh] += 1
                moved = True
    assert positions == [len(items) for items in instructions]
    return held


@settings(max_examples=300, deadline=None)
@given(pipelines(), st.sampled_from(sorted(SCHEDULES)), st.booleans())
def test_any_pipeline_computes_what_its_program_says(pipe: Pipeline, name: str, donate: bool) -> None:
    symbols = Symbols(Program.of(list(pipe.fragments.values()), list(pipe.values.values()), pipe.num_microbatches, {}))
    expected = evaluate(pipe, symbols)
    pipe.schedule(name, donate=donate)
    fragments, values, _, num_microbatches, results = pipe.problem()
    symbols.program = program = Program.of(fragments, values, num_microbatches, results)
    held = execute(pipe, symbols, pipe.instructions())
    kept = {program.instance(value, None) for value in results}
    for mesh, left in enumerate(held):
        for instance in program.kept(mesh):
            assert left[instance] == expected[instance]
        for instance, number in left.items():
            if program.values[instance[0]].kind != "argument":
                assert instance in kept
                assert number == expected[instance]
    for instance in kept:
        assert any(instance in left for left in held)


def two_stages() -> Pipeline:
    """Two stages, two microbatches: an activation goes up, a gradient comes down, each stage updates its parameter."""
    pipe = Pipeline((0, 1), 2)
    for s in (0, 1):
        pipe.value(f"param{s}", "argument", [s])
        pipe.value(f"sum{s}", "step")
        pipe.value(f"new{s}", "step")
        pipe.results[f"new{s}"] = (s,)
        pipe.fragment((s, "setup", 0), [], [f"sum{s}"])
        pipe.fragment((s, "update", 0), [f"param{s}", f"sum{s}"], [f"new{s}"])
    pipe.value("x", "batch")
    pipe.value("act", "microbatch")
    pipe.value("grad", "microbatch")
    pipe.fragment((0, "forward", 0), ["param0", "x"], ["act"])
    pipe.fragment((1, "backward", 0), ["param1", "act", "sum1"], ["grad", "sum1"])
    pipe.fragment((0, "backward", 0), ["grad", "act", "sum0"], ["sum0"])
    pipe.schedule("1f1b", donate=True)
    return pipe


def words(instructions: Sequence[Instruction]) -> list[str]:
    """One line an instruction."""
    return [show(instruction) for instruction in instructions]


def test_two_stages_word_by_word() -> None:
    pipe = two_stages()
    first, second = pipe.instructions()
    assert words(first) == [
        "run setup0.0",
        "run forward0.0[0]",
        "send act[0] to mesh 1",
        "free x[0]",
        "run forward0.0[1]",
        "send act[1] to mesh 1",
        "free x[1]",
        "recv grad[0] from mesh 1",
        "run backward0.0[0]",
        "recv grad[1] from mesh 1",
        "run backward0.0[1]",
        "run update0.0",
    ]
    assert words(second) == [
        "run setup1.0",
        "recv act[0] from mesh 0",
        "run backward1.0[0]",
        "send grad[0] to mesh 0",
        "free grad[0]",
        "recv act[1] from mesh 0",
        "run backward1.0[1]",
        "send grad[1] to mesh 0",
        "free grad[1]",
        "run update1.0",
    ]
    donated = {fragment.name: fragment.donated for fragment in pipe.fragments.values()}
    assert donated["update0.0"] == (0, 1), "the old parameter and the sum of gradients"
    assert donated["forward0.0"] == (), "the parameter is read again, the batch is not ours"
    assert donated["backward1.0"] == (1, 2), "the activation's copy and the sum"


def check(pipe: Pipeline, instructions: Sequence[Sequence[Instruction]]) -> None:
    fragments, values, _, num_microbatches, results = pipe.problem()
    check_instructions(fragments, values, instructions, num_microbatches, results)


def test_a_deadlock_names_the_first_blocked_instruction_of_each_mesh() -> None:
    pipe = two_stages()
    first, second = (list(items) for items in pipe.instructions())
    first.insert(1, first.pop(7))
    with pytest.raises(
        Failure,
        match=r"deadlocks: mesh 0 waits at 1: recv grad\[0\] from mesh 1; mesh 1 waits at 1: recv act\[0\] from mesh 0",
    ):
        check(pipe, [first, second])


def test_messages_out_of_order_are_a_deadlock() -> None:
    pipe = two_stages()
    first, second = (list(items) for items in pipe.instructions())
    first[2], first[5] = first[5], first[2]
    with pytest.raises(Failure, match=r"mesh 0, instruction 2, send act\[1\] to mesh 1: act\[1\] is not there"):
        check(pipe, [first, second])


@pytest.mark.parametrize(
    ("mesh", "drop", "message"),
    [
        (0, 0, "input sum0 is not there"),
        (0, 2, r"mesh 1 waits at 1: recv act\[0\] from mesh 0"),
        (0, 3, r"mesh 0 never frees x\[0\]"),
        (0, 11, "mesh 0 never frees sum0"),
        (1, 5, r"input act\[1\] is not there"),
    ],
)
def test_a_missing_instruction_is_found(mesh: int, drop: int, message: str) -> None:
    pipe = two_stages()
    instructions = [list(items) for items in pipe.instructions()]
    del instructions[mesh][drop]
    with pytest.raises(Failure, match=message):
        check(pipe, instructions)


def test_use_after_donation_is_found() -> None:
    pipe = two_stages()
    key: FragmentKey = (0, "forward", 0)
    pipe.fragments[key] = msgspec.structs.replace(pipe.fragments[key], donated=(0,))
    with pytest.raises(Failure, match="argument value 'param0' was donated before"):
        pipe.instructions()


@pytest.mark.parametrize(("name", "mesh"), [("act", 0), ("act", 1), ("param0", 0)])
def test_a_value_without_a_placement_is_found(name: str, mesh: int) -> None:
    pipe = two_stages()
    pipe.value(name, pipe.values[name].kind, {0, 1} - {mesh})
    with pytest.raises(Failure, match=f"value '{name}' has no placement on mesh {mesh}"):
        pipe.instructions()


def test_an_unknown_value_is_found() -> None:
    pipe = two_stages()
    first, second = pipe.instructions()
    with pytest.raises(Failure, match="free y: there is no value 'y'"):
        check(pipe, [(*first, Free("y")), second])


def test_a_value_that_several_meshes_write_is_sent_once_to_those_that_only_read_it() -> None:
    """Meshes 0 and 1 each update the step counter; mesh 2 reads it."""
    pipe = Pipeline((0, 1, 2), 1)
    counter, new, scale = pipe.value("counter", "argument"), pipe.value("new", "step"), pipe.value("scale", "step")
    pipe.fragment((0, "update", 0), [counter], [new])
    pipe.fragment((1, "update", 0), [counter], [new])
    pipe.fragment((2, "update", 1), [new], [scale])
    pipe.results = {new: (0, 1), scale: ()}
    pipe.schedule("gpipe", donate=True)
    assert [words(items) for items in pipe.instructions()] == [
        ["run update0.0", "send new to mesh 2"],
        ["run update1.0"],
        ["recv new from mesh 0", "run update2.1", "free new"],
    ]


def test_a_sum_is_sent_once_and_a_value_per_microbatch_is_the_last_one() -> None:
    pipe = two_stages()
    pipe.fragment((0, "update", 0), ["param0", "sum0", "sum1", "grad"], ["new0"])
    pipe.schedule("gpipe", donate=False)
    first, second = pipe.instructions()
    assert [word for word in words(second) if "send" in word or "run" in word][1:] == [
        "run backward1.0[0]",
        "send grad[0] to mesh 0",
        "run backward1.0[1]",
        "send grad[1] to mesh 0",
        "send sum1 to mesh 0",
        "run update1.0",
    ]
    assert words(first)[-5:] == [
        "recv sum1 from mesh 1",
        "run update0.0",
        "free sum0",
        "free sum1",
        "free grad[1]",
    ]


def test_a_tied_parameter_goes_to_every_mesh_that_holds_it() -> None:
    pipe = two_stages()
    pipe.results["new0"] = (0, 1)
    _, second = pipe.instructions()
    assert words(second)[-1] == "recv new0 from mesh 0"


def joined_pair() -> Pipeline:
    """As ``two_stages``, with two more values of the forward run on their way up, small ones both."""
    pipe = two_stages()
    for name in ("scale", "shift"):
        pipe.value(name, "microbatch")
    pipe.fragment((0, "forward", 0), ["param0", "x"], ["scale", "act", "shift"])
    pipe.fragment((1, "backward", 0), ["param1", "scale", "act", "shift", "sum1"], ["grad", "sum1"])
    pipe.small = {"scale", "shift"}
    return pipe


def test_small_values_of_one_run_travel_together() -> None:
    first, second = joined_pair().instructions()
    assert words(first)[1:5] == [
        "run forward0.0[0]",
        "send scale[0] to mesh 1",
        "send shift[0] to mesh 1, joined",
        "send act[0] to mesh 1",
    ]
    assert words(second)[1:4] == [
        "recv scale[0] from mesh 0",
        "recv shift[0] from mesh 0, joined",
        "recv act[0] from mesh 0",
    ]


def test_one_small_value_is_joined_to_nothing() -> None:
    pipe = joined_pair()
    pipe.small = {"shift"}
    assert not any("joined" in line for items in pipe.instructions() for line in words(items))


def test_values_are_received_in_the_messages_in_which_they_were_sent() -> None:
    pipe = joined_pair()
    first, second = (list(items) for items in pipe.instructions())
    with pytest.raises(Failure, match=r"shift\[0\] does not come in the messages in which it was sent"):
        check(pipe, [first, [*second[:2], Recv("shift", 0, 0), *second[3:]]])
    with pytest.raises(Failure, match=r"scale\[0\] does not come in the messages in which it was sent"):
        check(pipe, [first, [second[0], Recv("scale", 0, 0, joined=True), *second[2:]]])
    with pytest.raises(Failure, match=r"act\[0\] is joined to no send to mesh 1 before it"):
        check(pipe, [[*first[:2], Send("act", 1, 0, joined=True), first[4], *first[5:]], second])


def test_a_message_that_nobody_takes_is_found() -> None:
    pipe = two_stages()
    first, second = (list(items) for items in pipe.instructions())
    first.insert(7, Send("act", 1, 1))  # once more, after all that mesh 1 takes from mesh 0
    with pytest.raises(Failure, match=r"^mesh 0 sends act\[1\] to mesh 1, which never receives it"):
        check(pipe, [first, second])


@pytest.mark.parametrize("to", [0, 2])
def test_a_message_to_no_other_mesh_is_found(to: int) -> None:
    pipe = two_stages()
    first, second = (list(items) for items in pipe.instructions())
    first[2] = Send("act", to, 0)
    with pytest.raises(Failure, match=f"there is no other mesh {to}"):
        check(pipe, [first, second])


def test_a_run_on_another_mesh_is_found() -> None:
    pipe = two_stages()
    first, second = pipe.instructions()
    with pytest.raises(Failure, match=r"mesh 1 has no fragment 'setup0\.0'"):
        check(pipe, [first, (*second, Run("setup0.0", None))])
    with pytest.raises(Failure, match="mesh 1 has no fragment 'nobody'"):
        check(pipe, [first, (*second, Run("nobody", None))])


def test_a_result_that_is_not_there_at_the_end_is_found() -> None:
    pipe = two_stages()
    first, second = pipe.instructions()
    with pytest.raises(Failure, match="result value 'new1' is not on mesh 1 after the step"):
        check(pipe, [first, (*second, Free("new1"))])
    pipe.results["new1"] = ()
    with pytest.raises(Failure, match="result value 'new1' is on no mesh after the step"):
        check(pipe, [first, (*second, Free("new1"))])


def test_a_sum_is_sent_when_it_is_complete() -> None:
    pipe = two_stages()
    pipe.fragment((0, "update", 0), ["param0", "sum0", "sum1"], ["new0"])
    pipe.schedule("gpipe", donate=False)
    first, second = (list(items) for items in pipe.instructions())
    sent = next(i for i, item in enumerate(second) if isinstance(item, Send) and item.value == "sum1")
    second.insert(3, second.pop(sent))
    with pytest.raises(Failure, match="sum1 is sent before it is complete"):
        check(pipe, [first, second])

"""Which op belongs to which fragment, and what every fragment reads and gives: the facts that ``realize`` writes out."""

from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import call_target
from dialects.op_sets import OpMap, OpSet
from dialects.ops import all_operands, body_ops, entry_block
from dialects.signature import attr_dicts, int_of, op_int, op_text, text_of
from dialects.values import BACKWARD, ONCE_A_STEP, PHASES, SETUP, UPDATE
from passes.analysis.stages.replicable import replicable_ops


@dataclass(frozen=True)
class Key:
    """The name of a fragment. ``level``: hops between stages that setup or update ops wait for."""

    phase: str
    level: int
    stage: int

    @property
    def name(self) -> str:
        level = f"_{self.level}" if self.level else ""
        return f"stage{self.stage}_{self.phase}{level}"

    @property
    def order(self) -> tuple[int, int, int]:
        """Fragments sorted by this run in a valid order for one microbatch."""
        backward = -self.stage if self.phase == BACKWARD else self.stage
        return PHASES.index(self.phase), self.level, backward


@dataclass
class Content:
    """Ops of a fragment in program order, the folds that it keeps, and the values that it must give."""

    ops: list[ir.Operation] = field(default_factory=list[ir.Operation])
    folds: list[ir.Operation] = field(default_factory=list[ir.Operation])
    starts: list[ir.Operation] = field(default_factory=list[ir.Operation])  # folds whose initial value it makes
    copies: OpSet = field(default_factory=OpSet)
    reads: dict[ir.Value, None] = field(default_factory=dict[ir.Value, None])
    gives: dict[ir.Value, None] = field(default_factory=dict[ir.Value, None])


class Fragments:
    """``content[key]`` for every fragment of @main; see ``Content``."""

    def __init__(self, func: ir.OpView) -> None:
        self.func, self.block = func, entry_block(func)
        self.ops = body_ops(self.block)[:-1]
        self.copied = replicable_ops(func)
        self.content: dict[Key, Content] = {}
        self.key_of = OpMap[Key]()
        self.level_of = _levels([op for op in self.ops if op not in self.copied])
        for op in self.ops:
            if op not in self.copied:
                self._assign(op)
        for content in list(self.content.values()):
            for op in content.ops:
                self._read(content, all_operands(op))
            for fold in content.folds:
                self._read(content, [fold.operands[0]])
        self._results()

    def _assign(self, op: ir.Operation) -> None:
        phase, stage = op_text(op, names.PHASE), op_int(op, names.STAGE) or 0
        level = self.level_of[op]
        key = Key(phase, level, stage)
        self.key_of[op] = key
        content = self.content.setdefault(key, Content())
        if call_target(op) in names.FOLDS:
            content.folds.append(op)
            self.content.setdefault(Key(SETUP, 0, stage), Content()).starts.append(op)
        else:
            content.ops.append(op)

    def _read(self, content: Content, values: list[ir.Value]) -> None:
        """Note that a fragment uses ``values``: inputs come from outside, replicable ops are copied in."""
        for value in values:
            if isinstance(value.owner, ir.Block):
                content.reads[value] = None
                continue
            op = value.owner.operation
            if op in self.copied:
                if op not in content.copies:
                    content.copies.add(op)
                    self._read(content, all_operands(op))
                continue
            source = self.content[self.key_of[op]]
            if source is not content:
                content.reads[value] = None
                source.gives[value] = None
            elif call_target(op) in names.FOLDS:
                content.reads[value] = None

    def _results(self) -> None:
        """Values that the step returns: given by their producer; replicable ones by every stage that needs the next value."""
        returned = list(body_ops(self.block)[-1].operands)
        entries = attr_dicts(self.func, "res_attrs")
        arguments = attr_dicts(self.func, "arg_attrs")
        feeds = {
            int_of(entry, names.STATE_RESULT): i for i, entry in enumerate(arguments) if names.STATE_RESULT in entry
        }
        for i, value in enumerate(returned):
            if isinstance(value.owner, ir.Block):
                continue
            op = value.owner.operation
            if op not in self.copied:
                self.content[self.key_of[op]].gives[value] = None
                continue
            homes = {0}
            if text_of(entries[i], names.ROLE) == "state" and i in feeds:
                argument = self.block.arguments[feeds[i]]
                homes = {key.stage for key, content in self.content.items() if argument in content.reads} or {0}
            for stage in homes:
                content = self.content.setdefault(Key(UPDATE, 0, stage), Content())
                self._read(content, [value])
                content.gives[value] = None

    def homes(self, argument: ir.Value) -> set[int]:
        """The stages that read an argument of @main."""
        return {key.stage for key, content in self.content.items() if argument in content.reads}


def _levels(ops: list[ir.Operation]) -> OpMap[int]:
    """Hops between stages that each setup or update op waits for; update ops then sink to where they are first read.

    Sinking keeps what a late hop needs anyway (a gradient that waits for its clipping factor) from being split in two.
    """
    level = OpMap[int]()
    for op in ops:
        level[op] = max((level[p] + hop for p, hop in _same_phase(op, level)), default=0)
    latest = OpMap[int]()
    for op in reversed(ops):
        if op_text(op, names.PHASE) == UPDATE:
            level[op] = max(level[op], latest.get(op, 0))
        for producer, hop in _same_phase(op, level):
            latest[producer] = min(latest.get(producer, level[op] - hop), level[op] - hop)
    return level


def _same_phase(op: ir.Operation, level: OpMap[int]) -> list[tuple[ir.Operation, int]]:
    """Producers of ``op`` in its own once-a-step phase, each with 1 when it is on another stage."""
    phase, stage = op_text(op, names.PHASE), op_int(op, names.STAGE)
    if phase not in ONCE_A_STEP:
        return []
    producers = [v.owner.operation for v in all_operands(op) if not isinstance(v.owner, ir.Block)]
    return [
        (p, int(op_int(p, names.STAGE) != stage)) for p in producers if p in level and op_text(p, names.PHASE) == phase
    ]

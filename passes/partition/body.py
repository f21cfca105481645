"""Rewrites one function's body, already inside a manual computation, from whole values to what one device sees.

Two walks. ``plan`` checks every op against its rule while types are still whole; ``rewrite`` gives local types, patches what
holds sizes, and puts collectives in place of reshards. Source: GSPMD (Xu et al. 2021), section 3, with all choices made before.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.build import tensor_type
from dialects.errors import Failure
from dialects.ops import BARRIER, CONTROL_FLOW, body_ops, captured, describe, element_type, op_key, shape_of
from dialects.sdy_attrs import SHARDING, op_shardings
from dialects.sharding import MeshShape, Sharding, replicated
from dialects.signature import op_text
from passes.analysis.ops.forms import Fold
from passes.analysis.ops.local_rules import reduction_kind
from passes.analysis.ops.rules import RULE, read_rule
from passes.partition.collectives import emit
from passes.partition.device import Device
from passes.partition.fit import Fit, Misfit, fit
from passes.partition.made import MADE, made
from passes.partition.rules import RULES
from passes.partition.steps import step_between, used_axes

_AS_GIVEN = frozenset({*CONTROL_FLOW, BARRIER})


class Body:
    """One use: ``Body(mesh, block, shardings of its arguments)``, then ``plan()`` and ``rewrite()``."""

    def __init__(self, mesh: MeshShape, block: ir.Block, arguments: Sequence[Sharding]) -> None:
        self.mesh, self.block, self.device = mesh, block, Device(block, mesh)
        self.of: dict[ir.Value, Sharding] = dict(zip(block.arguments, arguments, strict=True))
        self.fits: dict[ir.Value | ir.Block, Fit] = {}
        self.kinds: dict[ir.Value, Fold] = {}  # unreduced values whose join is not a sum, while planning
        self.folds: dict[ir.Value | ir.Block, Fold] = {}  # the same for the reshards that finish them

    def plan(self, returned: Sequence[Sharding]) -> None:
        """Check every op, and that the values returned lie as ``returned`` says. Raises Failure naming the op."""
        self._plan_block(self.block)
        self._check_given(body_ops(self.block)[-1], returned)

    def rewrite(self, block: ir.Block) -> None:
        """Make everything local in ``block``, where the ops are now and where arguments are local already."""
        self.device = Device(block, self.mesh)
        self._rewrite_block(block)

    # The first walk

    def _plan_block(self, block: ir.Block) -> None:
        for op in body_ops(block)[:-1]:
            ins = tuple(self.of[value] for value in op.operands)
            outs = self._outs(op)
            for value, sharding in zip(op.results, outs, strict=True):
                self.of[value] = sharding
                if not self.mesh.allows(shape_of(value), sharding):
                    _refuse(op, f"its sharding {sharding.text()} does not divide {value.type}")
            if op.name == "sdy.reshard":
                self._plan_reshard(op, ins[0], outs[0])
            elif op.name.startswith("sdy."):
                _refuse(op, "of Shardy's ops only sdy.reshard is expected")
            elif op.name in _AS_GIVEN:
                self._plan_as_given(op, ins, outs)
            elif op.name in MADE:
                self.fits[op_key(op)] = Fit(ins, outs, (shape_of(op.results[0]),))
            elif not all(sharding.is_replicated for sharding in (*ins, *outs)):
                self.fits[op_key(op)] = self._fit(op, ins, outs)
            if op.name not in _AS_GIVEN:
                for value in captured(op) if len(op.regions) else []:
                    if not self.of[value].is_replicated:
                        _refuse(op, "its body reads a value that is not replicated")

    def _outs(self, op: ir.Operation) -> tuple[Sharding, ...]:
        said = op_shardings(op) or tuple(replicated(len(shape_of(value))) for value in op.results)
        return tuple(used_axes(sharding, self.mesh) for sharding in said)

    def _fit(self, op: ir.Operation, ins: tuple[Sharding, ...], outs: tuple[Sharding, ...]) -> Fit:
        rule = read_rule(op)
        if rule is None:
            _refuse(op, "it is split, and there is no rule for it")
        try:
            found = fit(op, rule, ins, outs, tuple(shape_of(v) for v in (*op.operands, *op.results)), self.mesh)
        except Misfit as why:
            _refuse(op, f"{why}; it goes from {_list(ins)} to {_list(outs)}")
        kind = reduction_kind(op)
        if found.summed and kind is not None and kind != "sum":
            self.kinds[op.results[0]] = kind
        if any(value in self.kinds for value in op.operands):
            _refuse(
                op, f"it reads a {self.kinds[next(v for v in op.operands if v in self.kinds)]} that is not finished"
            )
        return found

    def _plan_reshard(self, op: ir.Operation, source: Sharding, target: Sharding) -> None:
        try:
            step = step_between(source, target, self.mesh)
        except ValueError as why:
            _refuse(op, str(why))
        kind, said = self.kinds.get(op.operands[0], "sum"), op_text(op, names.KIND) or "sum"
        if set(source.unreduced) - set(target.unreduced) and kind != said:
            _refuse(op, f"it says {names.KIND} = {said}, and what it reads is a {kind}")
        if kind != "sum" and (step is None or target.unreduced):
            _refuse(op, f"a {kind} has to be finished at once")
        self.folds[op_key(op)] = kind
        self.fits[op_key(op)] = Fit((source,), (target,), (shape_of(op.operands[0]),))

    def _plan_as_given(self, op: ir.Operation, ins: tuple[Sharding, ...], outs: tuple[Sharding, ...]) -> None:
        """Loops, branches and barriers: operands, block arguments, what bodies return, and results all lie alike."""
        if op.name in ("stablehlo.while", BARRIER):
            if ins != outs:
                _refuse(op, f"its operands lie as {_list(ins)} and its results as {_list(outs)}")
        elif not ins[0].is_replicated:
            _refuse(op, "its condition is not replicated")
        self.fits[op_key(op)] = Fit(ins, outs, ())
        for number, region in enumerate(op.regions):
            block = region.blocks[0]
            self.of.update(zip(block.arguments, outs, strict=False))
            self._plan_block(block)
            condition = op.name == "stablehlo.while" and number == 0
            self._check_given(body_ops(block)[-1], (replicated(0),) if condition else outs)

    def _check_given(self, terminator: ir.Operation, want: Sequence[Sharding]) -> None:
        have = tuple(self.of[value] for value in terminator.operands)
        if have != tuple(want):
            _refuse(terminator, f"it gives {_list(have)}, want {_list(want)}")
        if any(value in self.kinds for value in terminator.operands):
            _refuse(terminator, "it gives a value whose reduction is not finished")

    # The second walk

    def _rewrite_block(self, block: ir.Block) -> None:
        for op in body_ops(block)[:-1]:
            found = self.fits.get(op_key(op))
            joins = op.attributes.get(names.JOINS)
            for key in (SHARDING, RULE, names.KIND, names.JOINS):
                if key in op.attributes:
                    del op.attributes[key]
            if op.name == "sdy.reshard" and found is not None:
                self._reshard(op, found, joins)
            elif op.name in MADE and found is not None:
                self._after(op, partial(made, op, found.outs[0], self.device))
            elif found is not None:
                self._local(op, found)

    def _local(self, op: ir.Operation, found: Fit) -> None:
        for i, axes in found.masks.items():
            with ir.InsertionPoint(op), op.location:
                op.operands[i] = self.device.first_only(op.operands[i], axes)
        self._retype(op.results, found.outs)
        for region in op.regions if op.name in CONTROL_FLOW else ():
            self._retype(region.blocks[0].arguments, found.outs)
            self._rewrite_block(region.blocks[0])
        if (rule := RULES.get(op.name)) is not None:
            self._after(op, partial(rule, op, found, self.device))

    def _retype(self, values: Sequence[ir.Value], shardings: Sequence[Sharding]) -> None:
        for value, sharding in zip(values, shardings, strict=False):
            if any(sharding.dims):
                value.set_type(tensor_type(self.mesh.local_shape(shape_of(value), sharding), element_type(value)))

    def _reshard(self, op: ir.Operation, found: Fit, joins: ir.Attribute | None) -> None:
        source, target = found.ins[0], found.outs[0]
        step = step_between(source, target, self.mesh)
        value = op.operands[0]
        with ir.InsertionPoint(op), op.location:
            fold = self.folds[op_key(op)]
            new = value if step is None else emit(value, step, source, target, self.device, fold, joins)
        op.results[0].replace_all_uses_with(new)
        op.erase()

    def _after(self, op: ir.Operation, make_value: Callable[[], ir.Value | None]) -> None:
        """Call ``make_value`` behind the op; if it makes another value of the result, all who read the result read that."""
        old = op.results[0]
        readers = [(use.owner.operation, use.operand_number) for use in old.uses]
        with ir.InsertionPoint.after(op), op.location:
            new = make_value()
        if new is None or new == old:
            return
        for reader, position in readers:
            reader.operands[position] = new
        if not list(old.uses):
            op.erase()


def _refuse(op: ir.Operation, why: str) -> NoReturn:
    raise Failure(why, where=describe(op), remedy="this is a defect of the passes before partition")


def _list(shardings: Sequence[Sharding]) -> str:
    return "(" + ", ".join(sharding.text() for sharding in shardings) + ")"

"""A chooser of shardings that draws them: every op gets a random legal strategy, and reshards lead to it in random single steps."""

from collections.abc import Sequence
from random import Random

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.ops import body_ops, entry_block, main_func, op_key, shape_of
from dialects.sdy_attrs import SHARDING, mesh_text, sharding_attr, shardings_attr
from dialects.sharding import MeshShape, Sharding, replicated
from dialects.signature import attr_dicts, set_attr_dicts
from passes.analysis.ops.local_rules import allowed_factors, reduction_kind, unreduced_operands
from passes.analysis.ops.rules import Rule, read_rule
from passes.native import run_native
from passes.partition.fit import Misfit, fit
from passes.partition.steps import step_between
from passes.rules import write_rules

Layout = tuple[tuple[Sharding, ...], tuple[Sharding, ...]]


class Annotator:
    """One use: ``Annotator(mesh, Random(seed)).annotate(module)`` gives the module a mesh, shardings and reshards."""

    def __init__(self, mesh: MeshShape, random: Random, *, eager: float = 0.8) -> None:
        self.mesh, self.random, self.eager = mesh, random, eager
        self.of: dict[ir.Value, Sharding] = {}
        self.kinds: dict[ir.Value, str] = {}
        self.split_ops: dict[str, int] = {}  # how often an op of a name was really split

    def annotate(self, module: ir.Module) -> None:
        write_rules(module)
        main = main_func(module)
        block = entry_block(main)
        with ir.Location.unknown():
            ir.InsertionPoint.at_block_begin(module.body).insert(ir.Operation.parse(mesh_text(self.mesh)))
            for value in block.arguments:
                self.of[value] = self.draw(value, unreduced=0.15)
            self.block(block)
            last = body_ops(block)[-1]
            for i, value in enumerate(last.operands):
                have = self.of[value]
                keep = have.unreduced if self.random.random() < 0.5 and value not in self.kinds else ()
                self.want(last, i, self.draw(value, free=[a for a in self.mesh.names if a not in keep], add=keep))
            for which, values in (("arg_attrs", list(block.arguments)), ("res_attrs", list(last.operands))):
                entries = zip(attr_dicts(main, which), values, strict=True)
                set_attr_dicts(
                    main, which, [{**entry, SHARDING: sharding_attr(self.of[value])} for entry, value in entries]
                )
        run_native(module, "func.func(sdy-drop-sharding-rules)")

    def draw(
        self, value: ir.Value, unreduced: float = 0.0, free: Sequence[str] | None = None, add: tuple[str, ...] = ()
    ) -> Sharding:
        """A random sharding of a value."""
        shape = shape_of(value)
        dims: list[list[str]] = [[] for _ in shape]
        left = list(shape)
        opened: list[str] = list(add)
        axes = list(self.mesh.names if free is None else free)
        self.random.shuffle(axes)
        for axis in axes:
            size = self.mesh.size((axis,))
            places = [dim for dim in range(len(shape)) if left[dim] and left[dim] % size == 0]
            if self.random.random() < unreduced and summable(value):
                opened.append(axis)
            elif places and self.random.random() < self.eager:
                dim = self.random.choice(places)
                dims[dim].append(axis)
                left[dim] //= size
        return Sharding(tuple(tuple(dim) for dim in dims), tuple(sorted(opened)))

    def block(self, block: ir.Block) -> None:
        for op in body_ops(block)[:-1]:
            ins, outs = self.choose(op)
            for i, want in enumerate(ins):
                self.want(op, i, want)
            kind = None
            if any(sharding.unreduced for sharding in outs) and op.name not in ("stablehlo.constant", "stablehlo.iota"):
                kind = reduction_kind(op)
            for value, sharding in zip(op.results, outs, strict=True):
                self.of[value] = sharding
                if kind not in (None, "sum"):
                    self.kinds[value] = str(kind)
                    op.attributes[names.KIND] = ir.StringAttr.get(str(kind))
            if len(op.results):
                op.attributes[SHARDING] = shardings_attr(outs)
            if not all(sharding.is_replicated for sharding in outs):
                self.split_ops[op.name] = self.split_ops.get(op.name, 0) + 1
            for number, region in enumerate(
                op.regions if op.name in ("stablehlo.while", "stablehlo.if", "stablehlo.case") else ()
            ):
                inner = region.blocks[0]
                self.of.update(zip(inner.arguments, outs, strict=False))
                self.block(inner)
                condition = op.name == "stablehlo.while" and number == 0
                for i, want in enumerate((replicated(0),) if condition else outs):
                    self.want(body_ops(inner)[-1], i, want)
            if kind not in (None, "sum"):  # finished at once
                value = op.results[0]
                with ir.InsertionPoint.after(op), op.location:
                    readers = [(use.owner.operation, use.operand_number) for use in value.uses]
                    done = Sharding(self.of[value].dims)
                    finished = self.reshard(value, done)
                    for reader, position in readers:
                        reader.operands[position] = finished

    def choose(self, op: ir.Operation) -> Layout:
        rule = read_rule(op)
        if op.name in ("stablehlo.constant", "stablehlo.iota"):
            return (), (self.draw(op.results[0], unreduced=0.1),)
        if op.name in ("stablehlo.while", "stablehlo.optimization_barrier"):
            outs = tuple(self.draw(value, unreduced=0.1) for value in op.results)
            return outs, outs
        alone = tuple(replicated(len(shape_of(value))) for value in op.operands)
        if op.name in ("stablehlo.if", "stablehlo.case"):
            return alone, tuple(self.draw(value, unreduced=0.1) for value in op.results)
        if rule is not None and len(op.results):
            for _ in range(40):
                layout = self.strategy(op, rule)
                if layout is not None:
                    return layout
        return alone, tuple(replicated(len(shape_of(value))) for value in op.results)

    def strategy(self, op: ir.Operation, rule: Rule) -> Layout | None:
        along: dict[int, list[str]] = {}
        through: dict[str, tuple[int, ...]] = {}
        factors = [factor for factor in sorted(allowed_factors(op, rule)) if rule.sizes[factor] > 1]
        groups = sorted(unreduced_operands(op))
        for axis in self.random.sample(self.mesh.names, len(self.mesh.names)):
            if groups and self.random.random() < 0.25:
                through[axis] = self.random.choice(groups)
            elif factors and self.random.random() < self.eager:
                along.setdefault(self.random.choice(factors), []).append(axis)
        opened = [axis for factor, axes in along.items() if factor in rule.reduction for axis in axes] + list(through)
        if any(rule.sizes[factor] % self.mesh.size(axes) for factor, axes in along.items()):
            return None
        if opened and through and reduction_kind(op) not in ("sum", None):
            return None
        ins = tuple(
            Sharding(
                tuple(tuple(axis for factor in dim for axis in along.get(factor, ())) for dim in mapping),
                tuple(sorted(axis for axis, group in through.items() if i in group)),
            )
            for i, mapping in enumerate(rule.operands)
        )
        outs = tuple(
            Sharding(
                tuple(tuple(axis for factor in dim for axis in along.get(factor, ())) for dim in mapping),
                tuple(sorted(opened)),
            )
            for mapping in rule.results
        )
        shapes = tuple(shape_of(value) for value in (*op.operands, *op.results))
        try:
            found = fit(op, rule, ins, outs, shapes, self.mesh)
        except Misfit:
            return None
        return (ins, outs) if {f: tuple(a) for f, a in along.items()} == dict(found.along) else None

    def want(self, op: ir.Operation, operand: int, target: Sharding) -> None:
        value = op.operands[operand]
        with ir.InsertionPoint(op), op.location:
            op.operands[operand] = self.reshard(value, target)

    def reshard(self, value: ir.Value, target: Sharding) -> ir.Value:
        """Single steps from what ``value`` has to ``target``; with luck over a detour."""
        while self.of[value] != target:
            kind = self.kinds.get(value)
            following = self.next_step(value, target, finish=kind is not None)
            op = ir.Operation.create("sdy.reshard", [value.type], [value], {"sharding": sharding_attr(following)})
            if kind is not None:
                op.attributes[names.KIND] = ir.StringAttr.get(kind)
            self.of[op.results[0]] = following
            value = op.results[0]
        return value

    def next_step(self, value: ir.Value, target: Sharding, *, finish: bool) -> Sharding:
        have = self.of[value]
        tries = [target, *(self.draw(value) for _ in range(3)), *(self.moved(have) for _ in range(3))]
        for candidate in tries:
            if candidate == have or (self.random.random() < 0.5 and candidate != target):
                continue
            if (finish and candidate.unreduced) or not self.mesh.allows(shape_of(value), candidate):
                continue
            try:
                step_between(have, candidate, self.mesh)
            except ValueError:
                continue
            return candidate
        done = Sharding(have.dims)
        if set(have.unreduced) - set(target.unreduced):
            return Sharding(have.dims, () if finish else tuple(sorted(set(have.unreduced) & set(target.unreduced))))
        for dim, axes in enumerate(have.dims):
            if axes and axes != target.dims[dim][: len(axes)]:
                return Sharding((*have.dims[:dim], (), *have.dims[dim + 1 :]), have.unreduced)
        if done.dims != target.dims:
            return Sharding(target.dims, have.unreduced)
        return target

    def moved(self, have: Sharding) -> Sharding:
        """Sums scattered onto some dim."""
        if not have.unreduced or not have.dims:
            return have
        dim = self.random.randrange(len(have.dims))
        axes = list(have.unreduced)
        self.random.shuffle(axes)
        return Sharding((*have.dims[:dim], (*have.dims[dim], *axes), *have.dims[dim + 1 :]))


def summable(value: ir.Value) -> bool:
    """Whether a sum over devices can be left to do: not for booleans, nor where there is no zero."""
    return str(ir.RankedTensorType(value.type).element_type) not in ("i1", "f8E8M0FNU")


__all__ = ["Annotator", "op_key"]

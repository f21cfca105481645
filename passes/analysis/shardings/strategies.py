"""The strategies of an op on a logical mesh: every way to lay mesh axes along the factors of its Shardy rule.

Each axis goes along one factor, or nowhere (the devices along it repeat the op), or, in linear ops, through: an operand whose sum
over that axis is not done yet gives such a result. An axis along a reduction factor leaves the result unreduced.

    dot_general ([i, k], [k, j])->([i, j]) on x=2, y=4, one of its strategies is i=x, k=y:
        operands [{"x"}, {"y"}] and [{"y"}, {}], result [{"x"}, {}], unreduced={"y"}

Source: Alpa (OSDI'22) section 4.1 for strategies as axis assignments; Shardy's rules for the factors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from jaxlib.mlir import ir

from dialects.ops import shape_of
from dialects.sharding import MeshShape, Sharding, replicated
from passes.analysis.ops.exchanges import exchanges
from passes.analysis.ops.local_rules import allowed_factors, reduction_kind, unreduced_operands
from passes.analysis.ops.rules import RULE, Rule, factor_letter, read_rule
from passes.analysis.ops.window_rules import needless

MAX_CHOICES = 4096  # assignments tried for one op: (factors + 1) ** axes; a convolution on three axes has some 700

# Products of an open sum are legal, but buy twice the strategies on two axes for what an add behind the product does as well.
_CLOSED = frozenset(("stablehlo.dot_general", "stablehlo.dot", "stablehlo.convolution"))


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to run an op. ``results`` are as the op leaves them; with ``finish`` they are reduced at once, by that kind.

    ``parts``: how many devices share the work. ``label``: the assignment, for people: "i=x, k=y".
    """

    operands: tuple[Sharding, ...]
    results: tuple[Sharding, ...]
    parts: int
    label: str
    finish: str | None = None

    @property
    def given(self) -> tuple[Sharding, ...]:
        """The results as consumers see them."""
        if self.finish is None:
            return self.results
        return tuple(Sharding(result.dims) for result in self.results)


class Strategies:
    """``of(op)``, with equal ops sharing one tuple (and so everything that is computed from it).

    ``all_windows``: dims along which windows move are split even where there are images for all devices (``needless``).
    """

    def __init__(self, mesh: MeshShape, *, all_windows: bool = False) -> None:
        self.mesh, self.all_windows = mesh, all_windows
        self.axes = wide_axes(mesh)
        self._known: dict[tuple[object, ...], tuple[Strategy, ...]] = {}
        self._of: dict[ir.Value, tuple[Strategy, ...]] = {}
        self._shapes: dict[tuple[tuple[int, ...], bool], tuple[tuple[Sharding], ...]] = {}
        self._given: dict[int, tuple[tuple[Sharding, ...], ...]] = {}
        self._wants: dict[tuple[int, int], tuple[Sharding, ...]] = {}
        self._elementwise: dict[int, tuple[Strategy, ...] | None] = {}
        self._first: dict[int, tuple[object, tuple[Sharding, ...]]] = {}

    def of(self, op: ir.Operation) -> tuple[Strategy, ...]:
        """All strategies of ``op``, the replicated one first. ``sdy-populate-op-sharding-rules`` must have run."""
        home = op.results[0] if len(op.results) else None  # clusters and graph both ask
        if home is None or home not in self._of:
            key = _key(op)
            if key not in self._known:
                self._known[key] = _enumerate(op, self.mesh, self.all_windows)
            if home is None:
                return self._known[key]
            self._of[home] = self._known[key]
        return self._of[home]

    def elementwise(self, op: ir.Operation) -> tuple[Strategy, ...] | None:
        """One strategy for each sharding of the result in ``forms``, with operands alike; None when one of them is missing."""
        found = self.of(op)
        if id(found) not in self._elementwise:
            by_result = {item.results[0]: item for item in found if not any(s.unreduced for s in item.operands)}
            wanted = [by_result.get(form[0]) for form in self.forms(shape_of(op.results[0]))]
            all_there = tuple(item for item in wanted if item is not None)
            self._elementwise[id(found)] = all_there if len(all_there) == len(wanted) else None
        return self._elementwise[id(found)]

    def given(self, strategies: tuple[Strategy, ...]) -> tuple[tuple[Sharding, ...], ...]:
        """``Strategy.given`` of each; one object per tuple of strategies."""
        if id(strategies) not in self._given:
            self._given[id(strategies)] = tuple(strategy.given for strategy in strategies)
        return self._given[id(strategies)]

    def wants(self, strategies: tuple[Strategy, ...], operand: int) -> tuple[Sharding, ...]:
        """The sharding of one operand under each strategy; one object per tuple of strategies."""
        key = id(strategies), operand
        if key not in self._wants:
            self._wants[key] = tuple(strategy.operands[operand] for strategy in strategies)
        return self._wants[key]

    def first(self, forms: Sequence[tuple[Sharding, ...]]) -> tuple[Sharding, ...]:
        """``form[0]`` of each; one object per object ``forms``, which must live as long as this does."""
        if id(forms) not in self._first:
            self._first[id(forms)] = forms, tuple(form[0] for form in forms)
        return self._first[id(forms)][1]

    def forms(self, shape: tuple[int, ...], unreduced: bool = False) -> tuple[tuple[Sharding], ...]:
        """All shardings of a tensor with axes of one dim in mesh order, replicated first; with sums to do if ``unreduced``."""
        if (shape, unreduced) not in self._shapes:
            places: list[int | None] = [None, *range(len(shape) + unreduced)]
            found: dict[tuple[Sharding], None] = {}
            for choice in product(places, repeat=len(self.axes)):
                dims = [
                    tuple(axis for axis, place in zip(self.axes, choice, strict=True) if place == dim)
                    for dim in range(len(shape) + 1)
                ]
                sharding = Sharding(tuple(dims[:-1]), dims[-1])
                if self.mesh.allows(shape, sharding):
                    found[(sharding,)] = None
            self._shapes[shape, unreduced] = tuple(found)
        return self._shapes[shape, unreduced]


def wide_axes(mesh: MeshShape) -> tuple[str, ...]:
    """The axes with more than one device: the others split nothing."""
    return tuple(name for name, size in mesh.axes if size > 1)


def _key(op: ir.Operation) -> tuple[object, ...]:
    """Equal for ops with the same strategies. Types and attributes compare by identity: MLIR has each of them once."""
    types = (*(value.type for value in op.operands), "->", *(value.type for value in op.results))
    named = ((name, op.attributes[name]) for name in op.attributes if _matters(name))
    inner = tuple(inner.name for region in op.regions for block in region.blocks for inner in block.operations)
    return (op.name, *types, *named, *inner)


def _matters(name: str) -> bool:
    return not name.startswith(("mw.", "mhlo.")) and name not in ("value", "sdy.sharding")


def _enumerate(op: ir.Operation, mesh: MeshShape, all_windows: bool) -> tuple[Strategy, ...]:
    alone = _replicated(op)
    rule = read_rule(op) if RULE in op.attributes else None
    if rule is None or not len(op.results):
        return (alone,)
    needed = allowed_factors(op, rule) - (frozenset() if all_windows else needless(op, rule, mesh.num_devices))
    factors = sorted(factor for factor in needed if rule.sizes[factor] > 1)
    through = () if op.name in _CLOSED else tuple(sorted(tuple(sorted(group)) for group in unreduced_operands(op)))
    choices: list[int | tuple[int, ...] | None] = [None, *factors, *through]
    axes = wide_axes(mesh)
    if len(choices) ** len(axes) > MAX_CHOICES:
        choices = [None, *factors]
    kind = reduction_kind(op)
    found: dict[tuple[Sharding, ...], Strategy] = {(*alone.operands, *alone.results): alone}
    shapes = [shape_of(value) for value in (*op.operands, *op.results)]
    for choice in product(choices, repeat=len(axes)):
        strategy = _strategy(shapes, rule, mesh, choice, kind)
        if strategy is not None and exchanges(op, shapes, strategy.operands, mesh) is not None:
            found.setdefault((*strategy.operands, *strategy.results), strategy)
    return tuple(found.values())


def _replicated(op: ir.Operation) -> Strategy:
    operands = tuple(replicated(len(shape_of(value))) for value in op.operands)
    return Strategy(operands, tuple(replicated(len(shape_of(value))) for value in op.results), 1, "replicated")


def _strategy(
    shapes: Sequence[tuple[int, ...]],
    rule: Rule,
    mesh: MeshShape,
    choice: Sequence[int | tuple[int, ...] | None],
    kind: str | None,
) -> Strategy | None:
    """The strategy of one assignment; None when a size does not divide or a dim cannot say it. ``shapes``: operands', results'."""
    along: dict[int, tuple[str, ...]] = {}
    through: dict[int, tuple[str, ...]] = {}
    passed: tuple[str, ...] = ()
    for axis, place in zip(wide_axes(mesh), choice, strict=True):
        if isinstance(place, int):
            along[place] = (*along.get(place, ()), axis)
        elif place is not None:
            passed = (*passed, axis)
            for operand in place:
                through[operand] = (*through.get(operand, ()), axis)
    if any(rule.sizes[factor] % mesh.size(axes) for factor, axes in along.items()):
        return None
    summed = tuple(axis for axis in mesh.names if any(axis in along.get(factor, ()) for factor in rule.reduction))
    if (summed and kind is None) or (passed and summed and kind != "sum"):
        return None
    operands = [_sharding(rule, mesh, mapping, along, through.get(i, ())) for i, mapping in enumerate(rule.operands)]
    open_axes = tuple(axis for axis in mesh.names if axis in summed or axis in passed)
    results = [_sharding(rule, mesh, mapping, along, open_axes) for mapping in rule.results]
    known = [sharding for sharding in (*operands, *results) if sharding is not None]
    if len(known) < len(shapes) or not all(mesh.allows(s, k) for s, k in zip(shapes, known, strict=True)):
        return None
    letters = [f"{factor_letter(factor)}={'*'.join(axes)}" for factor, axes in sorted(along.items())]
    label = ", ".join([*letters, *([f"sums over {'*'.join(passed)} left open"] if passed else [])])
    finish = kind if summed and kind != "sum" else None
    count = len(rule.operands)
    parts = mesh.size(axis for axes in along.values() for axis in axes)
    return Strategy(tuple(known[:count]), tuple(known[count:]), parts, label or "replicated", finish)


def _sharding(
    rule: Rule,
    mesh: MeshShape,
    mapping: tuple[tuple[int, ...], ...],
    along: dict[int, tuple[str, ...]],
    unreduced: tuple[str, ...],
) -> Sharding | None:
    dims: list[tuple[str, ...]] = []
    for factors in mapping:
        axes: tuple[str, ...] = ()
        full = True  # whether all factors so far are split down to one element
        for factor in factors:
            mine = along.get(factor, ())
            if mine and not full:
                return None
            axes = (*axes, *mine)
            full = full and rule.sizes[factor] == mesh.size(mine)
        if len(axes) > 1 and list(axes) != sorted(axes, key=mesh.names.index):
            return None
        dims.append(axes)
    return Sharding(tuple(dims), unreduced)

"""Sharding rules of windowed ops with a factor for each dim along which a window slides.

Shardy's own rules say too little (a stride) or too much (no word of how far windows reach), so ours replace them on these ops, and
everything that reads rules sees them, Shardy too when it checks our shardings. It asks for no reshard along a permutation factor.

    convolution 2x16x16x4, 3x3x4x8 -> 2x8x8x8, stride 2
    Shardy's: ([i, jk, lm, n], [k, m, n, o])->([i, j, l, o]) {i=2, j=8, k=2, l=8, m=2, n=4, o=8}
              reduction={k, m, n} permutation={j, l}
    ours:     ([i, j, k, l], [m, n, l, o])->([i, j, k, o]) {i=2, j=8, k=8, l=4, m=3, n=3, o=8}
              reduction={l} need_replication={m, n} permutation={j, k}
"""

from collections.abc import Sequence

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import sdy, stablehlo

from dialects.ops import all_ops, shape_of
from passes.analysis.ops.rules import RULE, Rule, read_rule
from passes.analysis.ops.windows import WINDOWED, Shapes, Slide, slides


def write_window_rules(root: ir.Operation) -> None:
    """Write a rule with a factor for each slide on every windowed op in ``root`` that has one of Shardy's."""
    for op in all_ops(root):
        if op.name in WINDOWED and (rule := read_rule(op)) is not None:
            shapes = tuple(shape_of(value) for value in (*op.operands, *op.results))
            op.attributes[RULE] = _attribute(_with_slides(rule, op, slides(op, shapes), shapes))


def is_slide(op: ir.Operation, rule: Rule, slide: Slide) -> bool:
    """Whether ``rule`` has a factor of its own for ``slide``, and nothing else on the dims that are split together."""
    factors = rule.operands[0][slide.dim]
    if op.name == "stablehlo.convolution":
        partners = [(rule.operands[1] if slide.contracted else rule.results[0])[slide.partner]]
    else:
        partners = [mapping[slide.dim] for mapping in (*rule.operands, *rule.results) if mapping]
    return len(factors) == 1 and all(partner == factors for partner in partners)


def needless(op: ir.Operation, rule: Rule, devices: int) -> frozenset[int]:
    """Factors of dims along which windows move, if ``op`` has so many images that all devices can share them.

    Splitting images costs no more: equal parts of the work, the same sums for kernels, and no halo. All ops of a network that can
    be split by rows of an image can be split by images, so the optimum loses nothing, and networks have half the strategies.
    """
    if op.name not in WINDOWED:
        return frozenset()
    shapes = tuple(shape_of(value) for value in (*op.operands, *op.results))
    convolution = op.name == "stablehlo.convolution"
    found = [slide for slide in slides(op, shapes) if (convolution or slide.moves) and is_slide(op, rule, slide)]
    if convolution:
        numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
        contracted = any(slide.contracted for slide in found)
        images = shapes[0][numbers.input_feature_dimension if contracted else numbers.input_batch_dimension]
    else:
        images = 1 if any(slide.dim == 0 for slide in found) else shapes[0][0]
    return frozenset(rule.operands[0][slide.dim][0] for slide in found) if images % devices == 0 else frozenset()


def _with_slides(rule: Rule, op: ir.Operation, found: Sequence[Slide], shapes: Shapes) -> Rule:
    """``rule`` with the factors of slid dims replaced. What is left over on the third side is one that nobody splits."""
    sizes = list(rule.sizes)
    tensors = [list(mapping) for mapping in (*rule.operands, *rule.results)]
    reduction, fixed, moves = set(rule.reduction), set(rule.need_replication), set(rule.permutation)
    count = len(op.operands)
    for slide in found:
        mine = len(sizes)
        sizes.append(slide.most)
        (reduction if slide.contracted else moves).add(mine)
        if op.name == "stablehlo.convolution":
            numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
            kernel = numbers.kernel_spatial_dimensions[slide.place]
            result = numbers.output_spatial_dimensions[slide.place]
            other, left, rest = (1, kernel, (2, result)) if slide.contracted else (2, result, (1, kernel))
            tensors[0][slide.dim] = tensors[other][left] = (mine,)
            tensors[rest[0]][rest[1]] = (len(sizes),)
            fixed.add(len(sizes))
            sizes.append(shapes[rest[0]][rest[1]])
        else:
            for mapping in tensors:
                if mapping:  # an initial value has no dims
                    mapping[slide.dim] = (mine,)
    return _compact(sizes, tensors, count, reduction, fixed, moves)


def _compact(
    sizes: list[int],
    tensors: list[list[tuple[int, ...]]],
    count: int,
    reduction: set[int],
    fixed: set[int],
    moves: set[int],
) -> Rule:
    """Leave out the factors that no dim has any more."""
    order = list(dict.fromkeys(factor for mapping in tensors for dim in mapping for factor in dim))
    new = {factor: i for i, factor in enumerate(order)}
    mapped = tuple(tuple(tuple(new[factor] for factor in dim) for dim in mapping) for mapping in tensors)
    kinds = (frozenset(new[factor] for factor in kind if factor in new) for kind in (reduction, fixed, moves))
    return Rule(tuple(sizes[factor] for factor in order), mapped[:count], mapped[count:], *kinds)


def _attribute(rule: Rule) -> ir.Attribute:
    def tensor(mapping: tuple[tuple[int, ...], ...]) -> ir.Attribute:
        return sdy.TensorMappingAttr.get([sdy.DimMappingAttr.get(list(dim)) for dim in mapping])

    return sdy.OpShardingRuleAttr.get(
        list(rule.sizes),
        [tensor(mapping) for mapping in rule.operands],
        [tensor(mapping) for mapping in rule.results],
        sorted(rule.reduction),
        sorted(rule.need_replication),
        sorted(rule.permutation),
    )

"""Which arguments are the batch: those with one size of dim 0, or of another, that the forward never uses as a weight."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.op_sets import OpSet
from dialects.ops import main_func
from passes.analysis.ops.forms import Form, split
from passes.analysis.roles.batch_flow import Flow, Flows
from passes.analysis.roles.dependence import Dependence
from passes.analysis.roles.names import Signature, sounds_like_batch, sounds_like_key


@dataclass(frozen=True)
class Batch:
    """Argument -> how we know that it is a batch; ``size``: its rows, None when there is no batch.

    ``rows``: where they lie in the arguments where it is not just dim 0.
    """

    arguments: dict[int, str]
    size: int | None
    rows: Mapping[int, Form] = field(default_factory=dict[int, Form])


def find_batch(
    module: ir.Module, signature: Signature, graph: Dependence, free: list[int], forward: frozenset[int], training: bool
) -> Batch:
    """The batch among the arguments ``free`` that are no state; ``forward``: the nodes that the loss (or any result) needs.

    Raises UserError, with the candidates, when two groups of arguments are as good as each other.
    """
    ops = OpSet(op for node in forward if (op := graph.ops[node]) is not None)
    follow = Flows(main_func(module), ops)
    flows = {i: follow.of(i) for i in free if shape_at(signature, i) and not _is_key(signature, i)}
    useful = [
        i for i, flow in flows.items() if not flow.cut and (graph.arguments[i] in forward or _named(signature, i))
    ]
    kept = [i for i in useful if not flows[i].weight] or [i for i in useful if _named(signature, i)]
    groups: dict[int, list[int]] = {}
    for index in kept:
        groups.setdefault(shape_at(signature, index)[0], []).append(index)
    if not training:
        groups = _kept_by_results(groups, flows, signature)
    if not groups:
        return Batch({}, None)
    groups = _better(groups, signature, graph, forward)
    size = _best(groups, signature)
    rows = {index: held_at(shape_at(signature, index), size) for members in groups.values() for index in members}
    members = {
        index: f"its name, and dim 0 is {size}"
        if flows[index].weight
        else f"dim 0 is {size} and runs through the forward as a batch does"
        for index in groups[size]
    }
    others = {index: form for index, form in rows.items() if form is not None and index not in members}
    members |= {
        index: f"dim {form.dim} is {shape_at(signature, index)[form.dim]}, which holds the {size} rows of others"
        for index, form in others.items()
    }
    for index in free:
        shape = shape_at(signature, index)
        if (
            index not in members
            and shape[:1] == (size,)
            and graph.arguments[index] not in forward
            and not _is_key(signature, index)
        ):
            members[index] = f"its dim 0 is {size}, as the batch's"
    return Batch(members, size, others)


def held_at(shape: tuple[int, ...], size: int) -> Form | None:
    """Where ``size`` rows lie in an argument of ``shape``: along a dim of that size, or in a dim 0 that is a multiple of it."""
    if size in shape:
        return split(shape.index(size))
    return split(0) if size and shape and shape[0] % size == 0 else None


def _better(
    groups: dict[int, list[int]], signature: Signature, graph: Dependence, forward: frozenset[int]
) -> dict[int, list[int]]:
    """The groups that the forward reads, before others, then those with data's names."""
    for test in (
        lambda index: graph.arguments[index] in forward,
        lambda index: _named(signature, index),
    ):
        kept = {size: members for size, members in groups.items() if any(test(index) for index in members)}
        groups = kept or groups
    return groups


def _best(groups: dict[int, list[int]], signature: Signature) -> int:
    """The size of the only group, or the one size that is a dim of all others' members; else one that divides their dim 0."""
    for exact in (True, False):
        fitting = [
            size
            for size in groups
            if all(
                size in shape if exact else held_at(shape, size) is not None
                for members in groups.values()
                for shape in (shape_at(signature, index) for index in members)
            )
        ]
        if len(fitting) == 1:
            return fitting[0]
    if len(groups) > 1:
        listed = "; ".join(
            f"dim 0 = {size}: " + ", ".join(title(signature, index) for index in members)
            for size, members in groups.items()
        )
        choices = " or ".join("--batch-args " + ",".join(map(str, members)) for members in groups.values())
        remedy = f"say which arguments are the batch with {choices}, or that there is none with --batch-args none"
        fail(f"cannot tell which arguments are the batch, candidates are {listed}", where="@main", remedy=remedy)
    return next(iter(groups))


def _kept_by_results(
    groups: dict[int, list[int]], flows: dict[int, Flow], signature: Signature
) -> dict[int, list[int]]:
    """In a program without a loss: groups whose size is dim 0 of a result; of them, those whose dim 0 provably gets there."""
    sizes = {kind.shape[0] for item in signature.result_types if (kind := ir.RankedTensorType(item)).rank}
    fitting = {size: members for size, members in groups.items() if size in sizes}
    proven = {
        size: members for size, members in fitting.items() if any(0 in flows[i].results.values() for i in members)
    }
    return proven or fitting


def _named(signature: Signature, index: int) -> bool:
    return sounds_like_batch(signature.argument_names[index])


def _is_key(signature: Signature, index: int) -> bool:
    """A random key: ui32[2] or ui32[4], or called so."""
    kind = ir.RankedTensorType(signature.argument_types[index])
    unsigned = isinstance(kind.element_type, ir.IntegerType) and kind.element_type.is_unsigned
    return unsigned and (tuple(kind.shape) in ((2,), (4,)) or sounds_like_key(signature.argument_names[index]))


def shape_at(signature: Signature, index: int) -> tuple[int, ...]:
    """Shape of an argument."""
    return tuple(ir.RankedTensorType(signature.argument_types[index]).shape)


def title(signature: Signature, index: int) -> str:
    """An argument for people: ``argument 5 'x' tensor<8x16xf32>``."""
    name = f" '{signature.argument_names[index]}'" if signature.argument_names[index] else ""
    return f"argument {index}{name} {signature.argument_types[index]}"

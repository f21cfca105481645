"""Which argument is the old value of which result: by name, by donation, by how the one is computed from the other.

A wrong pair is worse than none, so each way asks for evidence that the others cannot fake:
- *names*: whole subtrees of equal paths and types, ``opt[0].mu[…]`` and ``result[1][0].mu[…]``, most of whose results are
  elementwise functions of their arguments (a gradient has its parameter's name as well, but is no function of it alone);
- *donation*: ``tf.aliasing_output``, unless a shorter elementwise way says that jax only reused the buffer (it aliases the
  first result of the right type, so two states that come back in the other order get each other's);
- *update*: nothing said; then elementwise functions of the argument, the shortest way first, that the loss does not read.
"""

from jaxlib.mlir import ir

from passes.analysis.roles.loss import HEAVY
from passes.analysis.roles.names import sounds_like_batch, sounds_like_key
from passes.analysis.roles.pairs_by_name import pairs_by_name
from passes.analysis.roles.state_facts import StateFacts, StatePair


def state_pairs(facts: StateFacts) -> tuple[StatePair, ...]:
    """All pairs found, by argument."""
    found = pairs_by_name(facts)
    found |= _by_update(facts, found)
    found |= _by_donation(facts, found)
    found |= _keys(facts, found)
    return tuple(found[index] for index in sorted(found))


def late_pairs(facts: StateFacts, found: dict[int, StatePair], batch: frozenset[int]) -> tuple[StatePair, ...]:
    """With the batch known: what has a batch's name and is none of it, and comes back updated from the batch, is state.

    A minimizer may call its variable ``x`` and not donate it. One result only may be such an update of it.
    """
    taken = {pair.result for pair in found.values()}
    data = {facts.graph.arguments[index] for index in batch}
    pairs: list[StatePair] = []
    for argument, name in enumerate(facts.signature.argument_names):
        if argument in found or argument in batch or not sounds_like_batch(name):
            continue
        fits = [
            result
            for result, reached in enumerate(facts.distances)
            if reached.get(argument, 0) > 0
            and result not in taken
            and facts.same_type(argument, result)
            and facts.graph.results[result] not in facts.loss_cone
            and data & facts.graph.cone([facts.graph.results[result]])
        ]
        if len(fits) == 1 and ir.RankedTensorType(facts.signature.argument_types[argument]).rank > 0:
            how = f"result {fits[0]} is an elementwise update of it by the batch, and it is none of the batch"
            pairs.append(StatePair(argument, fits[0], how))
            taken.add(fits[0])
    return tuple(pairs)


def _by_update(facts: StateFacts, found: dict[int, StatePair]) -> dict[int, StatePair]:
    """Pairs of free arguments and results by the shortest elementwise way."""
    taken = {pair.result for pair in found.values()}
    ways: list[tuple[bool, int, bool, bool, int, int, int]] = []
    for result, reached in enumerate(facts.distances):
        if result in taken or result == facts.loss:
            continue
        for argument, way in reached.items():
            if argument not in found and facts.same_type(argument, result) and _may_update(facts, argument, result):
                alias = facts.aliases.get(argument) == result
                returned = argument in facts.returned
                ways.append((way == 0, way, returned, not alias, abs(argument - result), argument, result))
    pairs: dict[int, StatePair] = {}
    for _, _, _, no_alias, _, argument, result in sorted(ways):
        if argument in pairs or result in taken:
            continue
        how = f"result {result} is an elementwise update of it" if no_alias else f"donated to result {result}"
        pairs[argument] = StatePair(argument, result, how)
        taken.add(result)
    return pairs


def _may_update(facts: StateFacts, argument: int, result: int) -> bool:
    name = facts.signature.argument_names[argument]
    if sounds_like_batch(name):
        return facts.aliases.get(argument) == result and _minimizes(facts, result)
    if argument in facts.donated:
        return True
    if facts.loss is None or facts.graph.results[result] in facts.loss_cone:
        return False
    kind = ir.RankedTensorType(facts.signature.argument_types[argument])
    if kind.rank == 0 and not isinstance(kind.element_type, ir.IntegerType):
        # A learning rate that comes back as a metric is no state; a scalar that is trained depends on what the loss does.
        return facts.distances[result][argument] > 0 and _reads_data(facts, result)
    return True


def _minimizes(facts: StateFacts, result: int) -> bool:
    """Whether a result that reuses the buffer of ``x`` is its next value: a minimizer may call its variable so.

    It has a gradient in it; a reconstruction in a batch's buffer needs no matmul that the loss does not.
    """
    if facts.loss is None or facts.graph.results[result] in facts.loss_cone:
        return False
    later = facts.graph.cone([facts.graph.results[result]]) - facts.loss_cone
    if any((op := facts.graph.ops[node]) is not None and op.name in HEAVY for node in later):
        return True
    return all(sounds_like_batch(facts.signature.argument_names[argument]) for argument in facts.aliases)


def _reads_data(facts: StateFacts, result: int) -> bool:
    cone = facts.graph.cone([facts.graph.results[result]])
    arguments = zip(facts.graph.arguments, facts.signature.argument_types, strict=True)
    return any(node in cone and ir.RankedTensorType(kind).rank > 0 for node, kind in arguments)


def _by_donation(facts: StateFacts, found: dict[int, StatePair]) -> dict[int, StatePair]:
    """Aliases between what is still free, where the result reads the argument in some way."""
    taken = {pair.result for pair in found.values()}
    pairs: dict[int, StatePair] = {}
    for argument, result in facts.aliases.items():
        if argument in found or result in taken or result == facts.loss or not facts.same_type(argument, result):
            continue
        if sounds_like_batch(facts.signature.argument_names[argument]):
            continue
        if facts.graph.arguments[argument] in facts.graph.cone([facts.graph.results[result]]):
            pairs[argument] = StatePair(argument, result, f"donated to result {result}")
            taken.add(result)
    return pairs


def _keys(facts: StateFacts, found: dict[int, StatePair]) -> dict[int, StatePair]:
    """A random key that is neither donated nor named alike: the only one of its type, made from it, not in the loss."""
    taken = {pair.result for pair in found.values()}
    pairs: dict[int, StatePair] = {}
    for argument, name in enumerate(facts.signature.argument_names):
        if argument in found or facts.loss is None or sounds_like_batch(name):
            continue
        kind = ir.RankedTensorType(facts.signature.argument_types[argument])
        is_key = sounds_like_key(name) or str(kind) in ("tensor<2xui32>", "tensor<4xui32>")
        if not (is_key or argument in facts.donated):
            continue
        fits = [
            r
            for r in range(len(facts.graph.results))
            if r not in taken and facts.same_type(argument, r) and r != facts.loss
        ]
        rivals = [
            a for a in range(len(facts.graph.arguments)) if a not in found and all(facts.same_type(a, r) for r in fits)
        ]
        if len(fits) == 1 and rivals == [argument]:
            if facts.graph.arguments[argument] in facts.graph.cone([facts.graph.results[fits[0]]]):
                pairs[argument] = StatePair(
                    argument, fits[0], f"the only result of its type, {fits[0]}, is made from it"
                )
    return pairs

"""What every argument and result of a step is for, and how we know."""

from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects.errors import fail
from passes.analysis.ops.forms import Form
from passes.analysis.roles.batch_args import Batch, find_batch, title
from passes.analysis.roles.dependence import Dependence, dependence_of
from passes.analysis.roles.given_batch import given_batch
from passes.analysis.roles.loss import find_loss, given_loss, is_float, is_scalar_float
from passes.analysis.roles.names import Signature, signature_of
from passes.analysis.roles.state_facts import StateFacts, StatePair
from passes.analysis.roles.state_pairs import late_pairs, state_pairs


@dataclass(frozen=True)
class Said:
    """What the user says; None means "find it"."""

    batch_args: tuple[str, ...] | None = None
    loss: int | None = None
    state_args: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True)
class Role:
    """The role of one argument or result (dialects/attributes.py lists them).

    ``partner``: the other end of a state pair. ``rows``: where the rows lie in a batch argument.
    """

    role: str
    name: str
    how: str
    partner: int | None = None
    rows: Form | None = None


@dataclass(frozen=True)
class Roles:
    """The roles of all, in the order of @main. ``batch_size``: rows of the batch, None without any."""

    arguments: tuple[Role, ...]
    results: tuple[Role, ...]
    batch_size: int | None


def find_roles(module: ir.Module, said: Said) -> Roles:
    """Roles in a module that ``normalize`` has made flat. Raises UserError when they cannot be told or were said wrongly."""
    signature, graph = signature_of(module), dependence_of(module)
    given = _given_loss(signature, said)
    if said.state_args is not None:
        pairs = _given_state(signature, said.state_args)
    else:
        # state is told apart from outputs by what the loss reads, and the loss from state by what is fed back
        likely = given or find_loss(signature, graph, frozenset())
        pairs = state_pairs(StateFacts(signature, graph, likely[0] if likely else None))
    state = {pair.argument: pair for pair in pairs}
    loss = given or find_loss(signature, graph, frozenset(pair.result for pair in pairs))
    forward = graph.cone(_goals(graph, loss, state))
    free = [index for index in range(len(signature.argument_types)) if index not in state]
    if said.batch_args is None:
        batch = find_batch(module, signature, graph, free, forward, training=loss is not None)
    else:
        batch = given_batch(signature, said.batch_args)
        for index in batch.arguments:
            if index in state:
                how = state[index].how
                fail(
                    f"{title(signature, index)} is state ({how})",
                    where="--batch-args",
                    remedy="say the state with --state-args",
                )
    if batch.size == 0:
        where, remedy = title(signature, next(iter(batch.arguments))), "export the step with a batch that has rows"
        fail("got a batch of 0 rows, want at least 1", where=where, remedy=f"{remedy}, or say --batch-args none")
    if said.state_args is None and loss is not None:
        late = late_pairs(StateFacts(signature, graph, loss[0]), state, frozenset(batch.arguments))
        pairs, state = (*pairs, *late), state | {pair.argument: pair for pair in late}
    return Roles(
        arguments=_argument_roles(signature, graph, state, batch, forward),
        results=_result_roles(signature, pairs, loss),
        batch_size=batch.size,
    )


def _goals(graph: Dependence, loss: tuple[int, str] | None, state: dict[int, StatePair]) -> list[int]:
    """What the forward computes: the loss; without one, the results that are no state; without those, all."""
    if loss is not None:
        return [graph.results[loss[0]]]
    new_state = {pair.result for pair in state.values()}
    return [node for index, node in enumerate(graph.results) if index not in new_state] or list(graph.results)


def _given_loss(signature: Signature, said: Said) -> tuple[int, str] | None:
    if said.loss is None:
        return None
    how = given_loss(signature, said.loss)
    if said.loss in {result for _, result in said.state_args or ()}:
        fail(f"result {said.loss} is new state by --state-args", where="--loss")
    return said.loss, how


def _given_state(signature: Signature, said: tuple[tuple[int, int], ...]) -> tuple[StatePair, ...]:
    where = "--state-args"
    for position, (argument, result) in enumerate(said):
        if not 0 <= argument < len(signature.argument_types):
            fail(f"got argument {argument}, want 0 to {len(signature.argument_types) - 1}", where=where)
        if not 0 <= result < len(signature.result_types):
            fail(f"got result {result}, want 0 to {len(signature.result_types) - 1}", where=where)
        old, new = signature.argument_types[argument], signature.result_types[result]
        if old != new:
            fail(f"argument {argument} is {old} and result {result} is {new}, want the same type", where=where)
        before = said[:position]
        if argument in {item for item, _ in before}:
            fail(f"argument {argument} is named twice", where=where)
        if result in {item for _, item in before}:
            fail(f"result {result} is named twice", where=where)
    return tuple(StatePair(argument, result, "said by --state-args") for argument, result in said)


def _argument_roles(
    signature: Signature, graph: Dependence, state: dict[int, StatePair], batch: Batch, forward: frozenset[int]
) -> tuple[Role, ...]:
    roles: list[Role] = []
    for index, (name, kind) in enumerate(zip(signature.argument_names, signature.argument_types, strict=True)):
        if index in state:
            pair = state[index]
            read = graph.arguments[index] in forward
            role = ("parameter" if read else "optimizer") if is_float(kind) else "state"
            roles.append(Role(role, name, pair.how, pair.result))
        elif index in batch.arguments:
            roles.append(Role("batch", name, batch.arguments[index], rows=batch.rows.get(index)))
        else:
            roles.append(Role("constant", name, "neither state nor batch"))
    return tuple(roles)


def _result_roles(signature: Signature, pairs: tuple[StatePair, ...], loss: tuple[int, str] | None) -> tuple[Role, ...]:
    feeds = {pair.result: pair for pair in pairs}
    roles: list[Role] = []
    for index, (name, kind) in enumerate(zip(signature.result_names, signature.result_types, strict=True)):
        if index in feeds:
            pair = feeds[index]
            roles.append(Role("state", name, f"the next value of argument {pair.argument}", pair.argument))
        elif loss is not None and index == loss[0]:
            roles.append(Role("loss", name, loss[1]))
        elif is_scalar_float(kind):
            roles.append(Role("metric", name, "a scalar that is neither state nor the loss"))
        else:
            roles.append(Role("output", name, "neither state nor scalar"))
    return tuple(roles)

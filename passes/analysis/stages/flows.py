"""Which fragments of a stage wait for which of others: what they read, and who gives it."""

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.signature import attr_dicts, fragment_funcs, op_int, op_text, text_of

Place = tuple[int, str]  # stage and phase


def stage_flows(module: ir.Module) -> dict[Place, frozenset[Place]]:
    """(stage, phase) -> the other (stage, phase) that give a value which it reads; of a realized module.

    A pipeline is a chain where every stage reads of the one before it. Branches that do not read each other have no order.
    """
    makers: dict[str, set[Place]] = {}
    reads: dict[Place, set[str]] = {}
    for func in fragment_funcs(module):
        place = op_int(func.operation, names.STAGE) or 0, op_text(func.operation, names.PHASE)
        reads.setdefault(place, set()).update(text_of(entry, names.VALUE) for entry in attr_dicts(func, "arg_attrs"))
        for entry in attr_dicts(func, "res_attrs"):
            makers.setdefault(text_of(entry, names.VALUE), set()).add(place)
    return {
        place: frozenset(maker for value in values for maker in makers.get(value, ())) - {place}
        for place, values in reads.items()
    }

"""``verify-fragments``: the functions of a realized module fit together. Only reads.

Every value id has one type, one batch dim and one sharding wherever it occurs; what a fragment reads is an argument or is made
by a fragment; every dim that is split divides.
"""

from dataclasses import dataclass
from typing import ClassVar

from dialects import attributes as names
from dialects.errors import Failure
from dialects.ops import body_ops, entry_block, main_func, shape_of
from dialects.signature import attr_dicts, text_of
from jaxlib.mlir import ir

from passes.base import Pass

SHARDING = "sdy.sharding"


@dataclass(frozen=True, kw_only=True)
class VerifyFragments(Pass):
    """Raises Failure naming the value and the two fragments that disagree: a defect of the passes before."""

    name: ClassVar[str] = "verify-fragments"

    def run(self, module: ir.Module) -> None:
        main = main_func(module)
        made = {text_of(entry, names.VALUE) for entry in attr_dicts(main, "arg_attrs")}
        seen: dict[str, tuple[str, str]] = {}
        reads: list[tuple[str, str]] = []
        for func in module.body.operations:
            if func.operation.name != "func.func" or names.PHASE not in func.operation.attributes:
                continue
            name = ir.StringAttr(func.operation.attributes["sym_name"]).value
            block = entry_block(func)
            ports = [
                (list(block.arguments), attr_dicts(func, "arg_attrs"), reads),
                (list(body_ops(block)[-1].operands), attr_dicts(func, "res_attrs"), None),
            ]
            for values, entries, listed in ports:
                for value, entry in zip(values, entries, strict=True):
                    key = text_of(entry, names.VALUE)
                    facts = f"{value.type} {entry.get(SHARDING, '')}"
                    other, same = seen.setdefault(key, (name, facts))
                    if facts != same:
                        raise Failure(f"value '{key}' is {facts} in {name} and {same} in {other}", where=f"@{name}")
                    if listed is None:
                        made.add(key)
                    else:
                        listed.append((key, name))
        for key, name in reads:
            if key not in made:
                raise Failure(f"it reads '{key}', which no fragment gives", where=f"@{name}")
        for entry, value in zip(attr_dicts(main, "res_attrs"), body_ops(entry_block(main))[-1].operands, strict=True):
            if text_of(entry, names.VALUE) not in made:
                raise Failure(f"result of shape {shape_of(value)} has no value", where="@main")

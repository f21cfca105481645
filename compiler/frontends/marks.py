"""Attributes that a file may not have: marks of our own passes, and known names that hold another kind of thing.

Passes believe ``mw.`` attributes, since they write them: a stage or a role from outside would be taken for a decision.
"""

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.ops import all_ops, describe
from dialects.signature import ALIAS

_OURS = "mw."
_KINDS: dict[str, tuple[type[ir.Attribute], ...]] = {
    ALIAS: (ir.IntegerAttr,),
    "jax.buffer_donor": (ir.BoolAttr, ir.UnitAttr),
    "jax.global_constant": (ir.StringAttr,),
    "jax.result_info": (ir.StringAttr,),
    "mhlo.sharding": (ir.StringAttr,),
}


def check_marks(module: ir.Module, shown: str) -> None:
    """Refuse both, with the op, argument or result that has them."""
    for op in all_ops(module.operation):
        for name in op.attributes:
            if name.startswith(_OURS):
                _ours(name, f"{shown}: {describe(op)}")
        if op.name == "func.func":
            _check_function(op, shown)


def _check_function(function: ir.Operation, shown: str) -> None:
    num_results = len(ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value).results)  # makes a list
    for what, which in (("argument", "arg_attrs"), ("result", "res_attrs")):
        tables = ir.ArrayAttr(function.attributes[which]) if which in function.attributes else ()
        for index, table in enumerate(tables):
            for item in ir.DictAttr(table):
                where = f"{shown}: {what} {index} of @{ir.StringAttr(function.attributes['sym_name']).value}"
                if item.name.startswith(_OURS):
                    _ours(item.name, where)
                if item.name in _KINDS and not isinstance(item.attr, _KINDS[item.name]):
                    fail(f"its {item.name} is {item.attr}", where=where, remedy="export it again")
                if item.name == ALIAS and not 0 <= ir.IntegerAttr(item.attr).value < num_results:
                    fail(f"it is donated to result {ir.IntegerAttr(item.attr).value} of {num_results}", where=where)


def _ours(name: str, where: str) -> None:
    fail(
        f"the attribute {name} is a mark of Meshwright's own passes", where=where, remedy="plan the program as exported"
    )

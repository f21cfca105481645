"""``drop-shardings``: forget how the frontend wanted the program distributed."""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.build import call_target
from dialects.custom_calls import IDENTITIES
from dialects.ops import all_ops
from passes.base import Pass

_IDENTITIES = ("sdy.sharding_constraint", "sdy.reshard", "sdy.propagation_barrier")
_ATTRIBUTES = ("mhlo.sharding", "sdy.sharding", "mhlo.layout_mode", "mhlo.memory_kind")
_MODULE_ATTRIBUTES = ("mhlo.num_partitions", "mhlo.num_replicas", "jax.uses_shape_polymorphism")


@dataclass(frozen=True, kw_only=True)
class DropShardings(Pass):
    """Sharding constraints become nothing, sharding attributes and meshes disappear; the program's meaning is the same.

    Meshwright decides the distribution; what the user asked for is in ``mw.annotation`` by then (``keep-annotations``).

    Input:
        sdy.mesh @mesh = <["data"=8]>
        func.func @main(%x: tensor<8xf32> {mhlo.sharding = "{replicated}"}) -> tensor<8xf32> {
          %0 = sdy.sharding_constraint %x <@mesh, [{"data"}]> : tensor<8xf32>
          %1 = stablehlo.custom_call @Sharding(%0) : (tensor<8xf32>) -> tensor<8xf32>
          return %1 : tensor<8xf32>
        }
    Output:
        func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
          return %x : tensor<8xf32>
        }
    """

    name: ClassVar[str] = "drop-shardings"

    def run(self, module: ir.Module) -> None:
        identities: list[ir.Operation] = []
        useless: list[ir.Operation] = []
        for op in all_ops(module.operation):
            for name in _ATTRIBUTES:
                if name in op.attributes:
                    del op.attributes[name]
            if op.name == "func.func":
                _strip_signature(op)
            if op.name in ("sdy.mesh", "sdy.sharding_group"):
                useless.append(op)
            if op.name in _IDENTITIES or _is_sharding_call(op):
                identities.append(op)
        for op in identities:
            op.results[0].replace_all_uses_with(op.operands[0])
            op.erase()
        for op in useless:
            op.erase()
        for name in _MODULE_ATTRIBUTES:
            if name in module.operation.attributes:
                del module.operation.attributes[name]


def _is_sharding_call(op: ir.Operation) -> bool:
    if call_target(op) not in IDENTITIES:
        return False
    return len(op.operands) == len(op.results) == 1 and op.operands[0].type == op.results[0].type


def _strip_signature(function: ir.Operation) -> None:
    for name in ("arg_attrs", "res_attrs"):
        if name not in function.attributes:
            continue
        tables = [
            {item.name: item.attr for item in ir.DictAttr(table) if item.name not in _ATTRIBUTES}
            for table in ir.ArrayAttr(function.attributes[name])
        ]
        with function.context:
            function.attributes[name] = ir.ArrayAttr.get([ir.DictAttr.get(table) for table in tables])

"""``choose-shardings``: what each fragment's arguments and results are split over inside its mesh.

The modest chooser: data parallelism. Rows of the batch go over axis "data", everything else is replicated, and Shardy's propagation
inside XLA carries it through the fragment. State is replicated before and after the step, even where it is rows of the batch (the
last hidden state of a recurrent net). The ILP will write the same attribute.

    func @stage0_forward(%w {mw.value_dim = -1}, %x: tensor<8x4xf32> {mw.value_dim = 0}) -> (tensor<8x4xf32> {mw.value_dim = 0})
becomes with ``choose-shardings{data=4 spare=2}``
    sdy.mesh @mesh = <["data"=4, "spare"=2]>
    func @stage0_forward(%w {sdy.sharding = <@mesh, [{}, {}]>}, %x {sdy.sharding = <@mesh, [{"data"}, {}]>}) -> …
"""

from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects import attributes as names
from dialects.errors import fail
from dialects.ops import entry_block, main_func, shape_of
from dialects.signature import attr_dicts, int_of, set_attr_dicts, text_of
from passes.base import Pass


@dataclass(frozen=True, kw_only=True)
class ChooseShardings(Pass):
    """``data`` devices share the rows of a microbatch, ``spare`` devices repeat them (rows not divisible by more)."""

    name: ClassVar[str] = "choose-shardings"
    data: int = 1
    spare: int = 1

    def run(self, module: ir.Module) -> None:
        if self.data < 1 or self.spare < 1:
            fail(f"got {self.data} x {self.spare} devices, want at least 1 x 1", where=f"pass {self.name}")
        axes = [f'"data"={self.data}'] + ([f'"spare"={self.spare}'] if self.spare > 1 else [])
        with ir.InsertionPoint.at_block_begin(module.body), ir.Location.unknown():
            ir.InsertionPoint.at_block_begin(module.body).insert(
                ir.Operation.parse(f"sdy.mesh @mesh = <[{', '.join(axes)}]>")
            )
        results = attr_dicts(main_func(module), "res_attrs")
        state = {text_of(entry, names.VALUE) for entry in results if names.STATE_ARG in entry}
        for func in module.body.operations:
            if func.operation.name == "func.func" and names.PHASE in func.operation.attributes:
                self._annotate(func, state)

    def _annotate(self, func: ir.OpView, state: set[str]) -> None:
        block = entry_block(func)
        returned = block.operations[len(block.operations) - 1].operation.operands
        for which, values in (("arg_attrs", list(block.arguments)), ("res_attrs", list(returned))):
            entries = attr_dicts(func, which)
            for value, entry in zip(values, entries, strict=True):
                dim = None if text_of(entry, names.VALUE) in state else int_of(entry, names.VALUE_DIM)
                entry["sdy.sharding"] = self._sharding(shape_of(value), dim)
            set_attr_dicts(func, which, entries)

    def _sharding(self, shape: tuple[int, ...], batch_dim: int | None) -> ir.Attribute:
        even = batch_dim is not None and batch_dim >= 0 and shape[batch_dim] % self.data == 0 and self.data > 1
        dims = ['{"data"}' if even and dim == batch_dim else "{}" for dim in range(len(shape))]
        return ir.Attribute.parse(f"#sdy.sharding<@mesh, [{', '.join(dims)}]>")

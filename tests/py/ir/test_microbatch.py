"""What a lit file would be too long for: the bound on the couplings that ``microbatch`` removes."""

import pytest
from jaxlib.mlir import ir

from compiler.pipeline.run import run_item
from dialects.context import make_context
from dialects.errors import UserError
from passes.microbatch.microbatch import MAX_WHOLE_COPIES, Microbatch


def shifted_by_sums(count: int) -> str:
    """A program of ``count`` couplings, each cheap: the sum of each column of x over the batch is taken from y."""
    kind = "tensor<8xf32>"
    wide = f"tensor<8x{count}xf32>"
    lines = ["%zero = stablehlo.constant dense<0.0> : tensor<f32>", f"%y0 = stablehlo.negate %start : {kind}"]
    for i in range(count):
        over = "applies stablehlo.add across dimensions = [0, 1] : (tensor<8x1xf32>, tensor<f32>) -> tensor<f32>"
        lines += [
            f"%p{i} = stablehlo.slice %x [0:8, {i}:{i + 1}] : ({wide}) -> tensor<8x1xf32>",
            f"%s{i} = stablehlo.reduce(%p{i} init: %zero) {over}",
            f"%b{i} = stablehlo.broadcast_in_dim %s{i}, dims = [] : (tensor<f32>) -> {kind}",
            f"%y{i + 1} = stablehlo.subtract %y{i}, %b{i} : {kind}",
        ]
    role = 'mw.role = "batch", mw.index ='
    body = "\n".join(lines)
    return f"func.func @main(%x: {wide} {{{role} 0}}, %start: {kind} {{{role} 1}}) -> {kind} {{\n{body}\nreturn %y{count} : {kind}\n}}"


def microbatched(text: str) -> str:
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        run_item(Microbatch(microbatches=2), module)
        return str(module)


def test_each_coupling_is_computed_from_the_whole_batch() -> None:
    text = microbatched(shifted_by_sums(3))
    assert text.count("mw.whole") == 1, "one twin serves all"
    assert "mw.accumulate" not in text
    assert text.count("mw.collect") == 1


def test_more_couplings_than_a_row_wise_program_has_are_refused() -> None:
    with pytest.raises(UserError, match=f"more than {MAX_WHOLE_COPIES} values couple the rows of the batch"):
        microbatched(shifted_by_sums(MAX_WHOLE_COPIES + 1))

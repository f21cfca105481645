"""``fold-pads``: the results stay. The oracle is the program as it was written, which ``normalize`` has not seen."""

import numpy as np
import pytest
from cases import Case, read
from jaxlib.mlir import ir
from simulate import Runner, assert_same, make_arguments

from dialects.context import make_context
from dialects.ops import all_ops, main_func
from passes.normalize.fold_pads import FoldPads
from passes.normalize.remove_dead_code import RemoveDeadCode


def folded(item: Case) -> bool:
    """Whether no pad is left; the results are the same."""
    with make_context(), ir.Location.unknown():
        arguments = make_arguments(item.text, 3)
        arguments[0] = -np.abs(arguments[0]).astype(arguments[0].dtype)  # where padding is picked by mistake, it shows
        module = ir.Module.parse(item.text)
        want = Runner(main_func(module)).run(arguments)
        FoldPads().run(module)
        RemoveDeadCode().run(module)
        assert module.operation.verify()
        got = Runner(main_func(module)).run(arguments)
        for mine, its in zip(got, want, strict=True):
            assert_same(mine, its, item.name)
        return not any(op.name == "stablehlo.pad" for op in all_ops(module.operation))


@pytest.mark.parametrize("item", read("pads"), ids=lambda item: item.name)
def test_pads(item: Case) -> None:
    assert folded(item) == (item.want == "folded")

"""``verify-collectives`` is a second opinion: where a pass before it is wrong, it says which collective nobody priced."""

from collections.abc import Iterator

import pytest
from jaxlib.mlir import ir

from dialects.context import make_context
from dialects.errors import Failure
from dialects.ops import all_ops
from passes.native import run_native
from passes.partition import verify_collectives
from passes.partition.verify_collectives import VerifyCollectives

# Rows of x gathered, behind a tanh by rows.
TEXT = """
sdy.mesh @mesh = <["x"=2]>
func.func @main(%x: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) -> (tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
  %0 = stablehlo.tanh %x {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}]>]>} : tensor<8xf32> loc("model.py":3:1)
  %1 = sdy.reshard %0 <@mesh, [{}]> : tensor<8xf32> loc("model.py":4:1)
  return %1 : tensor<8xf32>
}"""


@pytest.fixture(autouse=True)
def context() -> Iterator[None]:
    with make_context(), ir.Location.unknown():
        yield


def test_what_was_priced_is_what_is_needed() -> None:
    module = ir.Module.parse(TEXT)
    before = str(module)
    VerifyCollectives().run(module)
    assert str(module) == before


def test_a_reshard_that_was_not_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Shardy knew that tanh needs its whole operand, which nothing of ours does."""
    rule = "#sdy.op_sharding_rule<([i])->([i]) {i=8} need_replication={i}>"

    def knowing_better(module: ir.Module, pipeline: str) -> None:
        for op in all_ops(module.operation):
            if op.name == "stablehlo.tanh":
                op.attributes["sdy.sharding_rule"] = ir.Attribute.parse(rule)
        run_native(module, pipeline)

    monkeypatch.setattr(verify_collectives, "run_native", knowing_better)
    with pytest.raises(Failure) as caught:
        VerifyCollectives().run(ir.Module.parse(TEXT))
    assert 'tensor<8xf32> at model.py:3: Shardy needs sdy.reshard to [{"x"}] for sdy.reshard' in str(caught.value)
    assert "at model.py:4, want nothing; this is a defect of the passes before verify-collectives" in str(caught.value)


def test_another_collective_than_the_priced_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_first(module: ir.Module, pipeline: str) -> None:
        if "reshard-to-collectives" not in pipeline:
            run_native(module, pipeline)

    monkeypatch.setattr(verify_collectives, "run_native", only_first)
    with pytest.raises(Failure) as caught:
        VerifyCollectives().run(ir.Module.parse(TEXT))
    assert "model.py:4" in str(caught.value)
    assert "Shardy makes sdy.reshard to [{}] for func.return" in str(caught.value)
    assert "want sdy.all_gather to [{}]" in str(caught.value)


def test_a_priced_collective_that_nobody_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(module: ir.Module, pipeline: str) -> None:
        for op in all_ops(module.operation):
            if op.name == "sdy.reshard":
                op.results[0].replace_all_uses_with(op.operands[0])
                op.erase()

    monkeypatch.setattr(verify_collectives, "run_native", none_left)
    with pytest.raises(Failure, match=r"model\.py:4.*: Shardy needs nothing, want sdy\.reshard to \[\{\}\]"):
        VerifyCollectives().run(ir.Module.parse(TEXT))


def test_one_device_needs_nothing() -> None:
    module = ir.Module.parse(TEXT.replace('"x"=2', '"x"=1'))
    VerifyCollectives().run(module)

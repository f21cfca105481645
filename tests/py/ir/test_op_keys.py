"""Sets and maps of ops: a member is found by what it is, not by what it says."""

from collections.abc import Iterator

import pytest
from jaxlib.mlir import ir

from dialects.context import make_context
from dialects.op_sets import OpMap, OpSet
from dialects.ops import body_ops, entry_block, main_func

PROGRAM = """
func.func @main(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.add %a, %a : tensor<4xf32>
  %1 = stablehlo.add %a, %a : tensor<4xf32>
  stablehlo.custom_call @say(%0) {has_side_effect = true} : (tensor<4xf32>) -> ()
  stablehlo.custom_call @say(%0) {has_side_effect = true} : (tensor<4xf32>) -> ()
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}
"""


@pytest.fixture
def ops() -> Iterator[list[ir.Operation]]:
    """Two equal ops with a result, two equal ops without, and what ends their block."""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(PROGRAM)  # held here: an op of a module that is gone is gone
        yield body_ops(entry_block(main_func(module)))


def test_equal_ops_are_two_members(ops: list[ir.Operation]) -> None:
    assert len(OpSet(ops)) == len(ops)
    assert list(OpSet((*ops, *ops))) == ops
    for op in ops:
        assert [other in OpSet([op]) for other in ops] == [other is op for other in ops]


def test_equal_ops_have_each_their_value(ops: list[ir.Operation]) -> None:
    numbers = OpMap((op, number) for number, op in enumerate(ops))
    assert [numbers[op] for op in ops] == list(range(len(ops)))
    assert list(numbers.items()) == [(op, number) for number, op in enumerate(ops)]


def test_a_changed_op_is_still_found(ops: list[ir.Operation]) -> None:
    members, numbers = OpSet(ops), OpMap((op, number) for number, op in enumerate(ops))
    for number, op in enumerate(ops[:-1]):
        op.attributes["mw.stage"] = ir.StringAttr.get("changed")
        op.operands[0] = entry_block(main_func_of(op)).arguments[0]
        assert op in members
        assert numbers[op] == number
    ops[0].move_after(ops[1])
    assert ops[0] in members
    assert len(OpSet((*members, *ops))) == len(ops)


def test_a_plain_set_would_lose_it(ops: list[ir.Operation]) -> None:
    """Why there is a set of our own; when this fails, the bindings have changed and it can go."""
    plain = {ops[0]}
    ops[0].attributes["mw.stage"] = ir.StringAttr.get("changed")
    assert ops[0] not in plain


def test_however_the_bindings_give_an_op_it_is_the_same(ops: list[ir.Operation]) -> None:
    members = OpSet(ops)
    view = ops[0].opview
    assert view in members
    assert ops[0].results[0].owner.operation in members
    assert "stablehlo.add" not in members


def test_members_come_and_go(ops: list[ir.Operation]) -> None:
    members, numbers = OpSet(), OpMap[int]()
    assert not members
    assert numbers.get(ops[0]) is None
    members.add(ops[0])
    members |= OpSet(ops[:2])
    numbers[ops[0]] = 7
    numbers[ops[0]] = 8
    assert list(members) == ops[:2]
    assert dict(numbers.items()) == {ops[0]: 8}
    members.discard(ops[0])
    members.discard(ops[2])
    del numbers[ops[0]]
    assert list(members) == [ops[1]]
    assert len(numbers) == 0
    with pytest.raises(KeyError):
        numbers[ops[0]]


def main_func_of(op: ir.Operation) -> ir.OpView:
    """The function that an op of its body is in."""
    assert op.parent is not None
    return op.parent.opview

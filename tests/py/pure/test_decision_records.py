"""Seconds and collectives of the groups of a decision add up, in the record of a plan and in what `explain` says of it."""

import msgspec
import pytest

from compiler.explain.decisions import show_split
from compiler.explain.words import (
    by_kind,
    memory_rows,
    show_certificate,
    show_collectives,
    show_group,
    show_kind,
    total,
)
from compiler.plan.decisions import CertificateRecord, CollectiveRecord, DecisionRecord, GroupRecord, MemoryRecord
from compiler.plan.price import Price, shorter

SUM = CollectiveRecord("all_reduce", ("x", "y"), 4096.0, 2.0, 0.5)
GATHER = CollectiveRecord("all_gather", ("x",), 1024.0, 8.0, 0.25)
GROUP = GroupRecord(
    name="dot_general of w",
    location="model.py:3",
    kind="op",
    ops=("dot_general",),
    count=2,
    phase="forward",
    dtype="f32",
    shape=(8, 4),
    sharding="[x, -]",
    compute_s=1.0,
    reduction_s=0.5,
    reshard_s=0.25,
    collectives=(SUM, GATHER),
    alternatives=(),
)


def test_the_seconds_of_a_group_are_its_three_parts() -> None:
    assert GROUP.seconds == 1.75
    assert total([GROUP, msgspec.structs.replace(GROUP, compute_s=4.0)]) == (5.0, 1.0, 0.5)
    assert show_split(GROUP).startswith(
        "compute 1 s, sums 500 ms, reshards 250 ms\n  2 x all_reduce over x*y of 4 KiB; 8 x"
    )


def test_a_price_adds_up() -> None:
    price = Price(compute_s=1.0)
    price.add("all_gather", ("x",), 1024.0, 3.0, 0.125)
    price.add("all_reduce", ("x", "y"), 4096.0, 2.0, 0.5)
    price.add("all_gather", ("x",), 1024.0, 5.0, 0.125)
    assert (price.compute_s, price.reduction_s, price.reshard_s, price.seconds) == (1.0, 0.5, 0.25, 1.75)
    assert price.records() == (SUM, GATHER), "dearest first"
    price.add("reduce_scatter", ("x",), 8.0, 1.0, 0.25)
    assert (price.reduction_s, price.reshard_s) == (0.75, 0.25), "a sum, whatever becomes of it"
    assert [item.kind for item in price.records()] == ["all_reduce", "all_gather", "reduce_scatter"]


def test_seconds_have_six_digits() -> None:
    assert (shorter(1 / 3), shorter(123456789.0), shorter(0.0)) == (0.333333, 123457000.0, 0.0)


def test_collectives_of_one_kind_are_one_entry_dearest_first() -> None:
    other = CollectiveRecord("all_gather", ("y",), 10.0, 1.0, 0.5)
    found = by_kind([msgspec.structs.replace(GROUP, collectives=(SUM, GATHER, other))])
    assert found == {"all_gather": (9.0, 8 * 1024.0 + 10.0, 0.75), "all_reduce": (2.0, 8192.0, 0.5)}
    assert list(found) == ["all_gather", "all_reduce"]
    assert show_collectives((SUM, GATHER, other), 1) == "2 x all_reduce over x*y of 4 KiB; 2 more"
    assert show_collectives((SUM,), 1) == "2 x all_reduce over x*y of 4 KiB"


def test_groups_in_words() -> None:
    one = msgspec.structs.replace(GROUP, count=1)
    many = msgspec.structs.replace(GROUP, name="cluster", ops=("add", "multiply", "tanh", "negate"))
    assert (show_group(GROUP), show_group(one)) == ("dot_general of w (2 of them)", "dot_general of w")
    assert (show_kind(GROUP), show_kind(many)) == ("f32[8,4]", "add, multiply, tanh … f32[8,4]")
    assert show_kind(msgspec.structs.replace(many, ops=many.ops[:3])) == "add, multiply, tanh f32[8,4]"


@pytest.mark.parametrize(
    ("gap", "bound", "proof"),
    [
        (0.0, 2.0, "proved optimal"),
        (1.0, 0.0, "no bound"),
        (0.25, 1.5, "at most 25.00% above the optimum (bound 1.5 s)"),
    ],
)
def test_a_certificate_in_words(gap: float, bound: float, proof: str) -> None:
    certificate = CertificateRecord(2.0, bound, gap, "dual bound", 9, 8, 3, 2)
    want = f"2 s a step, {proof}, by dual bound; 9 nodes and 8 edges, 3 and 2 left after shrinking"
    assert show_certificate(certificate) == want


def test_memory_by_class_in_the_order_of_tables() -> None:
    memory = MemoryRecord("stage0_forward", 1e9, {"more": 1.0, "batch": 2.0, "parameters": 3.0})
    decision = DecisionRecord(0, {"x": 2}, "ilp", CertificateRecord(1.0, 1.0, 0.0, "lp", 1, 0, 0, 0), memory, (GROUP,))
    assert memory_rows(decision) == [("parameters", 3.0), ("batch", 2.0), ("more", 1.0)]

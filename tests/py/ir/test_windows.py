"""Windows along split dims: every way to split such an op gives the whole result, and exactly the expected dims can be split."""

import re
from collections import Counter

import pytest
from cases import Case, read
from jaxlib.mlir import ir
from partition_run import added, run_partitioned
from simulate import assert_same, make_arguments, whole
from test_partition_ops import loaded, partitioned

from dialects.context import make_context
from dialects.ops import body_ops, entry_block, main_func
from dialects.sdy_attrs import SHARDING, mesh_text, sharding_attr, shardings_attr
from dialects.sharding import MeshShape, Sharding, replicated
from dialects.signature import attr_dicts, set_attr_dicts
from passes.analysis.ops.windows import WINDOWED
from passes.analysis.shardings.costs import ShardingCosts
from passes.analysis.shardings.strategies import Strategies, Strategy
from passes.rules import write_rules
from passes.solvers.costs.mesh_costs import AxisLink, MeshCosts

MESHES = (MeshShape((("x", 2),)), MeshShape((("x", 4),)), MeshShape((("x", 2), ("y", 2))))
MOST = 3  # compiled a case and mesh; the strategies with most split slid dims first


def windowed(module: ir.Module) -> ir.Operation:
    return next(op for op in body_ops(entry_block(main_func(module))) if op.name in WINDOWED)


def strategies(item: Case, mesh: MeshShape) -> list[Strategy]:
    """Those that split a dim along which a window moves; in other dims windows of one element stand still."""
    with make_context(), ir.Location.unknown():
        module = loaded(item.text)
        write_rules(module)
        found = Strategies(mesh, all_windows=True).of(windowed(module))
    return [strategy for strategy in found if slid_dims(item, strategy)]


def slid_dims(item: Case, strategy: Strategy) -> list[int]:
    """The split dims of the first operand that are neither its batch nor its features."""
    features = re.search(r"dim_numbers = \[(.*?)\]x", item.text)
    numbers = features[1].split(", ") if features else ["b", *("0" for _ in strategy.operands[0].dims[1:])]
    if not features and len(numbers) > 2:
        numbers[-1] = "f"
    return [dim for dim, axes in enumerate(strategy.operands[0].dims) if axes and numbers[dim] not in "bf"]


def prices(mesh: MeshShape) -> ShardingCosts:
    links = (AxisLink(1e-6, 1e9),) * len(mesh.axes)
    return ShardingCosts(MeshCosts(mesh, links, (("f32", 1e9),), 1e9, 1e9))


def annotate(module: ir.Module, strategy: Strategy, mesh: MeshShape) -> None:
    """Ports lie as the op wants it, so that nothing but halos travels."""
    op, main = windowed(module), main_func(module)
    ir.InsertionPoint.at_block_begin(module.body).insert(ir.Operation.parse(mesh_text(mesh)))
    of: dict[ir.Value, Sharding] = dict(zip(op.operands, strategy.operands, strict=True))
    for other in body_ops(entry_block(main))[:-1]:
        if other != op:
            other.attributes[SHARDING] = shardings_attr([replicated(0)])
    op.attributes[SHARDING] = shardings_attr(strategy.results)
    arguments = [of[value] for value in entry_block(main).arguments]
    for which, shardings in (("arg_attrs", arguments), ("res_attrs", strategy.results)):
        entries = zip(attr_dicts(main, which), shardings, strict=True)
        set_attr_dicts(main, which, [{**entry, SHARDING: sharding_attr(sharding)} for entry, sharding in entries])


@pytest.mark.parametrize("item", read("windows"), ids=lambda item: item.name)
@pytest.mark.parametrize("mesh", MESHES, ids=lambda mesh: "x".join(str(size) for _, size in mesh.axes))
def test_parts_make_up_the_whole(item: Case, mesh: MeshShape) -> None:
    found = strategies(item, mesh)
    if len(mesh.axes) == 1:
        dims = {dim for strategy in found for dim in slid_dims(item, strategy)}
        assert dims == set(item.halves if mesh.num_devices == 2 else item.quarters)
    found.sort(
        key=lambda strategy: -len([axis for d in slid_dims(item, strategy) for axis in strategy.operands[0].dims[d]])
    )
    with make_context(), ir.Location.unknown():
        arguments = make_arguments(item.text, 7)
        want = whole(item.text, arguments)
        for strategy in found[:MOST]:
            module = loaded(item.text)
            annotate(module, strategy, mesh)
            priced = Counter(prices(mesh).collectives(windowed(module), strategy))
            assert partitioned(module, mesh) == priced
            assert {kind for kind, _, _ in priced} <= {"collective_permute"}
            got, _ = run_partitioned(module, mesh, arguments, [()] * len(arguments), 7)
            for mine, its, sharding in zip(got, want, strategy.results, strict=True):
                assert_same(added(mine) if sharding.unreduced else mine, its, f"{item.name} {strategy.label}")

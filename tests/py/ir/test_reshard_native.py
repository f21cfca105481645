"""Every move of the resharder is the one collective that Shardy's own pass makes of the same reshard: all of them, on two meshes."""

import re

import pytest
from jaxlib.mlir import ir
from jaxlib.mlir.passmanager import PassManager

from dialects.context import make_context
from dialects.sdy_attrs import mesh_text, read_sharding, sharding_attr, shardings_attr
from dialects.sharding import MeshShape, Sharding
from passes.solvers.costs.reshard_moves import Move, all_states, local_key, moves

pytestmark = pytest.mark.ir

PIPELINE = (
    "builtin.module(func.func(sdy-insert-explicit-reshards{enable-full-version=true},sdy-reshard-to-collectives))"
)
MESHES = (MeshShape((("x", 2), ("y", 4))), MeshShape((("x", 2), ("y", 2), ("z", 2))))


def native(before: Sharding, out: list[Move], mesh: MeshShape) -> list[list[tuple[str, Sharding]]]:
    """What Shardy makes of one reshard a move, all of the same value: each op's name with its axes, and the sharding after it."""
    kind = f"tensor<{'64x' * len(before.dims)}f32>"
    lines = [f"%n = stablehlo.custom_call @made(%x) {{sdy.sharding = {shardings_attr([before])}}} : ({kind}) -> {kind}"]
    for index, move in enumerate(out):
        target = str(sharding_attr(move.after)).removeprefix("#sdy.sharding")
        attribute = f"{{sdy.sharding = {shardings_attr([move.after])}}}"
        lines.append(f"%r{index} = sdy.reshard %n {target} : {kind}")
        lines.append(f"%u{index} = stablehlo.custom_call @used(%r{index}) {attribute} : ({kind}) -> {kind}")
    argument = f"%x: {kind} {{sdy.sharding = {sharding_attr(before)}}}"
    newline = "\n"
    module = ir.Module.parse(f"{mesh_text(mesh)}\nfunc.func @main({argument}) {{\n{newline.join(lines)}\nreturn\n}}")
    PassManager.parse(PIPELINE).run(module.operation)
    groups: list[list[tuple[str, Sharding]]] = [[]]
    (block,) = next(op for op in module.body.operations if op.operation.name == "func.func").regions[0].blocks
    for op in list(block.operations)[1:-1]:
        if op.operation.name == "stablehlo.custom_call":
            groups.append([])
        else:
            words = re.match(r"%\d+ = sdy\.(.*?) ?%", str(op).strip())
            assert words
            groups[-1].append((words[1], read_sharding(op.operation.attributes["out_sharding"])))
    assert groups.pop() == []
    return groups


def expected(move: Move, rank: int) -> list[str]:
    """Name and first attribute of each op, as Shardy prints them."""
    axes = ", ".join(f'"{axis}"' for axis in move.axes)
    at = ", ".join(f"{{{axes}}}" if dim in move.dims else "{}" for dim in range(rank))
    if move.kind == "reduce_scatter":
        ordered = ", ".join(sorted(f'"{axis}"' for axis in move.axes))
        return [f"all_reduce {{{ordered}}}", f"all_slice [{at}]"]
    if move.kind == "all_to_all":
        return [f"all_to_all [{{{axes}}}: {move.dims[0]}->{move.dims[1]}]"]
    if move.kind == "all_reduce":
        return [f"all_reduce {{{axes}}}"]
    return ["collective_permute"] if move.kind == "collective_permute" else [f"{move.kind} [{at}]"]


@pytest.mark.parametrize("rank", range(4))
@pytest.mark.parametrize("mesh", MESHES, ids=["2x4", "2x2x2"])
def test_each_move_is_one_native_collective(mesh: MeshShape, rank: int) -> None:
    states = all_states(rank, mesh)
    alike: dict[tuple[object, ...], list[Sharding]] = {}
    for state in states:
        alike.setdefault(local_key(state, mesh), []).append(state)
    compared = 0
    with make_context(), ir.Location.unknown():
        for before in states:
            out = list(moves(before, mesh, alike))
            for move, ops in zip(out, native(before, out, mesh), strict=True):
                case = f"{before.text()} -> {move.after.text()}"
                assert [words for words, _ in ops] == expected(move, rank), case
                after = ops[-1][1]
                last_gather = move.kind == "all_gather" and not any(move.after.dims)
                # jaxlib 0.10.2: the out_sharding of an all_gather that leaves no dim split forgets the sums to do
                assert after == (Sharding(move.after.dims) if last_gather else move.after), case
                compared += 1
    assert compared >= 5

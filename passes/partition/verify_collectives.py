"""``verify-collectives``: the collectives that were priced are those that the annotated program needs. Only reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxlib.mlir import ir

from dialects.errors import Failure
from dialects.ops import all_ops, copy_module, describe, entry_block, op_key
from dialects.sdy_attrs import SHARDING, op_shardings, read_sharding, sharding_attr, shardings_attr, symbol_of
from dialects.sharding import MeshShape, Sharding
from dialects.signature import attr_dicts, set_attr_dicts
from passes.base import Pass
from passes.native import run_native
from passes.partition.body import Body
from passes.partition.partition import spread_funcs, strip
from passes.partition.ports import port_shardings
from passes.partition.steps import step_between, used_axes
from passes.rules import write_rules


@dataclass(frozen=True, kw_only=True)
class VerifyCollectives(Pass):
    """Shardy needs exactly the collectives that were priced.

    It is a second opinion on what ``partition`` is about to write, in three steps:

    1. Every op's shardings follow its rule, and every reshard is one collective: the same check that ``partition`` makes.
    2. On a copy, Shardy's own ``sdy-insert-explicit-reshards{enable-full-version}`` finds nothing to add.
    3. On the same copy, ``sdy-reshard-to-collectives`` makes of each reshard the one collective that we call it.

    Shardy does sums apart from reshards: it puts ``sdy.all_reduce`` in front of a reshard that finishes some, and a
    reduce_scatter is that with ``sdy.all_slice`` behind it. Source: docs/decisions/0007-the-collectives-are-ours.md.

    Accepted, %x: tensor<8x8xf32> [{"x"}, {"y"}]:
        %0 = sdy.reshard %x <@mesh, [{"x"}, {}]> : tensor<8x8xf32>
        %1 = sdy.reshard %0 <@mesh, [{}, {}]> : tensor<8x8xf32>
    Refused:
        %0 = sdy.reshard %x <@mesh, [{}, {}]> : tensor<8x8xf32>
        error: sdy.reshard -> tensor<8x8xf32> at FILE:3: [{"x"}, {"y"}] to [{}, {}] is not one collective;
               this is a defect of the passes before partition

    Raises Failure naming the first op where it needs another one: a defect of the passes before.
    """

    name: ClassVar[str] = "verify-collectives"

    def run(self, module: ir.Module) -> None:
        with ir.Location.unknown():
            if not spread_funcs(module)[0]:
                return
            copy = copy_module(module)
            several, single = spread_funcs(copy)
            for func, _ in single:
                _forget(func)
            write_rules(copy)
            funcs = [func for func, _ in several]
            expected = [made for func, mesh in several for made in _expected(func, mesh)]
            run_native(copy, "func.func(sdy-insert-explicit-reshards{enable-full-version=true})")
            _compare([(said, made.where) for made in expected for said in made.explicit], funcs, "needs")
            run_native(copy, "func.func(sdy-reshard-to-collectives)")
            _compare([(said, made.where) for made in expected for said in made.collectives], funcs, "makes")


@dataclass(frozen=True, slots=True)
class _Made:
    """What Shardy makes of one reshard: first with the sums apart, then as collectives."""

    explicit: tuple[str, ...]
    collectives: tuple[str, ...]
    where: str


def _expected(func: ir.OpView, mesh: MeshShape) -> Iterator[_Made]:
    """Check ``func`` by its rules; its reshards in order."""
    _drop_small_axes(func, mesh)
    body = Body(mesh, entry_block(func), port_shardings(func, "arg_attrs", mesh))
    body.plan(port_shardings(func, "res_attrs", mesh))
    if any(len({sharding.unreduced for sharding in op_shardings(op)}) > 1 for op in all_ops(func.operation)):
        _forget(
            func
        )  # jaxlib 0.10.2: Shardy ends the process on an op with some results unreduced and others not (a loop)
        return
    for op in all_ops(func.operation):
        if op.name == "sdy.reshard":
            found = body.fits[op_key(op)]
            made = _spell(op, found.ins[0], found.outs[0], mesh)
            if made is not None:
                yield made


def _spell(op: ir.Operation, source: Sharding, target: Sharding, mesh: MeshShape) -> _Made | None:
    step = step_between(source, target, mesh)
    if step is None:
        op.results[0].replace_all_uses_with(op.operands[0])
        op.erase()
        return None
    resharded = _said("sdy.reshard", target)
    if step.kind == "keep_first":
        kept = _said("sdy.replicated_to_unreduced", target)
        return _Made((kept,), (kept,), describe(op))
    if step.kind not in ("all_reduce", "reduce_scatter"):
        return _Made((resharded,), (_said(f"sdy.{step.kind}", target),), describe(op))
    summed = _said("sdy.all_reduce", source)
    sliced = (_said("sdy.all_slice", target),) if step.kind == "reduce_scatter" else ()
    return _Made((summed, resharded), (summed, *sliced), describe(op))


def _said(name: str, sharding: Sharding) -> str:
    return f"{name} to {Sharding(sharding.dims).text()}"


def _compare(expected: Sequence[tuple[str, str]], funcs: Sequence[ir.OpView], verb: str) -> None:
    found = [op for func in funcs for op in all_ops(func.operation) if op.name.startswith("sdy.")]
    for i, op in enumerate(found):
        key = "sharding" if op.name == "sdy.reshard" else "out_sharding"
        said = _said(op.name, read_sharding(op.attributes[key]))
        want, where = expected[i] if i < len(expected) else ("nothing", "")
        if said != want:
            reader = next((use.owner.operation for use in op.results[0].uses), op)
            raise Failure(
                f"Shardy {verb} {said} for {describe(reader)}, want {want}",
                where=where or describe(op),
                remedy="this is a defect of the passes before verify-collectives",
            )
    if len(found) < len(expected):
        want, where = expected[len(found)]
        raise Failure(f"Shardy {verb} nothing, want {want}", where=where)


def _forget(func: ir.OpView) -> None:
    """Leave nothing in ``func`` that Shardy could look at."""
    strip(func, None)
    for which in ("arg_attrs", "res_attrs"):
        ports = attr_dicts(func, which)
        set_attr_dicts(func, which, [{k: v for k, v in port.items() if k != SHARDING} for port in ports])


def _drop_small_axes(func: ir.OpView, mesh: MeshShape) -> None:
    """Axes of one device split nothing, and Shardy would gather along them."""
    if all(size > 1 for _, size in mesh.axes):
        return
    symbol = symbol_of(func)
    for which in ("arg_attrs", "res_attrs"):
        ports = zip(attr_dicts(func, which), port_shardings(func, which, mesh), strict=True)
        said = [{**entry, SHARDING: sharding_attr(sharding, symbol)} for entry, sharding in ports]
        set_attr_dicts(func, which, said)
    for op in all_ops(func.operation)[1:]:
        shardings = [used_axes(sharding, mesh) for sharding in op_shardings(op)]
        if op.name == "sdy.reshard":
            op.attributes["sharding"] = sharding_attr(shardings[0], symbol)
        elif shardings:
            op.attributes[SHARDING] = shardings_attr(shardings, symbol)

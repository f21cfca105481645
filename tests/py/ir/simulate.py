"""Runs a planned program in one process, without MPI: setup once, forward and backward per microbatch, update once.

The oracle is StableHLO's reference interpreter, which owes nothing to XLA; for ops that it lacks, XLA on one CPU device.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from compiler.frontends.load import load_bytes
from dialects import attributes as names
from dialects.context import make_context
from dialects.ops import body_ops, entry_block, main_func, shape_of
from dialects.signature import attr_dicts, int_of, op_text, text_of
from passes.analysis.batch.arguments import is_batch, rows_of
from passes.analysis.ops.forms import Form
from passes.base import Pass
from passes.fragments.realize import Realize
from passes.fragments.verify_fragments import VerifyFragments
from passes.microbatch import whole_batch
from passes.microbatch.microbatch import Microbatch
from passes.normalize.assign_roles import AssignRoles
from passes.normalize.normalize import Normalize
from passes.stages.choose_stages import ChooseStages
from passes.stages.copy_views import CopyViews
from passes.stages.mark_phases import MarkPhases
from passes.stages.place import Place
from passes.stages.verify_stages import VerifyStages
from runtime.devices.dtypes import numpy_dtype
from runtime.devices.xla import World

Array = np.ndarray[Any, np.dtype[Any]]

# The interpreter of jaxlib 0.10.2 ends the process on these, and its scatter writes into the operand that others read.
_NOT_INTERPRETED = frozenset(
    "batch_norm_grad batch_norm_inference batch_norm_training cholesky triangular_solve fft rng rng_bit_generator custom_call "
    "scatter bitcast_convert dot broadcast einsum unary_einsum torch_index_select".split()
)
_WIDE = {"f64": "f64", "f32": "f32", "i1": "i1"}  # element types that cross the interpreter's border as they are


def plan(
    text: str,
    batch: Sequence[int | str],
    microbatches: int,
    stages: int,
    loss: int | None = None,
    state: Sequence[str] = (),
    before: Sequence[Pass] = (),
) -> ir.Module:
    """The realized module of a program; raises UserError where the program is refused. Call it within a context.

    ``batch``: as --batch-args has it. ``before``: passes in front of ``microbatch``.
    """
    module = load_bytes(text.encode(), ir.Context.current, "case.mlir").module
    for step in (
        Normalize(),
        AssignRoles(batch_args=tuple(map(str, batch)), loss=loss, state_args=tuple(state)),
        *before,
        Microbatch(microbatches=microbatches),
        CopyViews(),
        MarkPhases(),
        ChooseStages(stages=stages),
        Place(),
        VerifyStages(),
        Realize(),
        VerifyFragments(),
    ):
        step.run(module)
        assert module.operation.verify(), f"{step.spec()} left invalid IR"
    return module


def whole(text: str, arguments: Sequence[Array]) -> list[Array]:
    """The results of the user's program, run as it is."""
    module = load_bytes(text.encode(), ir.Context.current, "case.mlir").module
    Normalize().run(module)
    return Runner(main_func(module)).run(arguments)


def simulate(module: ir.Module, arguments: Sequence[Array], microbatches: int) -> list[Array]:
    """The results of a realized module, its fragments run as a schedule runs them."""
    main = main_func(module)
    called = [ir.FlatSymbolRefAttr(op.attributes["callee"]).value for op in body_ops(entry_block(main))[:-1]]
    functions = {
        ir.StringAttr(op.operation.attributes["sym_name"]).value: op
        for op in module.body.operations
        if op.operation.name == "func.func"
    }
    fragments = [(op_text(functions[name].operation, names.PHASE), Fragment(functions[name])) for name in called]
    values: dict[str, Array] = {f"arg{i}": argument for i, argument in enumerate(arguments)}
    for phase, fragment in fragments:
        if phase == "setup":
            fragment.run(values)
    lasting = dict(values)
    entries = attr_dicts(main, "arg_attrs")
    rows = {int_of(entry, names.INDEX): rows_of(entry) for entry in entries if is_batch(entry)}
    for index in range(microbatches):
        values = {**lasting, "index": np.array(index, np.int32)}
        for i, argument in enumerate(arguments):
            if i in rows and argument.shape[rows[i].dim] % (rows[i].outer * microbatches) == 0:
                values[f"batch{i}"] = _rows(argument, rows[i], index, microbatches)
        for phase, fragment in fragments:
            if phase in ("forward", "backward"):
                fragment.run(values)
        lasting.update({key: value for key, value in values.items() if key.startswith("acc") or microbatches == 1})
    for phase, fragment in fragments:
        if phase == "update":
            fragment.run(lasting)
    return [lasting[text_of(entry, names.VALUE)] for entry in attr_dicts(main, "res_attrs")]


def _rows(argument: Array, form: Form, index: int, microbatches: int) -> Array:
    """What a microbatch sees, by reshape: the runtime takes it by slices."""
    before, size, behind = argument.shape[: form.dim], argument.shape[form.dim], argument.shape[form.dim + 1 :]
    blocks = argument.reshape(*before, form.outer, microbatches, size // (form.outer * microbatches), *behind)
    return blocks.take(index, form.dim + 1).reshape(*before, size // microbatches, *behind)


class Fragment:
    """One function of a realized module with the ids of what it reads and gives."""

    def __init__(self, func: ir.OpView) -> None:
        self.reads = [text_of(entry, names.VALUE) for entry in attr_dicts(func, "arg_attrs")]
        self.gives = [text_of(entry, names.VALUE) for entry in attr_dicts(func, "res_attrs")]
        self.runner = Runner(func)

    def run(self, values: dict[str, Array]) -> None:
        values.update(zip(self.gives, self.runner.run([values[key] for key in self.reads]), strict=True))


class Runner:
    """A function of plain StableHLO, ready to run on arrays."""

    def __init__(self, func: ir.OpView) -> None:
        self.inputs = [_kind(value.type) for value in entry_block(func).arguments]
        self.outputs = [_kind(value.type) for value in body_ops(entry_block(func))[-1].operands]
        text = _bare(func)
        self.interpreted = _NOT_INTERPRETED.isdisjoint(re.findall(r"stablehlo\.(\w+)", text))
        if self.interpreted:
            self.module = ir.Module.parse(f"{text}\n{_border(self.inputs, self.outputs)}")
        else:
            world = _world()
            self.executable = world.load(world.compile(text.replace("@program", "@main").encode()))

    def run(self, arguments: Sequence[Array]) -> list[Array]:
        for array, (shape, element) in zip(arguments, self.inputs, strict=True):
            assert (array.shape, array.dtype) == (shape, numpy_dtype(element)), (
                f"got {array.dtype}{array.shape}, want {element}{shape}"
            )
        if self.interpreted:
            return self._interpret(arguments)
        world = _world()
        handlers = [world.handler(shape, numpy_dtype(element)) for shape, element in self.outputs]
        buffers = [world.put(np.ascontiguousarray(argument).reshape(argument.shape)) for argument in arguments]
        return [np.array(world.get(buffer)) for buffer in world.run(self.executable, buffers, handlers)]

    def _interpret(self, arguments: Sequence[Array]) -> list[Array]:
        passed = [
            _to_attribute(part, crossing)
            for array, (_, element) in zip(arguments, self.inputs, strict=True)
            for part, crossing in _parts(array, element)
        ]
        given = iter(stablehlo.eval_module(self.module, passed))
        results: list[Array] = []
        for shape, element in self.outputs:
            parts = [np.array(next(given)).reshape(shape) for _ in _crossing(element)]
            dtype = numpy_dtype(element)
            results.append((parts[0] + 1j * parts[1] if len(parts) == 2 else parts[0]).astype(dtype))
        return results


def _kind(kind: ir.Type) -> tuple[tuple[int, ...], str]:
    tensor = ir.RankedTensorType(kind)
    return tuple(tensor.shape), str(tensor.element_type)


def _bare(func: ir.OpView) -> str:
    """The text of ``func`` as @program, without our attributes."""
    clone = func.operation.clone().operation
    for key in [str(item) for item in clone.attributes]:
        if key not in ("function_type", "sym_name"):
            del clone.attributes[key]
    clone.attributes["sym_name"] = ir.StringAttr.get("program")
    return clone.get_asm(use_local_scope=True)


def _crossing(element: str) -> tuple[str, ...]:
    """The element types in which a tensor crosses the border: numpy and the bindings know those."""
    if element.startswith("complex"):
        inner = element[8:-1]
        return (inner, inner)
    if element[0] in "fb":
        return (_WIDE.get(element, "f32"),)
    return ("i1",) if element == "i1" else ("i64",)


def _border(inputs: Sequence[tuple[tuple[int, ...], str]], outputs: Sequence[tuple[tuple[int, ...], str]]) -> str:
    """@main, which converts arguments from and results to what crosses, around @program."""
    arguments: list[str] = []
    lines: list[str] = []
    for i, (shape, element) in enumerate(inputs):
        own, crossing = _type(shape, element), [_type(shape, part) for part in _crossing(element)]
        arguments += [f"%a{i}_{j}: {part}" for j, part in enumerate(crossing)]
        if len(crossing) == 2:
            lines.append(f"%b{i} = stablehlo.complex %a{i}_0, %a{i}_1 : {own}")
        else:
            lines.append(f"%b{i} = stablehlo.convert %a{i}_0 : ({crossing[0]}) -> {own}")
    own = [_type(shape, element) for shape, element in outputs]
    operands = ", ".join(f"%b{i}" for i in range(len(inputs)))
    types = ", ".join(_type(shape, element) for shape, element in inputs)
    lines.append(f"%r:{len(own)} = func.call @program({operands}) : ({types}) -> ({', '.join(own)})")
    returned: list[tuple[str, str]] = []
    for i, (shape, element) in enumerate(outputs):
        crossing = [_type(shape, part) for part in _crossing(element)]
        if len(crossing) == 2:
            lines += [
                f"%c{i}_{j} = stablehlo.{part} %r#{i} : ({own[i]}) -> {crossing[j]}"
                for j, part in enumerate(("real", "imag"))
            ]
        else:
            lines.append(f"%c{i}_0 = stablehlo.convert %r#{i} : ({own[i]}) -> {crossing[0]}")
        returned += [(f"%c{i}_{j}", part) for j, part in enumerate(crossing)]
    kinds = ", ".join(kind for _, kind in returned)
    lines.append(f"func.return {', '.join(name for name, _ in returned)} : {kinds}")
    body = "\n".join(lines)
    return f"func.func @main({', '.join(arguments)}) -> ({kinds}) {{\n{body}\n}}"


def _type(shape: Sequence[int], element: str) -> str:
    return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"


def _parts(array: Array, element: str) -> list[tuple[Array, str]]:
    crossing = _crossing(element)
    arrays = [array.real, array.imag] if len(crossing) == 2 else [array]
    return [(part.astype(numpy_dtype(name)), name) for part, name in zip(arrays, crossing, strict=True)]


def _to_attribute(array: Array, element: str) -> ir.Attribute:
    kind = ir.RankedTensorType.get(list(array.shape), ir.Type.parse(element))
    if element == "i1":
        flat = ", ".join("true" if item else "false" for item in array.reshape(-1))
        return (
            ir.Attribute.parse(f"dense<{_nested(array.shape, flat.split(', '))}> : {kind}")
            if array.size
            else ir.DenseElementsAttr.get(array, type=kind)
        )
    return ir.DenseElementsAttr.get(np.ascontiguousarray(array).reshape(array.shape), type=kind)


def _nested(shape: Sequence[int], items: list[str]) -> str:
    if not shape:
        return items[0]
    step = len(items) // shape[0]
    return "[" + ", ".join(_nested(shape[1:], items[i * step : (i + 1) * step]) for i in range(shape[0])) + "]"


@functools.cache
def _world() -> World:
    return World.alone()


def make_arguments(text: str, seed: int = 0) -> list[Array]:
    """Random arguments for @main: floats around 0, small integers, booleans. Call it within a context."""
    module = ir.Module.parse(text)
    random = np.random.default_rng(seed)
    made: list[Array] = []
    for value in entry_block(main_func(module)).arguments:
        element, shape = str(ir.RankedTensorType(value.type).element_type), shape_of(value)
        dtype = numpy_dtype(element)
        if element == "i1":
            made.append(random.integers(0, 2, shape).astype(dtype))
        elif dtype.kind in "iu" or element[0] in "iu":
            made.append(random.integers(0, 4, shape).astype(dtype))
        elif element.startswith("complex"):
            made.append((random.normal(size=shape) + 1j * random.normal(size=shape)).astype(dtype))
        else:
            made.append(np.asarray(random.normal(size=shape)).astype(dtype))
    return [np.asarray(array) for array in made]


_DIGITS = {"f64": 1e-10, "f32": 2e-5, "f16": 4e-3, "bf16": 3e-2}


def assert_same(got: Array, want: Array, what: str) -> None:
    """Equal up to float reassociation: relative to the largest element, or exactly for integers."""
    assert (got.shape, got.dtype) == (want.shape, want.dtype), (
        f"{what}: got {got.dtype}{got.shape}, want {want.dtype}{want.shape}"
    )
    if want.dtype.kind in "biu" or want.size == 0:
        assert np.array_equal(got, want), f"{what}: got {got}, want {want}"
        return
    exact = np.complex128 if want.dtype.kind == "c" else np.float64
    left, right = got.astype(exact), want.astype(exact)
    name = {
        "complex64": "f32",
        "complex128": "f64",
        "float64": "f64",
        "float32": "f32",
        "float16": "f16",
        "bfloat16": "bf16",
    }.get(want.dtype.name)
    bound = _DIGITS.get(name or "", 0.3)
    finite = np.isfinite(right)
    assert np.array_equal(np.isnan(left), np.isnan(right)), f"{what}: got {got}, want {want}"
    assert np.array_equal(left[~finite & ~np.isnan(right)], right[~finite & ~np.isnan(right)]), (
        f"{what}: got {got}, want {want}"
    )
    scale = max(float(np.max(np.abs(right[finite]), initial=0.0)), 1e-6)
    error = float(np.max(np.abs(left[finite] - right[finite]), initial=0.0)) / scale
    assert error <= bound, (
        f"{what}: error {error:.2g} of the largest element, want at most {bound:.2g}\ngot {got}\nwant {want}"
    )


@contextmanager
def whole_copies(*, dear: bool) -> Iterator[None]:
    """Within it, ``dear`` keeps the passes from computing on whole copies of the batch, which is free in programs this small."""
    if not dear:
        yield
        return
    with mock.patch.object(whole_batch, "FREE_FLOPS", -1.0), mock.patch.object(whole_batch, "MAX_SHARE", -1.0):
        yield


def check(
    text: str,
    batch: Sequence[int | str],
    microbatches: int,
    stages: int = 1,
    loss: int | None = None,
    state: Sequence[str] = (),
    seed: int = 0,
    before: Sequence[Pass] = (),
) -> None:
    """Plan, simulate and compare. Raises UserError where the program is refused, AssertionError where a result differs."""
    with make_context(), ir.Location.unknown():
        arguments = make_arguments(text, seed)
        realized = plan(text, batch, microbatches, stages, loss, state, before)
        got = simulate(realized, arguments, microbatches)
        want = whole(text, arguments)
        for i, (mine, its) in enumerate(zip(got, want, strict=True)):
            assert_same(mine, its, f"result {i}")

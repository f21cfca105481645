"""Custom calls: what jax itself calls runs, and every false shape of it is refused and never run."""

import re
import subprocess
import sys
from pathlib import Path

from jaxlib.mlir import ir

from dialects.build import CALL
from dialects.context import make_context
from dialects.custom_calls import wrong_call
from dialects.lapack import KERNELS, PERTURBED
from dialects.ops import all_ops

ROOT = Path(__file__).parents[3]
CALLS = (ROOT / "tests/modules/calls.mlir").read_text().split("// -----\n")
KEPT: list[ir.Module] = []  # an op lives as long as its module
OTHERS = {  # what else XLA's CPU computes
    "TopK": ("(%a0) : (tensor<3x4x8xf32>) -> (tensor<3x4x2xf32>, tensor<3x4x2xi32>)", 2),
    "mhlo.topk": (
        "(%a0) {mhlo.attributes = {k = 2 : i64, largest = true}} : (tensor<4x8xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>)",
        2,
    ),
    "Qr": ("(%a0) : (tensor<5x3xf32>) -> (tensor<5x3xf32>, tensor<3xf32>)", 2),
    "ProductOfElementaryHouseholderReflectors": ("(%a0, %a1) : (tensor<5x3xf32>, tensor<2xf32>) -> tensor<5x3xf32>", 1),
    "Eigh": ('(%a0) {backend_config = "1,1,100,1e-6"} : (tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4xf32>)', 2),
    **{
        f"mhlo.{name}": ("(%a0) {mhlo.attributes = {}} : (tensor<4x8xf32>) -> tensor<4x8xf32>", 1)
        for name in "erf asin acos sinh cosh asinh atanh tan acosh".split()
    },
}
RUN = """
import re, sys
import numpy as np
from runtime.devices.xla import World
TYPES = {"f32": "f4", "f64": "f8", "complex<f32>": "c8", "complex<f64>": "c16", "i32": "i4"}
def read(text):
    *shape, element = re.findall(r"\\d+(?=x)|complex<f\\d+>|f\\d+|i32", text)
    return tuple(map(int, shape)), np.dtype(TYPES[element])
world, draw, text = World.alone(), np.random.default_rng(0), sys.stdin.read()
head = re.search(r"@main\\((.*)\\) -> \\((.*)\\) {", text)
arguments, results = ([read(kind) for kind in re.findall(r"tensor<[^,()]*>", side)] for side in head.groups())
arrays = [np.zeros(shape, kind) if kind.kind == "i" else draw.random(shape).astype(kind) for shape, kind in arguments]
for array in arrays:
    if array.ndim > 1 and array.shape[-1] == array.shape[-2]:
        array += 9 * np.eye(array.shape[-1], dtype=array.dtype)
given = world.run(world.load(world.compile(text.encode())), [world.put(a) for a in arrays],
                  [world.handler(*result) for result in results])
print(f"all {sum(world.get(value).size >= 0 for value in given)}")
"""


def program(target: str, rest: str, count: int) -> str:
    taken, given = (re.findall(r"tensor<[^,()]*>", side) for side in rest.split(" : ")[-1].split(" -> "))
    arguments = ", ".join(f"%a{i}: {kind}" for i, kind in enumerate(taken))
    name, values = ("%r", "%r") if count == 1 else (f"%r:{count}", ", ".join(f"%r#{i}" for i in range(count)))
    kinds = ", ".join(given)
    head = f"func.func public @main({arguments}) -> ({kinds}) {{\n"
    return f"{head}  {name} = {CALL} @{target}{rest}\n  return {values} : {kinds}\n}}\n"


def programs() -> list[str]:
    return [*CALLS, *(program(target, rest, count) for target, (rest, count) in OTHERS.items())]


def the_call(text: str) -> ir.Operation:
    KEPT.append(ir.Module.parse(text))
    return next(op for op in all_ops(KEPT[-1].operation) if op.name == CALL)


def test_every_kernel_is_called() -> None:
    assert {match[1] for text in CALLS if (match := re.search(r"custom_call @(\w+)\(%a0", text))} == {
        *KERNELS,
        PERTURBED,
    }


def test_right_calls_run() -> None:
    with make_context():
        calls = [the_call(text) for text in programs()]
        assert [wrong_call(call, everywhere=True) for call in calls] == [None] * len(calls)
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=all_in_one(programs()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout == f"all {sum(len(call.results) for call in calls)}\n", done.stderr[-2000:]


def all_in_one(texts: list[str]) -> str:
    """One program of all these calls: it is compiled once."""
    heads, calls, values = [], [], []
    for number, text in enumerate(texts):
        head, call, value = re.sub(r"%([ar])", rf"%\g<1>{number}_", text).splitlines()[:3]
        sides = re.search(r"@main\((.*)\) -> \((.*)\) {", head)
        assert sides is not None
        heads.append(sides.groups())
        calls.append(call)
        values.append(value.removeprefix("  return ").partition(" : ")[0])
    taken, given = (", ".join(side) for side in zip(*heads, strict=True))
    body = "\n".join(calls)
    return f"func.func public @main({taken}) -> ({given}) {{\n{body}\n  return {', '.join(values)} : {given}\n}}\n"


def test_no_false_shape_passes() -> None:
    """Each type of each call alone made longer, shorter, of another rank or element: nothing of it is run."""
    tried = 0
    with make_context(), ir.Location.unknown():
        for text in programs():
            right = the_call(text)
            operands, results = ([value.type for value in values] for values in (right.operands, right.results))
            for index, kind in enumerate([*operands, *results]):
                for false in others(ir.RankedTensorType(kind)):
                    types = [*operands, *results]
                    types[index] = false
                    op = remade(right, types[: len(operands)], types[len(operands) :])
                    if not honest(op, index, false.shape, ir.RankedTensorType(kind).shape):
                        assert wrong_call(op, everywhere=True) is not None, str(op)
                        tried += 1
    assert tried > 4000


def others(kind: ir.RankedTensorType) -> list[ir.RankedTensorType]:
    shape, element = list(kind.shape), kind.element_type
    shapes = [[*shape[:i], size + step, *shape[i + 1 :]] for i, size in enumerate(shape) for step in (-1, 1, 4)]
    shapes += [[2, *shape], shape[1:]] if shape else [[1], [2]]
    kinds = [ir.Type.parse(text) for text in ("f32", "f64", "complex<f32>", "complex<f64>", "i32", "i64", "f16")]
    made = [ir.RankedTensorType.get(changed, element) for changed in shapes if changed != shape]
    return made + [ir.RankedTensorType.get(shape, other) for other in kinds if other != element]


def honest(op: ir.Operation, index: int, false: list[int], true: list[int]) -> bool:
    """The few changes of one type alone that leave a right call."""
    target = ir.StringAttr(op.attributes["call_target_name"]).value
    if len(false) != len(true):
        return False
    if index == 0 and re.search("(or|un)mqr", target):  # columns behind those of the reflectors
        return false[:-1] == true[:-1] and false[-1] > true[-1]
    if index == 1 and re.search("(or|un)(mqr|gqr)|Householder", target):  # fewer reflectors, or one for each column
        return false[:-1] == true[:-1] and false[-1] <= ir.RankedTensorType(op.operands[0].type).shape[-1]
    if index == 0 and target.lower().endswith("topk"):  # the largest of more or fewer
        return false[:-1] == true[:-1] and false[-1] >= 2
    return False


def remade(op: ir.Operation, operands: list[ir.Type], results: list[ir.Type]) -> ir.Operation:
    given = ir.Module.create()
    with ir.InsertionPoint(given.body):
        made = [
            ir.Operation.create("builtin.unrealized_conversion_cast", results=[kind]).results[0] for kind in operands
        ]
        attributes = {name: op.attributes[name] for name in op.attributes}
        call = ir.Operation.create(CALL, results=results, operands=made, attributes=attributes)
    KEPT.append(given)
    return call

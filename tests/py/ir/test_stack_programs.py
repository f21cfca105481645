"""``split-stacks`` on random programs: put together again, the parts of the results are the results of the whole stacks."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxlib.mlir import ir
from simulate import Array, Runner, assert_same, make_arguments

from dialects import attributes as names
from dialects.context import make_context
from dialects.ops import main_func
from dialects.signature import attr_dicts
from passes.normalize.fold_slices import FoldSlices
from passes.normalize.normalize import Normalize
from passes.normalize.split_stacks import split_stacks

L = 4
STACK, LAYER, ROW, SCALAR = f"tensor<{L}x3x3xf32>", "tensor<1x3x3xf32>", f"tensor<{L}xf32>", "tensor<f32>"


@dataclass
class Writer:
    """Lines of @main; ``stacks``: values of all layers, ``layers``: of one each."""

    draw: st.DrawFn
    lines: list[str] = field(default_factory=list[str])
    stacks: list[str] = field(default_factory=lambda: ["%w", "%m"])
    layers: list[str] = field(default_factory=lambda: ["%g"])
    scalars: list[str] = field(default_factory=lambda: ["%zero"])

    def say(self, text: str) -> str:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name} = stablehlo.{text}")
        return name

    def stack(self) -> str:
        return self.draw(st.sampled_from(self.stacks))

    def step(self) -> None:
        getattr(self, self.draw(st.sampled_from(STEPS)))()

    def two(self) -> None:
        op = self.draw(st.sampled_from(["add", "multiply", "subtract", "maximum"]))
        self.stacks.append(self.say(f"{op} {self.stack()}, {self.stack()} : {STACK}"))

    def one(self) -> None:
        op = self.draw(st.sampled_from(["tanh", "negate", "optimization_barrier"]))
        self.stacks.append(self.say(f"{op} {self.stack()} : {STACK}"))

    def cut(self) -> None:
        start = self.draw(st.integers(0, L - 1))
        box = f"[{start}:{start + 1}, 0:3, 0:3]"
        self.layers.append(self.say(f"slice {self.stack()} {box} : ({STACK}) -> {LAYER}"))

    def gather(self) -> None:
        pieces = [self.draw(st.sampled_from(self.layers)) for _ in range(L)]
        kinds = ", ".join([LAYER] * L)
        self.stacks.append(self.say(f"concatenate {', '.join(pieces)}, dim = 0 : ({kinds}) -> {STACK}"))

    def pad(self) -> None:
        low = self.draw(st.integers(0, L - 1))
        edges = f"low = [{low}, 0, 0], high = [{L - 1 - low}, 0, 0], interior = [0, 0, 0]"
        self.stacks.append(
            self.say(f"pad {self.draw(st.sampled_from(self.layers))}, %zero, {edges} : ({LAYER}, {SCALAR}) -> {STACK}")
        )

    def norm(self) -> None:
        total = f"reduce({self.stack()} init: %zero) applies stablehlo.add across dimensions = [0, 1, 2] : ({STACK}, {SCALAR})"
        self.scalars.append(self.say(f"{total} -> {SCALAR}"))

    def spread(self) -> None:
        value = self.draw(st.sampled_from(self.scalars))
        self.stacks.append(self.say(f"broadcast_in_dim {value}, dims = [] : ({SCALAR}) -> {STACK}"))

    def per_layer(self) -> None:
        rows = (
            f"reduce({self.stack()} init: %zero) applies stablehlo.add across dimensions = [1, 2] : ({STACK}, {SCALAR})"
        )
        value = self.say(f"{rows} -> {ROW}")
        self.stacks.append(self.say(f"broadcast_in_dim {value}, dims = [0] : ({ROW}) -> {STACK}"))

    def turn(self) -> None:
        self.stacks.append(self.say(f"transpose {self.stack()}, dims = [0, 2, 1] : ({STACK}) -> {STACK}"))

    def product(self) -> None:
        dims = "batching_dims = [0] x [0], contracting_dims = [2] x [1]"
        self.stacks.append(
            self.say(f"dot_general {self.stack()}, {self.stack()}, {dims} : ({STACK}, {STACK}) -> {STACK}")
        )

    def regroup(self) -> None:
        groups = f"tensor<2x{L // 2}x3x3xf32>"
        value = self.say(f"reshape {self.stack()} : ({STACK}) -> {groups}")
        self.stacks.append(self.say(f"reshape {value} : ({groups}) -> {STACK}"))

    def mix(self) -> None:
        self.stacks.append(self.say(f"reverse {self.stack()}, dims = [0] : {STACK}"))


STEPS = [
    *("two", "one", "cut", "gather", "pad", "norm", "spread", "per_layer", "turn", "product"),
    *("two", "two", "cut", "cut", "gather", "regroup"),
]


@st.composite
def programs(draw: st.DrawFn) -> str:
    writer = Writer(draw)
    for start in range(L):
        box = f"[{start}:{start + 1}, 0:3, 0:3]"
        writer.layers.append(writer.say(f"slice %w {box} : ({STACK}) -> {LAYER}"))
    for _ in range(draw(st.integers(1, 14))):
        writer.step()
    if draw(st.integers(0, 5)) == 0:
        writer.mix()
    results = [writer.stacks[-1], writer.stack(), writer.stack(), writer.scalars[-1], writer.layers[-1]]
    body = "\n  ".join(["%zero = stablehlo.constant dense<0.0> : tensor<f32>", *writer.lines])
    kinds = f"{STACK}, {STACK}, {STACK}, {SCALAR}, {LAYER}"
    state = '{mw.role = "state", mw.state_arg = %d : i64}'
    said = f"{STACK} {state % 0}, {STACK} {state % 1}, {STACK}, {SCALAR}, {LAYER}"
    return f"""module {{
func.func @main(%w: {STACK} {{mw.layers = {L} : i64, mw.role = "parameter", mw.state_result = 0 : i64}},
    %m: {STACK} {{mw.role = "optimizer", mw.state_result = 1 : i64}}, %g: {LAYER} {{mw.role = "batch"}}) -> ({said}) {{
  {body}
  return {", ".join(results)} : {kinds}
}}}}"""


def parts(module: ir.Module, which: str) -> list[tuple[int, int, int] | None]:
    found: list[tuple[int, int, int] | None] = []
    for entry in attr_dicts(main_func(module), which):
        of = tuple(ir.DenseI64ArrayAttr(entry[names.PART])) if names.PART in entry else None
        found.append(of)  # type: ignore[arg-type]  # three numbers
    return found


@given(programs())
@settings(max_examples=40, deadline=None)
def test_parts_are_the_whole(text: str) -> None:
    with make_context(), ir.Location.unknown():
        arguments = [array / 4 for array in make_arguments(text, 1)]
        module = ir.Module.parse(text)
        want = Runner(main_func(module)).run(arguments)
        split = split_stacks(module)
        FoldSlices().run(module)
        Normalize().run(module)
        assert module.operation.verify()
        said = parts(module, "arg_attrs")
        whole = any(names.ONE_STACK in entry for entry in attr_dicts(main_func(module), "arg_attrs"))
        assert whole != split
        given_ = [arguments[i] if of is None else arguments[of[0]][of[1] : of[2]] for i, of in enumerate(said)]
        got: dict[int, list[Array]] = {}
        for i, (array, of) in enumerate(
            zip(Runner(main_func(module)).run(given_), parts(module, "res_attrs"), strict=True)
        ):
            got.setdefault(i if of is None else of[0], []).append(array)
        for i, its in enumerate(want):
            assert_same(np.concatenate(got[i]) if got[i][1:] else got[i][0], its, f"result {i}")

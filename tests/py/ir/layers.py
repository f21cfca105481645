"""A step of gradient descent on equal layers, h <- tanh(h w), as text: deep enough to be cut into stages that are all alike."""

ROWS, WIDTH = 16, 32
_H, _W = f"tensor<{ROWS}x{WIDTH}xf32>", f"tensor<{WIDTH}x{WIDTH}xf32>"
_SUM = f"({_H}, tensor<f32>) -> tensor<f32>"


def _dot(name: str, a: str, b: str, dims: tuple[int, int], types: tuple[str, str, str]) -> str:
    contracted = f"contracting_dims = [{dims[0]}] x [{dims[1]}]"
    return f"%{name} = stablehlo.dot_general %{a}, %{b}, {contracted} : ({types[0]}, {types[1]}) -> {types[2]}"


def equal_layers(count: int) -> str:
    """The module of ``count`` layers; its loss is the sum of the squares of what leaves the last."""
    weights = ", ".join(f"%w{i}: {_W} {{tf.aliasing_output = {i} : i32}}" for i in range(count))
    lines = ["%zero = stablehlo.constant dense<0.0> : tensor<f32>", f"%one = stablehlo.constant dense<1.0> : {_H}"]
    lines += [f"%rate = stablehlo.constant dense<0.01> : {_W}"]
    for i in range(count):
        lines += [_dot(f"a{i}", f"h{i}", f"w{i}", (1, 0), (_H, _W, _H)), f"%h{i + 1} = stablehlo.tanh %a{i} : {_H}"]
    lines += [f"%square = stablehlo.multiply %h{count}, %h{count} : {_H}"]
    lines += [
        f"%loss = stablehlo.reduce(%square init: %zero) applies stablehlo.add across dimensions = [0, 1] : {_SUM}",
        f"%d{count} = stablehlo.add %h{count}, %h{count} : {_H}",
    ]
    for i in reversed(range(count)):
        lines += [
            f"%q{i} = stablehlo.multiply %h{i + 1}, %h{i + 1} : {_H}",
            f"%r{i} = stablehlo.subtract %one, %q{i} : {_H}",
            f"%g{i} = stablehlo.multiply %d{i + 1}, %r{i} : {_H}",
            _dot(f"dw{i}", f"h{i}", f"g{i}", (0, 0), (_H, _H, _W)),
            _dot(f"d{i}", f"g{i}", f"w{i}", (1, 1), (_H, _W, _H)),
        ]
    for i in range(count):
        lines += [f"%u{i} = stablehlo.multiply %dw{i}, %rate : {_W}", f"%n{i} = stablehlo.subtract %w{i}, %u{i} : {_W}"]
    results, types = ", ".join(f"%n{i}" for i in range(count)), ", ".join([_W] * count)
    body = "\n    ".join([*lines, f"return {results}, %loss : {types}, tensor<f32>"])
    return f"module @layers {{\n  func.func @main({weights}, %h0: {_H}) -> ({types}, tensor<f32>) {{\n    {body}\n  }}\n}}\n"


def two_branches() -> str:
    """h <- x w, then a <- tanh(h wa) and b <- tanh(h wb), which do not read each other, then y <- tanh(a wo + b)."""
    names = ("w", "wa", "wb", "wo")
    weights = ", ".join(f"%{name}: {_W} {{tf.aliasing_output = {i} : i32}}" for i, name in enumerate(names))
    lines = ["%zero = stablehlo.constant dense<0.0> : tensor<f32>", f"%one = stablehlo.constant dense<1.0> : {_H}"]
    lines += [f"%rate = stablehlo.constant dense<0.01> : {_W}"]
    lines += [_dot("h", "x", "w", (1, 0), (_H, _W, _H))]
    for out, source, weight in (("a", "h", "wa"), ("b", "h", "wb")):
        lines += [_dot(f"p{out}", source, weight, (1, 0), (_H, _W, _H)), f"%{out} = stablehlo.tanh %p{out} : {_H}"]
    lines += [_dot("s", "a", "wo", (1, 0), (_H, _W, _H)), f"%py = stablehlo.add %s, %b : {_H}"]
    lines += [f"%y = stablehlo.tanh %py : {_H}", f"%square = stablehlo.multiply %y, %y : {_H}"]
    lines += [
        f"%loss = stablehlo.reduce(%square init: %zero) applies stablehlo.add across dimensions = [0, 1] : {_SUM}"
    ]
    lines += [f"%dy = stablehlo.add %y, %y : {_H}"]
    lines += [*_gradient("y", "dy"), _dot("dwo", "a", "gy", (0, 0), (_H, _H, _W))]
    lines += [_dot("ds", "gy", "wo", (1, 1), (_H, _W, _H))]
    for branch, back in (("b", "gy"), ("a", "ds")):
        lines += [*_gradient(branch, back), _dot(f"dw{branch}", "h", f"g{branch}", (0, 0), (_H, _H, _W))]
        lines += [_dot(f"dh{branch}", f"g{branch}", f"w{branch}", (1, 1), (_H, _W, _H))]
    lines += [f"%dh = stablehlo.add %dha, %dhb : {_H}", _dot("dw", "x", "dh", (0, 0), (_H, _H, _W))]
    for name in names:
        lines += [f"%u{name} = stablehlo.multiply %d{name}, %rate : {_W}"]
        lines += [f"%n{name} = stablehlo.subtract %{name}, %u{name} : {_W}"]
    results, types = ", ".join(f"%n{name}" for name in names), ", ".join([_W] * 4)
    body = "\n    ".join([*lines, f"return {results}, %loss : {types}, tensor<f32>"])
    return f"module @branches {{\n  func.func @main({weights}, %x: {_H}) -> ({types}, tensor<f32>) {{\n    {body}\n  }}\n}}\n"


def _gradient(out: str, given: str) -> list[str]:
    """%g<out>: through the tanh that gave ``out``."""
    return [
        f"%q{out} = stablehlo.multiply %{out}, %{out} : {_H}",
        f"%r{out} = stablehlo.subtract %one, %q{out} : {_H}",
        f"%g{out} = stablehlo.multiply %{given}, %r{out} : {_H}",
    ]

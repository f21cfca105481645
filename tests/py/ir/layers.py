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

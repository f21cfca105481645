"""Programs of one windowed op, with the dims of its operand that 2 and 4 devices can split where windows slide along them."""

from dataclasses import dataclass

from op_cases import Case, case

SUM = "%s = h.add %p, %q : [f32]\nh.return %s : [f32]"
MAX = "%s = h.maximum %p, %q : [f32]\nh.return %s : [f32]"
_MIN_I32 = "%s = h.minimum %p, %q : [i32]\nh.return %s : [i32]"


@dataclass(frozen=True)
class Slid:
    """``case`` has one op that matters; ``on``: parts -> the dims of its first operand that windows slide along and split so."""

    case: Case
    on: dict[int, tuple[int, ...]]


def _slid(item: Case, two: tuple[int, ...], four: tuple[int, ...]) -> Slid:
    return Slid(item, {2: two, 4: four})


def _conv(name: str, left: str, right: str, result: str, numbers: str, window: str, groups: str = "1, 1") -> Case:
    features, batch = groups.split(", ")
    body = (
        f"%y = h.convolution(%x, %w) dim_numbers = {numbers}, window = {{{window}}} "
        f"{{batch_group_count = {batch} : i64, feature_group_count = {features} : i64}} : ([{left}], [{right}]) -> [{result}]"
    )
    return case(name, "equal", f"x:{left} w:{right}", body, f"y:{result}")


def _convolutions() -> list[Slid]:
    plain, image = "[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]", "2x8x16x3xf32"
    kernels = "[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]"
    same, line = "pad = [[1, 1], [1, 1]]", "[b, 0, f]x[0, i, o]->[b, 0, f]"
    volume = "[b, 0, 1, 2, f]x[0, 1, 2, i, o]->[b, 0, 1, 2, f]"
    both = (1, 2), (1, 2)
    return [
        _slid(_conv("same", image, "3x3x3x5xf32", "2x8x16x5xf32", plain, same), *both),
        _slid(_conv("no_padding", image, "3x3x3x5xf32", "2x6x14x5xf32", plain, ""), (), ()),
        _slid(_conv("one_by_one", image, "1x1x3x5xf32", "2x8x16x5xf32", plain, ""), *both),
        _slid(_conv("wide_kernel", image, "5x7x3x5xf32", "2x8x16x5xf32", plain, "pad = [[2, 2], [3, 3]]"), *both),
        _slid(_conv("too_wide", image, "7x3x3x5xf32", "2x8x16x5xf32", plain, "pad = [[3, 3], [1, 1]]"), (1, 2), (2,)),
        _slid(_conv("causal", image, "3x3x3x5xf32", "2x8x16x5xf32", plain, "pad = [[2, 0], [0, 2]]"), *both),
        _slid(
            _conv("strided", image, "3x3x3x5xf32", "2x4x8x5xf32", plain, "stride = [2, 2], pad = [[0, 1], [1, 1]]"), *both
        ),
        _slid(_conv("strided_one_by_one", image, "1x1x3x5xf32", "2x4x8x5xf32", plain, "stride = [2, 2]"), *both),
        _slid(
            _conv("stem", "2x16x16x3xf32", "7x7x3x5xf32", "2x8x8x5xf32", plain, "stride = [2, 2], pad = [[3, 3], [2, 3]]"),
            *both,
        ),
        _slid(
            _conv("patches", "2x16x16x3xf32", "4x4x3x5xf32", "2x4x4x5xf32", plain, "stride = [4, 4]"), *both
        ),
        _slid(
            _conv("dilated", image, "3x3x3x5xf32", "2x8x16x5xf32", plain, "pad = [[2, 2], [2, 2]], rhs_dilate = [2, 2]"), *both
        ),
        _slid(_conv("turned", image, "3x3x3x5xf32", "2x8x16x5xf32", plain, f"{same}, reverse = [true, true]"), *both),
        _slid(_conv("cut", image, "2x1x3x5xf32", "2x8x16x5xf32", plain, "pad = [[-1, 2], [1, -1]]"), *both),
        _slid(_conv("groups", "2x8x16x4xf32", "3x3x2x6xf32", "2x8x16x6xf32", plain, same, "2, 1"), *both),
        _slid(_conv("batch_groups", "4x8x16x3xf32", "3x3x3x6xf32", "2x8x16x6xf32", plain, same, "1, 2"), *both),
        _slid(
            _conv(
                "input_gradient", "2x4x8x5xf32", "3x3x3x5xf32", "2x8x16x3xf32", "[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]",
                "pad = [[2, 1], [1, 2]], lhs_dilate = [2, 2], reverse = [true, true]",
            ),
            *both,
        ),
        _slid(
            _conv(
                "input_gradient_one_by_one", "2x4x8x5xf32", "1x1x3x5xf32", "2x8x16x3xf32",
                "[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]", "pad = [[0, 1], [0, 1]], lhs_dilate = [2, 2]",
            ),
            *both,
        ),
        _slid(_conv("kernel_gradient", image, "2x8x16x5xf32", "3x3x3x5xf32", kernels, same), *both),
        _slid(
            _conv(
                "kernel_gradient_strided", image, "2x4x8x5xf32", "3x3x3x5xf32", kernels,
                "pad = [[0, 1], [0, 1]], rhs_dilate = [2, 2]",
            ),
            *both,
        ),
        _slid(
            _conv("kernel_gradient_dilated", image, "2x8x16x5xf32", "3x3x3x5xf32", kernels,
                  "stride = [2, 2], pad = [[2, 2], [2, 2]]"),
            *both,
        ),
        _slid(
            _conv("kernel_gradient_turned", image, "2x8x16x5xf32", "3x3x3x5xf32", kernels, f"{same}, reverse = [true, false]"),
            (2,), (2,),
        ),
        _slid(_conv("kernel_gradient_groups", "2x8x16x4xf32", "2x8x16x6xf32", "3x3x2x6xf32", kernels, same, "1, 2"), *both),
        _slid(_conv("whole_window", image, "8x16x3x5xf32", "2x1x1x5xf32", plain, ""), *both),
        _slid(_conv("line", "2x16x3xf32", "5x3x5xf32", "2x16x5xf32", line, "pad = [[2, 2]]"), (1,), (1,)),
        _slid(_conv("line_upsampled", "2x8x3xf32", "4x3x5xf32", "2x16x5xf32", line, "pad = [[2, 2]], lhs_dilate = [2]"), (1,), (1,)),
        _slid(
            _conv("volume", "2x8x4x8x3xf32", "3x3x3x3x5xf32", "2x8x4x8x5xf32", volume, "pad = [[1, 1], [1, 1], [1, 1]]"),
            (1, 2, 3), (1, 2, 3),
        ),
        _slid(
            _conv("images_of_bf16", "2x8x16x3xbf16", "3x3x3x5xbf16", "2x8x16x5xbf16", plain, same), *both
        ),
    ]  # fmt: skip


def _pool(
    name: str, source: str, result: str, window: str, init: str = "0.0", body: str = SUM, element: str = "f32"
) -> Case:
    return case(
        name,
        "equal",
        f"x:{source}x{element}",
        f"%i = h.constant dense<{init}> : [{element}]\n"
        f'%y = "h.reduce_window"(%x, %i) <{{{window}}}> ({{\n^bb0(%p: [{element}], %q: [{element}]):\n{body}\n}}) '
        f": ([{source}x{element}], [{element}]) -> [{result}x{element}]",
        f"y:{result}x{element}",
    )


def _sizes(sizes: str, strides: str, padding: str = "0", more: str = "") -> str:
    rank = sizes.count(",") + 1
    return (
        f"window_dimensions = array<i64: {sizes}>, window_strides = array<i64: {strides}>, "
        f"padding = dense<{padding}> : tensor<{rank}x2xi64>{more}"
    )


def _pools() -> list[Slid]:
    image, half, lowest = "2x8x16x3", "2x4x8x3", "0xFF800000"
    edge, ones = "[[0, 0], [1, 1], [1, 1], [0, 0]]", "1, 1, 1, 1"
    both = (1, 2), (1, 2)
    return [
        _slid(_pool("max_pool", image, half, _sizes("1, 2, 2, 1", "1, 2, 2, 1"), lowest, MAX), *both),
        _slid(
            _pool("max_pool_overlapping", image, half, _sizes("1, 3, 3, 1", "1, 2, 2, 1", "[[0, 0], [0, 1], [1, 0], [0, 0]]"), lowest, MAX),
            *both,
        ),
        _slid(_pool("max_pool_in_place", image, image, _sizes("1, 3, 3, 1", ones, edge), lowest, MAX), *both),
        _slid(_pool("max_pool_of_a_start", image, image, _sizes("1, 3, 3, 1", ones, edge), "0.5", MAX), *both),
        _slid(_pool("min_pool_i32", image, image, _sizes("1, 3, 3, 1", ones, edge), "2", _MIN_I32, "i32"), *both),
        _slid(_pool("average_pool", image, half, _sizes("1, 2, 2, 1", "1, 2, 2, 1")), *both),
        _slid(_pool("average_pool_overlapping", image, image, _sizes("1, 3, 3, 1", ones, edge)), *both),
        _slid(
            _pool("average_pool_gradient", half, image, _sizes("1, 2, 2, 1", ones, "[[0, 0], [1, 1], [1, 1], [0, 0]]", ", base_dilations = array<i64: 1, 2, 2, 1>")),
            *both,
        ),
        _slid(
            _pool("dilated_pool", image, image, _sizes("1, 3, 2, 1", ones, "[[0, 0], [2, 2], [0, 2], [0, 0]]", ", window_dilations = array<i64: 1, 2, 2, 1>")),
            *both,
        ),
        _slid(_pool("no_padding_pool", image, "2x6x14x3", _sizes("1, 3, 3, 1", ones)), (), ()),
        _slid(_pool("running_sum", "2x8", "2x8", _sizes("1, 8", "1, 1", "[[0, 0], [7, 0]]")), (), ()),
        _slid(_pool("shifted", "2x8", "2x8", _sizes("1, 1", "1, 1", "[[0, 0], [1, -1]]")), (1,), (1,)),
        _slid(_pool("line_pool", "2x16x3", "2x8x3", _sizes("1, 3, 1", "1, 2, 1", "[[0, 0], [1, 1], [0, 0]]")), (1,), (1,)),
        _slid(
            _pool("volume_pool", "2x8x4x8x3", "2x4x4x4x3", _sizes("1, 3, 3, 3, 1", "1, 2, 1, 2, 1", "[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]"), lowest, MAX),
            (1, 2, 3), (1, 2, 3),
        ),
        _slid(_two_pools(), *both),
    ]  # fmt: skip


def _two_pools() -> Case:
    """One op that reduces two operands, with other initial values."""
    kind = "2x8x16x3xf32"
    window = _sizes("1, 3, 3, 1", "1, 1, 1, 1", "[[0, 0], [1, 1], [1, 1], [0, 0]]")
    return case(
        "two_pools",
        "equal",
        f"x:{kind} z:{kind}",
        "%i = h.constant dense<0.0> : [f32]\n%j = h.constant dense<0xFF800000> : [f32]\n"
        f'%y:2 = "h.reduce_window"(%x, %z, %i, %j) <{{{window}}}> ({{\n'
        "^bb0(%p: [f32], %q: [f32], %r: [f32], %t: [f32]):\n%s = h.add %p, %r : [f32]\n%u = h.maximum %q, %t : [f32]\n"
        f"h.return %s, %u : [f32], [f32]\n}}) : ([{kind}], [{kind}], [f32], [f32]) -> ([{kind}], [{kind}])",
        f"y#0:{kind} y#1:{kind}",
    )


def picked(name: str, source: str, small: str, window: str, direction: str = "GE") -> Case:
    """The gradient of a pooling."""
    return case(
        name,
        "equal",
        f"x:{source}xf32 u:{small}xf32",
        "%z = h.constant dense<0.0> : [f32]\n"
        f'%y = "h.select_and_scatter"(%x, %u, %z) <{{{window}}}> ({{\n'
        f"^bb0(%p: [f32], %q: [f32]):\n%c = h.compare {direction}, %p, %q : ([f32], [f32]) -> [i1]\nh.return %c : [i1]\n}}, {{\n"
        f"^bb0(%p: [f32], %q: [f32]):\n{SUM}\n}}) : ([{source}xf32], [{small}xf32], [f32]) -> [{source}xf32]",
        f"y:{source}xf32",
    )


def _gradients_of_max_pools() -> list[Slid]:
    image, half = "2x8x16x3", "2x4x8x3"
    both = (1, 2), (1, 2)
    return [
        _slid(picked("max_pool_gradient", image, half, _sizes("1, 2, 2, 1", "1, 2, 2, 1")), *both),
        _slid(
            picked(
                "max_pool_gradient_overlapping",
                image,
                half,
                _sizes("1, 3, 3, 1", "1, 2, 2, 1", "[[0, 0], [0, 1], [1, 0], [0, 0]]"),
            ),
            *both,
        ),
        _slid(
            picked(
                "max_pool_gradient_in_place",
                image,
                image,
                _sizes("1, 3, 3, 1", "1, 1, 1, 1", "[[0, 0], [1, 1], [1, 1], [0, 0]]"),
            ),
            *both,
        ),
        _slid(
            picked(
                "max_pool_gradient_wide", "2x16x8", "2x4x8", _sizes("1, 7, 1", "1, 4, 1", "[[0, 0], [2, 1], [0, 0]]")
            ),
            (1,),
            (),
        ),
        _slid(
            picked(
                "min_pool_gradient",
                image,
                half,
                _sizes("1, 3, 3, 1", "1, 2, 2, 1", "[[0, 0], [1, 0], [0, 1], [0, 0]]"),
                "LE",
            ),
            *both,
        ),
        _slid(picked("max_pool_gradient_apart", image, half, _sizes("1, 1, 2, 1", "1, 2, 2, 1")), *both),
    ]


CASES = [*_convolutions(), *_pools(), *_gradients_of_max_pools()]

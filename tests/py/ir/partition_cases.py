"""Programs for ``partition``, with dims that 2, 4 and 8 devices divide: products, convolutions, and all that finds its place by indices."""

from op_cases import Case, case

_ADD = "%s = h.add %p, %q : [f32]\nh.return %s : [f32]"
_SET = "h.return %q : [f32]"
_MAX = "%s = h.maximum %p, %q : [f32]\nh.return %s : [f32]"
# 0..3 becomes -4, 1, 6, 11: in front of, inside of and behind a dim of 8
_WILD = """
%five = h.constant dense<5> : [{shape}x{element}]
%four = h.constant dense<4> : [{shape}x{element}]
%i5 = h.multiply %k, %five : [{shape}x{element}]
%i = h.subtract %i5, %four : [{shape}x{element}]
"""


def _wild(shape: str, element: str = "i32") -> str:
    return _WILD.format(shape=shape, element=element)


def _gather(operand: str, indices: str, result: str, numbers: str, sizes: str) -> str:
    return (
        f'%y = "h.gather"(%x, %i) <{{dimension_numbers = #stablehlo.gather<{numbers}>, slice_sizes = array<i64: {sizes}>, '
        f"indices_are_sorted = false}}> : ([{operand}], [{indices}]) -> [{result}]"
    )


def _scatter(operand: str, indices: str, updates: str, numbers: str, body: str = _ADD) -> str:
    return (
        f'%y = "h.scatter"(%x, %i, %u) <{{scatter_dimension_numbers = #stablehlo.scatter<{numbers}>}}> ({{\n'
        f"^bb0(%p: [f32], %q: [f32]):\n{body}\n}}) : ([{operand}], [{indices}], [{updates}]) -> [{operand}]"
    )


def _convolution(left: str, right: str, result: str, numbers: str, window: str, groups: str = "1, 1") -> str:
    features, batch = groups.split(", ")
    return (
        f"%y = h.convolution(%x, %w) dim_numbers = {numbers}, window = {{{window}}} "
        f"{{batch_group_count = {batch} : i64, feature_group_count = {features} : i64}} : ([{left}], [{right}]) -> [{result}]"
    )


def _products() -> list[Case]:
    dot = "h.dot_general"
    return [
        case(
            "matmul",
            "equal",
            "x:8x16xf32 w:16x8xf32",
            f"%y = {dot} %x, %w, contracting_dims = [1] x [0] : ([8x16xf32], [16x8xf32]) -> [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "batched_matmul",
            "equal",
            "x:4x8x8xf32 w:4x8x8xf32",
            f"%y = {dot} %x, %w, batching_dims = [0] x [0], contracting_dims = [2] x [1] : ([4x8x8xf32], [4x8x8xf32]) -> [4x8x8xf32]",
            "y:4x8x8xf32",
        ),
        case(
            "matmul_two_contractions",
            "equal",
            "x:8x4x8xf32 w:4x8x8xf32",
            f"%y = {dot} %x, %w, contracting_dims = [1, 2] x [0, 1] : ([8x4x8xf32], [4x8x8xf32]) -> [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "matmul_bf16",
            "equal",
            "x:8x16xbf16 w:16x8xbf16",
            f"%y = {dot} %x, %w, contracting_dims = [1] x [0] : ([8x16xbf16], [16x8xbf16]) -> [8x8xbf16]",
            "y:8x8xbf16",
        ),
        case(
            "matmul_i8_to_i32",
            "equal",
            "x:8x16xi8 w:16x8xi8",
            f"%y = {dot} %x, %w, contracting_dims = [1] x [0] : ([8x16xi8], [16x8xi8]) -> [8x8xi32]",
            "y:8x8xi32",
        ),
        case(
            "two_layers",
            "equal",
            "x:8x8xf32 w:8x16xf32 v:16x8xf32",
            f"%h = {dot} %x, %w, contracting_dims = [1] x [0] : ([8x8xf32], [8x16xf32]) -> [8x16xf32]\n"
            "%a = h.tanh %h : [8x16xf32]\n"
            f"%y = {dot} %a, %v, contracting_dims = [1] x [0] : ([8x16xf32], [16x8xf32]) -> [8x8xf32]",
            "y:8x8xf32 h:8x16xf32",
        ),
        case(
            "linear_chain",
            "equal",
            "x:8x16xf32 w:16x8xf32 b:8x8xf32",
            f"%d = {dot} %x, %w, contracting_dims = [1] x [0] : ([8x16xf32], [16x8xf32]) -> [8x8xf32]\n"
            "%n = h.negate %d : [8x8xf32]\n%t = h.transpose %n, dims = [1, 0] : ([8x8xf32]) -> [8x8xf32]\n"
            "%m = h.multiply %t, %b : [8x8xf32]\n%s = h.subtract %m, %d : [8x8xf32]\n"
            "%r = h.reshape %s : ([8x8xf32]) -> [4x2x8xf32]\n%c = h.convert %r : ([4x2x8xf32]) -> [4x2x8xf32]\n"
            "%z = h.constant dense<0.0> : [f32]\n%y = h.reduce(%c init: %z) applies h.add across dimensions = [1] : ([4x2x8xf32], [f32]) -> [4x8xf32]",
            "y:4x8xf32",
        ),
    ]


def _convolutions() -> list[Case]:
    image, pad = "8x8x8x4xf32", "pad = [[1, 1], [1, 1]]"
    plain = "[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]"
    found = [
        ("convolution", image, "3x3x4x8xf32", "8x8x8x8xf32", plain, pad, "1, 1"),
        ("convolution_strided", image, "3x3x4x8xf32", "8x4x4x8xf32", plain, "stride = [2, 2], pad = [[0, 1], [0, 1]]", "1, 1"),
        ("convolution_1x1", image, "1x1x4x8xf32", "8x8x8x8xf32", plain, "pad = [[0, 0], [0, 0]]", "1, 1"),
        ("convolution_groups", image, "3x3x2x8xf32", "8x8x8x8xf32", plain, pad, "2, 1"),
        ("convolution_depthwise", image, "3x3x1x8xf32", "8x8x8x8xf32", plain, pad, "4, 1"),
        ("convolution_batch_groups", image, "3x3x4x8xf32", "4x8x8x8xf32", plain, pad, "1, 2"),
        ("convolution_batch_groups_all", image, "3x3x4x8xf32", "2x8x8x8xf32", plain, pad, "1, 4"),
        ("convolution_kernel_gradient", image, "8x8x8x8xf32", "3x3x4x8xf32", "[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]", pad, "1, 1"),
        ("convolution_input_gradient", "8x4x4x8xf32", "3x3x4x8xf32", image, "[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]",
         "pad = [[2, 1], [2, 1]], lhs_dilate = [2, 2], reverse = [true, true]", "1, 1"),
        ("convolution_1d", "8x8x4xf32", "5x4x8xf32", "8x8x8xf32", "[b, 0, f]x[0, i, o]->[b, 0, f]", "pad = [[2, 2]]", "1, 1"),
        ("convolution_1d_dilated", "8x8x4xf32", "3x4x8xf32", "8x8x8xf32", "[b, 0, f]x[0, i, o]->[b, 0, f]", "pad = [[2, 2]], rhs_dilate = [2]", "1, 1"),
    ]  # fmt: skip
    return [
        case(
            name,
            "equal",
            f"x:{left} w:{right}",
            _convolution(left, right, result, numbers, window, groups),
            f"y:{result}",
        )
        for name, left, right, result, numbers, window, groups in found
    ]


def _gathers() -> list[Case]:
    rows = "offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2"
    pairs = "offset_dims = [1], collapsed_slice_dims = [0, 1], start_index_map = [1, 0], index_vector_dim = 1"
    batched = (
        "offset_dims = [2], collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], "
        "start_index_map = [1], index_vector_dim = 2"
    )
    found = [
        ("embedding", "8x16xf32", "4x8", "i32", "4x8x1", "4x8x16xf32", rows, "1, 16"),
        ("embedding_no_vector", "8x16xf32", "4x8", "i32", "4x8", "4x8x16xf32", rows, "1, 16"),
        ("embedding_i64", "8x16xf32", "4x8", "i64", "4x8", "4x8x16xf32", rows, "1, 16"),
        ("embedding_i8", "8x16xf32", "4x8", "i8", "4x8", "4x8x16xf32", rows, "1, 16"),
        ("embedding_of_integers", "8x16xi8", "4x8", "i32", "4x8", "4x8x16xi8", rows, "1, 16"),
        ("embedding_of_booleans", "8x16xi1", "4x8", "i32", "4x8", "4x8x16xi1", rows, "1, 16"),
        ("embedding_bf16", "8x16xbf16", "4x8", "i32", "4x8", "4x8x16xbf16", rows, "1, 16"),
        ("gather_pairs", "8x8x16xf32", "8x2", "i32", "8x2", "8x16xf32", pairs, "1, 1, 16"),
        ("gather_batched", "4x8x16xf32", "4x8", "i32", "4x8x1", "4x8x16xf32", batched, "1, 1, 16"),
        ("gather_one_kept", "8x16xf32", "8x1", "i32", "8x1", "8x1x16xf32", "offset_dims = [1, 2], start_index_map = [0], index_vector_dim = 1", "1, 16"),
        ("gather_window", "8x16xf32", "8x1", "i32", "8x1", "8x3x16xf32", "offset_dims = [1, 2], start_index_map = [0], index_vector_dim = 1", "3, 16"),
        ("gather_whole_window", "8x16xf32", "8x1", "i32", "8x1", "8x8x16xf32", "offset_dims = [1, 2], start_index_map = [1], index_vector_dim = 1", "8, 16"),
    ]  # fmt: skip
    return [
        case(
            name,
            "equal",
            f"x:{operand} k:{given}x{element}",
            _wild(given, element)
            + (f"%j = h.reshape %i : ([{given}x{element}]) -> [{indices}x{element}]\n" if given != indices else "")
            + _gather(operand, f"{indices}x{element}", result, numbers, sizes).replace("%i)", "%j)" if given != indices else "%i)"),
            f"y:{result}",
        )
        for name, operand, given, element, indices, result, numbers, sizes in found
    ]  # fmt: skip


def _scatters() -> list[Case]:
    rows = (
        "update_window_dims = [2], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 2"
    )
    pairs = "update_window_dims = [1], inserted_window_dims = [0, 1], scatter_dims_to_operand_dims = [1, 0], index_vector_dim = 1"
    window = "update_window_dims = [1, 2], scatter_dims_to_operand_dims = [0], index_vector_dim = 1"
    batched = (
        "update_window_dims = [2], inserted_window_dims = [1], input_batching_dims = [0], scatter_indices_batching_dims = [0], "
        "scatter_dims_to_operand_dims = [1], index_vector_dim = 2"
    )
    one = (
        "update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1"
    )
    found = [
        ("scatter_add", "8x16xf32", "4x8", "i32", "4x8x16xf32", rows, _ADD),
        ("scatter_add_i8", "8x16xf32", "4x8", "i8", "4x8x16xf32", rows, _ADD),
        ("scatter_add_i64", "8x16xf32", "4x8", "i64", "4x8x16xf32", rows, _ADD),
        ("scatter_max", "8x16xf32", "4x8", "i32", "4x8x16xf32", rows, _MAX),
        ("scatter_set", "8x16xf32", "1", "i32", "1x16xf32", one, _SET),
        ("scatter_pairs", "8x8x16xf32", "8x2", "i32", "8x16xf32", pairs, _ADD),
        ("scatter_window", "8x16xf32", "8x1", "i32", "8x3x16xf32", window, _ADD),
        ("scatter_batched", "4x8x16xf32", "4x8", "i32", "4x8x16xf32", batched, _ADD),
    ]
    return [
        case(
            name,
            "equal",
            f"x:{operand} k:{indices}x{element} u:{updates}",
            _wild(indices, element) + _scatter(operand, f"{indices}x{element}", updates, numbers, body),
            f"y:{operand}",
        )
        for name, operand, indices, element, updates, numbers, body in found
    ]


def _updates() -> list[Case]:
    found: list[Case] = []
    for element in ("i32", "i64", "ui32", "i8"):
        wild = _wild("1", element).replace("h.subtract", "h.subtract" if element != "ui32" else "h.add")
        found.append(
            case(
                f"cache_{element}",
                "equal",
                f"x:8x8x4xf32 u:8x2x4xf32 k:1x{element}",
                f"{wild}\n%j = h.reshape %i : ([1x{element}]) -> [{element}]\n%o = h.constant dense<0> : [{element}]\n"
                f"%y = h.dynamic_update_slice %x, %u, %o, %j, %o : ([8x8x4xf32], [8x2x4xf32], [{element}], [{element}], [{element}]) -> [8x8x4xf32]",
                "y:8x8x4xf32",
            )
        )
    found.append(
        case(
            "patch",
            "equal",
            "x:8x8xf32 u:3x5xf32 a:i32 b:i32",
            "%y = h.dynamic_update_slice %x, %u, %a, %b : ([8x8xf32], [3x5xf32], [i32], [i32]) -> [8x8xf32]",
            "y:8x8xf32",
        )
    )
    return found


def _others() -> list[Case]:
    return [
        case(
            "iotas",
            "equal",
            "x:8x8xf32",
            "%a = h.iota dim = 0 : [8x8xf32]\n%b = h.iota dim = 1 : [8x8xi8]\n%c = h.convert %b : ([8x8xi8]) -> [8x8xf32]\n"
            "%d = h.iota dim = 0 : [16xbf16]\n%e = h.iota dim = 0 : [8xcomplex<f32>]\n%f = h.real %e : ([8xcomplex<f32>]) -> [8xf32]\n"
            "%s = h.add %a, %c : [8x8xf32]\n%y = h.multiply %s, %x : [8x8xf32]",
            "y:8x8xf32 d:16xbf16 f:8xf32 a:8x8xf32",
        ),
        case(
            "constants",
            "equal",
            "x:2x4xf32",
            "%a = h.constant dense<[[1., 2., 3., 4.], [5., 6., 7., 8.]]> : [2x4xf32]\n%b = h.constant dense<3.0> : [2x4xf32]\n"
            "%c = h.constant dense<[true, false, true, true]> : [4xi1]\n%d = h.constant dense<(1.0, 2.0)> : [4xcomplex<f32>]\n"
            "%s = h.add %a, %b : [2x4xf32]\n%y = h.multiply %s, %x : [2x4xf32]",
            "y:2x4xf32 a:2x4xf32 b:2x4xf32 c:4xi1 d:4xcomplex<f32>",
        ),
        case(
            "loop_with_accumulator",
            "equal",
            "x:8x8xf32 w:8x8xf32 n:i32",
            "%z = h.constant dense<0.0> : [8x8xf32]\n%o = h.constant dense<0> : [i32]\n%one = h.constant dense<1> : [i32]\n%four = h.constant dense<4> : [i32]\n"
            "%r:3 = h.while(%a = %z, %b = %x, %i = %o) : [8x8xf32], [8x8xf32], [i32] cond {\n"
            "%c = h.compare LT, %i, %four : ([i32], [i32]) -> [i1]\nh.return %c : [i1]\n} do {\n"
            "%d = h.dot_general %b, %w, contracting_dims = [1] x [0] : ([8x8xf32], [8x8xf32]) -> [8x8xf32]\n"
            "%t = h.tanh %d : [8x8xf32]\n%s = h.add %a, %d : [8x8xf32]\n%j = h.add %i, %one : [i32]\n"
            "h.return %s, %t, %j : [8x8xf32], [8x8xf32], [i32]\n}\n%y = h.negate %r#0 : [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "branches",
            "equal",
            "x:8x8xf32 w:8x8xf32 n:i32",
            '%y = "h.case"(%n) ({\n%d = h.dot_general %x, %w, contracting_dims = [1] x [0] : ([8x8xf32], [8x8xf32]) -> [8x8xf32]\nh.return %d : [8x8xf32]\n},'
            "{\n%e = h.add %x, %w : [8x8xf32]\nh.return %e : [8x8xf32]\n}, {\nh.return %x : [8x8xf32]\n}) : ([i32]) -> [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "reshapes",
            "equal",
            "x:8x16xf32",
            "%a = h.reshape %x : ([8x16xf32]) -> [2x4x16xf32]\n%b = h.reshape %a : ([2x4x16xf32]) -> [2x64xf32]\n"
            "%c = h.reshape %b : ([2x64xf32]) -> [4x2x4x4xf32]\n%t = h.transpose %c, dims = [2, 0, 3, 1] : ([4x2x4x4xf32]) -> [4x4x4x2xf32]\n"
            "%y = h.reshape %t : ([4x4x4x2xf32]) -> [16x8xf32]",
            "y:16x8xf32",
        ),
        case(
            "select_and_scatter_images",
            "equal",
            "x:8x8x8x4xf32 u:8x4x4x4xf32",
            "%z = h.constant dense<0.0> : [f32]\n"
            '%y = "h.select_and_scatter"(%x, %u, %z) <{window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({\n'
            "^bb0(%p: [f32], %q: [f32]):\n%c = h.compare GE, %p, %q : ([f32], [f32]) -> [i1]\nh.return %c : [i1]\n}, {\n"
            f"^bb0(%p: [f32], %q: [f32]):\n{_ADD}\n}}) : ([8x8x8x4xf32], [8x4x4x4xf32], [f32]) -> [8x8x8x4xf32]",
            "y:8x8x8x4xf32",
        ),
        case(
            "pooling",
            "equal",
            "x:8x8x8x4xf32",
            "%z = h.constant dense<0xFF800000> : [f32]\n"
            '%y = "h.reduce_window"(%x, %z) <{window_dimensions = array<i64: 1, 3, 3, 1>, window_strides = array<i64: 1, 2, 2, 1>, '
            "padding = dense<[[0, 0], [0, 1], [0, 1], [0, 0]]> : tensor<4x2xi64>}> ({\n"
            f"^bb0(%p: [f32], %q: [f32]):\n{_MAX}\n}}) : ([8x8x8x4xf32], [f32]) -> [8x4x4x4xf32]",
            "y:8x4x4x4xf32",
        ),
    ]


CASES = [*_products(), *_convolutions(), *_gathers(), *_scatters(), *_updates(), *_others()]

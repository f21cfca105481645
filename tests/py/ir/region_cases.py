"""More of ``op_cases``: matmuls, convolutions, gathers and scatters, loops and branches, linear algebra, random numbers."""

from op_cases import Case, _sum, case

X = "x:8x4xf32*"


def _dots() -> list[Case]:
    return [
        case(
            "dot_batch_free",
            "equal",
            "x:8x4xf32* w:4x3xf32",
            "%y = h.dot_general %x, %w, contracting_dims = [1] x [0] : ([8x4xf32], [4x3xf32]) -> [8x3xf32]",
            "y:8x3xf32",
        ),
        case(
            "dot_batch_free_right",
            "equal",
            "x:8x4xf32* w:4x3xf32",
            "%y = h.dot_general %w, %x, contracting_dims = [0] x [1] : ([4x3xf32], [8x4xf32]) -> [3x8xf32]",
            "y:3x8xf32",
        ),
        case(
            "dot_batch_batching",
            "equal",
            "x:8x4xf32* z:8x4x3xf32*",
            "%y = h.dot_general %x, %z, batching_dims = [0] x [0], contracting_dims = [1] x [1] : ([8x4xf32], [8x4x3xf32]) -> [8x3xf32]",
            "y:8x3xf32",
        ),
        case(
            "dot_batch_batching_whole",
            "equal",
            "x:8x4xf32* w:8x4x3xf32",
            "%y = h.dot_general %x, %w, batching_dims = [0] x [0], contracting_dims = [1] x [1] : ([8x4xf32], [8x4x3xf32]) -> [8x3xf32]",
            "y:8x3xf32",
        ),
        case(
            "dot_batch_contracted",
            "equal",
            "x:8x4xf32* z:8x3xf32*",
            "%y = h.dot_general %x, %z, contracting_dims = [0] x [0] : ([8x4xf32], [8x3xf32]) -> [4x3xf32]",
            "y:4x3xf32",
        ),
        case(
            "dot_batch_contracted_whole",
            "equal",
            "x:8x4xf32* w:8x3xf32",
            "%y = h.dot_general %x, %w, contracting_dims = [0] x [0] : ([8x4xf32], [8x3xf32]) -> [4x3xf32]",
            "y:4x3xf32",
        ),
        case(
            "dot_bf16_contracted",
            "equal",
            "x:8x4xbf16* z:8x3xbf16*",
            "%y = h.dot_general %x, %z, contracting_dims = [0] x [0] : ([8x4xbf16], [8x3xbf16]) -> [4x3xbf16]",
            "y:4x3xbf16",
        ),
        case(
            "dot_i8_contracted",
            "equal",
            "x:8x4xi8* z:8x3xi8*",
            "%y = h.dot_general %x, %z, contracting_dims = [0] x [0] : ([8x4xi8], [8x3xi8]) -> [4x3xi32]",
            "y:4x3xi32",
        ),
        case(
            "dot_complex_contracted",
            "equal",
            "x:8x4xcomplex<f32>* z:8x3xcomplex<f32>*",
            "%y = h.dot_general %x, %z, contracting_dims = [0] x [0] : ([8x4xcomplex<f32>], [8x3xcomplex<f32>]) -> [4x3xcomplex<f32>]",
            "y:4x3xcomplex<f32>",
        ),
        case(
            "dot_both_free",
            "equal",
            "x:8x4xf32* z:8x4xf32*",
            "%y = h.dot_general %x, %z, contracting_dims = [1] x [1] : ([8x4xf32], [8x4xf32]) -> [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "dot_both_free_same",
            "equal",
            "x:8x4xf32*",
            "%y = h.dot_general %x, %x, contracting_dims = [1] x [1] : ([8x4xf32], [8x4xf32]) -> [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "dot_both_free_computed",
            "refused",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n%y = h.dot_general %e, %e, contracting_dims = [1] x [1] : ([8x4xf32], [8x4xf32]) -> [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "dot_free_and_contracted",
            "equal",
            "x:8x8xf32* z:8x3xf32*",
            "%y = h.dot_general %x, %z, contracting_dims = [1] x [0] : ([8x8xf32], [8x3xf32]) -> [8x3xf32]",
            "y:8x3xf32",
        ),
        case(
            "dot_old",
            "equal",
            "x:8x4xf32* w:4x3xf32",
            "%y = h.dot %x, %w : ([8x4xf32], [4x3xf32]) -> [8x3xf32]",
            "y:8x3xf32",
        ),
        case(
            "dot_old_contracted",
            "equal",
            "x:8xf32* w:8xf32",
            "%y = h.dot %x, %w : ([8xf32], [8xf32]) -> [f32]",
            "y:f32",
        ),
        case(
            "dot_merged_contracted",
            "equal",
            "x:8x2x4xf32* z:8x2x3xf32*",
            "%a = h.reshape %x : ([8x2x4xf32]) -> [16x4xf32]\n%b = h.reshape %z : ([8x2x3xf32]) -> [16x3xf32]\n%y = h.dot_general %a, %b, contracting_dims = [0] x [0] : ([16x4xf32], [16x3xf32]) -> [4x3xf32]",
            "y:4x3xf32",
        ),
        case(
            "dot_merged_minor_contracted",
            "equal",
            "x:8x2x4xf32* z:8x2x3xf32*",
            "%t = h.transpose %x, dims = [1, 0, 2] : ([8x2x4xf32]) -> [2x8x4xf32]\n%u = h.transpose %z, dims = [1, 0, 2] : ([8x2x3xf32]) -> [2x8x3xf32]\n%a = h.reshape %t : ([2x8x4xf32]) -> [16x4xf32]\n%b = h.reshape %u : ([2x8x3xf32]) -> [16x3xf32]\n%y = h.dot_general %a, %b, contracting_dims = [0] x [0] : ([16x4xf32], [16x3xf32]) -> [4x3xf32]",
            "y:4x3xf32",
        ),
        case(
            "dot_merged_crossed",
            "refused",
            "x:8x2x4xf32* z:8x2x3xf32*",
            "%t = h.transpose %x, dims = [1, 0, 2] : ([8x2x4xf32]) -> [2x8x4xf32]\n%e = h.tanh %t : [2x8x4xf32]\n%f = h.tanh %z : [8x2x3xf32]\n%a = h.reshape %e : ([2x8x4xf32]) -> [16x4xf32]\n%b = h.reshape %f : ([8x2x3xf32]) -> [16x3xf32]\n%y = h.dot_general %a, %b, contracting_dims = [0] x [0] : ([16x4xf32], [16x3xf32]) -> [4x3xf32]",
            "y:4x3xf32",
        ),
    ]


def _conv(
    lhs: str,
    rhs: str,
    out: str,
    numbers: str = "[b, 0, f]x[0, i, o]->[b, 0, f]",
    window: str = "stride = [1]",
    groups: str = "feature_group_count = 1 : i64, batch_group_count = 1 : i64",
    a: str = "x",
    b: str = "w",
) -> str:
    return f"%y = h.convolution(%{a}, %{b}) dim_numbers = {numbers}, window = {{{window}}} {{{groups}}} : ([{lhs}], [{rhs}]) -> [{out}]"


def _convolutions() -> list[Case]:
    return [
        case(
            "conv_batch",
            "equal",
            "x:8x6x4xf32* w:3x4x5xf32",
            _conv("8x6x4xf32", "3x4x5xf32", "8x4x5xf32"),
            "y:8x4x5xf32",
        ),
        case(
            "conv_padded",
            "equal",
            "x:8x6x4xf32* w:3x4x5xf32",
            _conv("8x6x4xf32", "3x4x5xf32", "8x6x5xf32", window="stride = [1], pad = [[1, 1]]"),
            "y:8x6x5xf32",
        ),
        case(
            "conv_dilated",
            "equal",
            "x:8x6x4xf32* w:2x4x5xf32",
            _conv("8x6x4xf32", "2x4x5xf32", "8x9x5xf32", window="stride = [1], lhs_dilate = [2], rhs_dilate = [2]"),
            "y:8x9x5xf32",
        ),
        case(
            "conv_reversed",
            "equal",
            "x:8x6x4xf32* w:2x4x5xf32",
            _conv("8x6x4xf32", "2x4x5xf32", "8x5x5xf32", window="stride = [1], reverse = [true]"),
            "y:8x5x5xf32",
        ),
        case(
            "conv_feature_groups",
            "equal",
            "x:8x6x4xf32* w:3x2x6xf32",
            _conv(
                "8x6x4xf32",
                "3x2x6xf32",
                "8x4x6xf32",
                groups="feature_group_count = 2 : i64, batch_group_count = 1 : i64",
            ),
            "y:8x4x6xf32",
        ),
        case(
            "conv_depthwise",
            "equal",
            "x:8x6x4xf32* w:3x1x4xf32",
            _conv(
                "8x6x4xf32",
                "3x1x4xf32",
                "8x4x4xf32",
                groups="feature_group_count = 4 : i64, batch_group_count = 1 : i64",
            ),
            "y:8x4x4xf32",
        ),
        case(
            "conv_batch_as_feature",
            "equal",
            "x:8x6x4xf32* w:3x8x5xf32",
            _conv("8x6x4xf32", "3x8x5xf32", "4x4x5xf32", "[f, 0, b]x[0, i, o]->[b, 0, f]"),
            "y:4x4x5xf32",
        ),
        case(
            "conv_weight_gradient",
            "equal",
            "x:8x6x4xf32* z:8x4x5xf32*",
            _conv("8x6x4xf32", "8x4x5xf32", "4x3x5xf32", "[f, 0, b]x[i, 0, o]->[b, 0, f]", b="z"),
            "y:4x3x5xf32",
        ),
        case(
            "conv_batch_as_output_feature",
            "equal",
            "w:2x6x4xf32 x:8x3x4xf32*",
            _conv("2x6x4xf32", "8x3x4xf32", "2x4x8xf32", "[b, 0, f]x[o, 0, i]->[b, 0, f]", a="w", b="x"),
            "y:2x4x8xf32",
        ),
        case(
            "conv_batch_is_space",
            "equal",
            "x:8x2x4xf32* w:3x4x5xf32",
            _conv("8x2x4xf32", "3x4x5xf32", "6x2x5xf32", "[0, b, f]x[0, i, o]->[0, b, f]"),
            "y:6x2x5xf32",
        ),
        case(
            "conv_batch_is_space_same",
            "equal",
            "x:8x2x4xf32* w:3x4x5xf32",
            _conv(
                "8x2x4xf32",
                "3x4x5xf32",
                "8x2x5xf32",
                "[0, b, f]x[0, i, o]->[0, b, f]",
                window="stride = [1], pad = [[1, 1]]",
            ),
            "y:8x2x5xf32",
        ),
        case(
            "conv_batch_is_space_same_computed",
            "refused",
            "x:8x2x4xf32* w:3x4x5xf32",
            "%e = h.tanh %x : [8x2x4xf32]\n"
            + _conv(
                "8x2x4xf32",
                "3x4x5xf32",
                "8x2x5xf32",
                "[0, b, f]x[0, i, o]->[0, b, f]",
                window="stride = [1], pad = [[1, 1]]",
                a="e",
            ),
            "y:8x2x5xf32 e:8x2x4xf32",
        ),
        case(
            "conv_pointwise_space",
            "equal",
            "x:8x2x4xf32* w:1x4x5xf32",
            _conv("8x2x4xf32", "1x4x5xf32", "8x2x5xf32", "[0, b, f]x[0, i, o]->[0, b, f]"),
            "y:8x2x5xf32",
        ),
        case(
            "conv_pointwise_space_stride",
            "equal",
            "x:8x2x4xf32* w:1x4x5xf32",
            _conv("8x2x4xf32", "1x4x5xf32", "4x2x5xf32", "[0, b, f]x[0, i, o]->[0, b, f]", window="stride = [2]"),
            "y:4x2x5xf32",
        ),
        case(
            "conv_kernel_is_batch_space",
            "equal",
            "w:2x8x4xf32 x:8x4x5xf32*",
            _conv("2x8x4xf32", "8x4x5xf32", "2x1x5xf32", a="w", b="x"),
            "y:2x1x5xf32",
        ),
        case(
            "conv_batch_groups",
            "equal",
            "x:8x6x4xf32* w:3x4x6xf32",
            _conv(
                "8x6x4xf32",
                "3x4x6xf32",
                "4x4x6xf32",
                groups="feature_group_count = 1 : i64, batch_group_count = 2 : i64",
            ),
            "y:4x4x6xf32",
        ),
        case(
            "conv_batch_groups_computed",
            "refused",
            "x:8x6x4xf32* w:3x4x6xf32",
            "%e = h.tanh %x : [8x6x4xf32]\n"
            + _conv(
                "8x6x4xf32",
                "3x4x6xf32",
                "4x4x6xf32",
                groups="feature_group_count = 1 : i64, batch_group_count = 2 : i64",
                a="e",
            ),
            "y:4x4x6xf32 e:8x6x4xf32",
        ),
        case(
            "conv_depthwise_weight_gradient",
            "equal",
            "x:8x6x4xf32* z:8x4x4xf32*",
            _conv(
                "8x6x4xf32",
                "8x4x4xf32",
                "1x3x4xf32",
                "[f, 0, b]x[i, 0, o]->[b, 0, f]",
                groups="feature_group_count = 1 : i64, batch_group_count = 4 : i64",
                b="z",
            ),
            "y:1x3x4xf32",
        ),
        case(
            "conv_feature_groups_of_batch",
            "equal",
            "x:8x6x4xf32* w:3x1x8xf32",
            _conv(
                "8x6x4xf32",
                "3x1x8xf32",
                "4x4x8xf32",
                "[f, 0, b]x[0, i, o]->[b, 0, f]",
                groups="feature_group_count = 8 : i64, batch_group_count = 1 : i64",
            ),
            "y:4x4x8xf32",
        ),
        case(
            "conv_feature_groups_of_batch_two",
            "equal",
            "x:8x6x4xf32* w:3x4x8xf32",
            _conv(
                "8x6x4xf32",
                "3x4x8xf32",
                "4x4x8xf32",
                "[f, 0, b]x[0, i, o]->[b, 0, f]",
                groups="feature_group_count = 2 : i64, batch_group_count = 1 : i64",
            ),
            "y:4x4x8xf32",
        ),
        case(
            "conv_merged_batch",
            "equal",
            "x:8x2x6x4xf32* w:3x4x5xf32",
            "%e = h.reshape %x : ([8x2x6x4xf32]) -> [16x6x4xf32]\n"
            + _conv("16x6x4xf32", "3x4x5xf32", "16x4x5xf32", a="e"),
            "y:16x4x5xf32",
        ),
    ]


def _gather(
    table: str, indices: str, result: str, numbers: str, sizes: str, t: str, i: str, sorted_: str = "false"
) -> str:
    return f'%y = "stablehlo.gather"(%{t}, %{i}) {{dimension_numbers = #stablehlo.gather<{numbers}>, slice_sizes = array<i64: {sizes}>, indices_are_sorted = {sorted_}}} : ([{table}], [{indices}]) -> [{result}]'


def _gathers() -> list[Case]:
    rows = "offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1"
    return [
        case(
            "gather_embedding",
            "equal",
            "w:5x4xf32 k:8x1xi32*",
            _gather("5x4xf32", "8x1xi32", "8x4xf32", rows, "1, 4", "w", "k"),
            "y:8x4xf32",
        ),
        case(
            "gather_embedding_scalar_index",
            "equal",
            "w:5x4xf32 k:8xi32*",
            _gather("5x4xf32", "8xi32", "8x4xf32", rows, "1, 4", "w", "k"),
            "y:8x4xf32",
        ),
        case(
            "gather_rows_of_batch",
            "equal",
            "x:8x4xf32* k:6x1xi32",
            _gather("8x4xf32", "6x1xi32", "6x4xf32", rows, "1, 4", "x", "k"),
            "y:6x4xf32",
        ),
        case(
            "gather_rows_of_batch_computed",
            "refused",
            "x:8x4xf32* k:6x1xi32",
            "%e = h.tanh %x : [8x4xf32]\n" + _gather("8x4xf32", "6x1xi32", "6x4xf32", rows, "1, 4", "e", "k"),
            "y:6x4xf32 e:8x4xf32",
        ),
        case(
            "gather_permutation",
            "equal",
            "x:8x4xf32* k:8x1xi32*",
            _gather("8x4xf32", "8x1xi32", "8x4xf32", rows, "1, 4", "x", "k"),
            "y:8x4xf32",
        ),
        case(
            "gather_permutation_computed",
            "refused",
            "x:8x4xf32* k:8x1xi32*",
            "%e = h.tanh %x : [8x4xf32]\n" + _gather("8x4xf32", "8x1xi32", "8x4xf32", rows, "1, 4", "e", "k"),
            "y:8x4xf32 e:8x4xf32",
        ),
        case(
            "gather_columns",
            "equal",
            "x:8x4xf32* k:3x1xi32",
            _gather(
                "8x4xf32",
                "3x1xi32",
                "8x3xf32",
                "offset_dims = [0], collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 1",
                "8, 1",
                "x",
                "k",
            ),
            "y:8x3xf32",
        ),
        case(
            "gather_columns_by_batch",
            "equal",
            "x:8x4xf32* k:8x1xi32*",
            _gather(
                "8x4xf32",
                "8x1xi32",
                "8x8xf32",
                "offset_dims = [0], collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 1",
                "8, 1",
                "x",
                "k",
            ),
            "y:8x8xf32",
        ),
        case(
            "gather_per_row",
            "equal",
            "x:8x4xf32* k:8x1xi32*",
            _gather(
                "8x4xf32",
                "8x1xi32",
                "8xf32",
                "offset_dims = [], collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 1",
                "1, 1",
                "x",
                "k",
            ),
            "y:8xf32",
        ),
        case(
            "gather_per_row_whole_indices",
            "equal",
            "x:8x4xf32* k:8x3x1xi32",
            _gather(
                "8x4xf32",
                "8x3x1xi32",
                "8x3xf32",
                "offset_dims = [], collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 2",
                "1, 1",
                "x",
                "k",
            ),
            "y:8x3xf32",
        ),
        case(
            "gather_per_row_whole_table",
            "equal",
            "w:8x4xf32 k:8x3x1xi32*",
            _gather(
                "8x4xf32",
                "8x3x1xi32",
                "8x3xf32",
                "offset_dims = [], collapsed_slice_dims = [1], operand_batching_dims = [0], start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 2",
                "1, 1",
                "w",
                "k",
            ),
            "y:8x3xf32",
        ),
        case(
            "gather_arange_label",
            "equal",
            "x:8x4xf32* k:8xi32*",
            "%i = h.iota dim = 0 : [8x1xi32]\n%j = h.reshape %k : ([8xi32]) -> [8x1xi32]\n%q = h.concatenate %i, %j, dim = 1 : ([8x1xi32], [8x1xi32]) -> [8x2xi32]\n"
            + _gather(
                "8x4xf32",
                "8x2xi32",
                "8xf32",
                "collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1",
                "1, 1",
                "x",
                "q",
            ),
            "y:8xf32",
        ),
        case(
            "gather_windows",
            "equal",
            "w:5x4xf32 k:8x2xi32*",
            _gather(
                "5x4xf32",
                "8x2xi32",
                "8x2x3xf32",
                "offset_dims = [1, 2], start_index_map = [0, 1], index_vector_dim = 1",
                "2, 3",
                "w",
                "k",
            ),
            "y:8x2x3xf32",
        ),
        case(
            "gather_windows_offset_first",
            "equal",
            "w:5x4xf32 k:8x2xi32*",
            _gather(
                "5x4xf32",
                "8x2xi32",
                "2x3x8xf32",
                "offset_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1",
                "2, 3",
                "w",
                "k",
            ),
            "y:2x3x8xf32",
        ),
        case(
            "gather_window_keeps_batch",
            "equal",
            "x:8x4xf32* k:1xi32",
            _gather(
                "8x4xf32",
                "1xi32",
                "8x2xf32",
                "offset_dims = [0, 1], start_index_map = [1], index_vector_dim = 0",
                "8, 2",
                "x",
                "k",
            ),
            "y:8x2xf32",
        ),
        case(
            "gather_window_of_batch",
            "equal",
            "x:8x4xf32* k:1xi32",
            _gather(
                "8x4xf32",
                "1xi32",
                "3x4xf32",
                "offset_dims = [0, 1], start_index_map = [0], index_vector_dim = 0",
                "3, 4",
                "x",
                "k",
            ),
            "y:3x4xf32",
        ),
        case(
            "gather_full_window_of_batch",
            "equal",
            "x:8x4xf32* k:1xi32",
            _gather(
                "8x4xf32",
                "1xi32",
                "8x4xf32",
                "offset_dims = [0, 1], start_index_map = [0], index_vector_dim = 0",
                "8, 4",
                "x",
                "k",
            ),
            "y:8x4xf32",
        ),
        case(
            "gather_first_rows",
            "equal",
            "x:8x4xf32* k:1xi32",
            _gather(
                "8x4xf32",
                "1xi32",
                "3x2xf32",
                "offset_dims = [0, 1], start_index_map = [1], index_vector_dim = 0",
                "3, 2",
                "x",
                "k",
            ),
            "y:3x2xf32",
        ),
        case(
            "gather_index_vector_is_batch",
            "equal",
            "w:5x4x3x2x3x2x3x2xf32 k:8xi32*",
            _gather(
                "5x4x3x2x3x2x3x2xf32",
                "8xi32",
                "f32",
                "collapsed_slice_dims = [0,1,2,3,4,5,6,7], start_index_map = [0,1,2,3,4,5,6,7], index_vector_dim = 0",
                "1, 1, 1, 1, 1, 1, 1, 1",
                "w",
                "k",
            ),
            "y:f32",
        ),
        case(
            "gather_from_gradient",
            "equal",
            "x:8x4xf32* k:3x1xi32",
            _sum("x", "0", "8x4xf32", "4xf32")
            + "%t = h.tanh %s : [4xf32]\n"
            + _gather(
                "4xf32",
                "3x1xi32",
                "3xf32",
                "collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1",
                "1",
                "t",
                "k",
            ),
            "y:3xf32",
        ),
        case(
            "torch_index_select",
            "equal",
            "x:8x4xf32* k:3xi32",
            '%y = "stablehlo.torch_index_select"(%x, %k) {dim = 1 : i64, batch_dims = 0 : i64} : ([8x4xf32], [3xi32]) -> [8x3xf32]',
            "y:8x3xf32",
        ),
    ]


def _scatter(
    table: str,
    indices: str,
    updates: str,
    numbers: str,
    body: str,
    t: str = "w",
    i: str = "k",
    u: str = "x",
    unique: str = "false",
) -> str:
    inner = "h.return %b : [f32]" if body == "set" else f"%t = h.{body} %a, %b : [f32]\n h.return %t : [f32]"
    return f"""%y = "stablehlo.scatter"(%{t}, %{i}, %{u}) ({{ ^bb0(%a: [f32], %b: [f32]):
      {inner} }}) {{scatter_dimension_numbers = #stablehlo.scatter<{numbers}>, unique_indices = {unique}}} : ([{table}], [{indices}], [{updates}]) -> [{table}]"""


def _scatters() -> list[Case]:
    rows = (
        "update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1"
    )
    per_row = "inserted_window_dims = [1], input_batching_dims = [0], scatter_indices_batching_dims = [0], scatter_dims_to_operand_dims = [1], index_vector_dim = 1"
    found = [
        case(
            f"scatter_{body}_embedding_gradient",
            want,
            "w:5x4xf32 k:8x1xi32* x:8x4xf32*",
            _scatter("5x4xf32", "8x1xi32", "8x4xf32", rows, body),
            "y:5x4xf32",
        )
        for body, want in (
            ("add", "equal"),
            ("maximum", "equal"),
            ("minimum", "equal"),
            ("multiply", "equal"),
            ("set", "equal"),
        )
    ]
    found += [
        case(
            "scatter_set_embedding_computed",
            "refused",
            "w:5x4xf32 k:8x1xi32* x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n" + _scatter("5x4xf32", "8x1xi32", "8x4xf32", rows, "set", u="e"),
            "y:5x4xf32 e:8x4xf32",
        ),
        case(
            "scatter_subtract_embedding",
            "refused",
            "w:5x4xf32 k:8x1xi32* x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n" + _scatter("5x4xf32", "8x1xi32", "8x4xf32", rows, "subtract", u="e"),
            "y:5x4xf32 e:8x4xf32",
        ),
        case(
            "scatter_add_whole_updates",
            "equal",
            "w:5x4xf32 k:8x1xi32* x:8x4xf32",
            _scatter("5x4xf32", "8x1xi32", "8x4xf32", rows, "add"),
            "y:5x4xf32",
        ),
        case(
            "scatter_add_into_sum_of_batch",
            "equal",
            "z:8x5x4xf32* k:8x1xi32* x:8x4xf32*",
            _sum("z", "0", "8x5x4xf32", "5x4xf32") + _scatter("5x4xf32", "8x1xi32", "8x4xf32", rows, "add", t="s"),
            "y:5x4xf32",
        ),
        case(
            "scatter_add_into_rows",
            "equal",
            "w:8x4xf32* k:6x1xi32 x:6x4xf32",
            _scatter("8x4xf32", "6x1xi32", "6x4xf32", rows, "add"),
            "y:8x4xf32",
        ),
        case(
            "scatter_add_into_rows_from_batch",
            "equal",
            "w:8x4xf32* k:8x1xi32* x:8x4xf32*",
            _scatter("8x4xf32", "8x1xi32", "8x4xf32", rows, "add"),
            "y:8x4xf32",
        ),
        case(
            "scatter_per_row_set",
            "equal",
            "w:8x4xf32* k:8x1xi32* x:8xf32*",
            _scatter("8x4xf32", "8x1xi32", "8xf32", per_row, "set"),
            "y:8x4xf32",
        ),
        case(
            "scatter_per_row_add_whole_table",
            "equal",
            "w:8x4xf32 k:8x1xi32* x:8xf32*",
            _scatter("8x4xf32", "8x1xi32", "8xf32", per_row, "add"),
            "y:8x4xf32",
        ),
        case(
            "scatter_per_row_whole_indices",
            "equal",
            "w:8x4xf32* k:8x1xi32 x:8xf32*",
            _scatter("8x4xf32", "8x1xi32", "8xf32", per_row, "add"),
            "y:8x4xf32",
        ),
        case(
            "scatter_columns",
            "equal",
            "w:8x4xf32* k:3x1xi32 x:8x3xf32*",
            _scatter(
                "8x4xf32",
                "3x1xi32",
                "8x3xf32",
                "update_window_dims = [0], inserted_window_dims = [1], scatter_dims_to_operand_dims = [1], index_vector_dim = 1",
                "add",
            ),
            "y:8x4xf32",
        ),
        case(
            "scatter_columns_set",
            "equal",
            "w:8x4xf32* k:3x1xi32 x:8x3xf32*",
            _scatter(
                "8x4xf32",
                "3x1xi32",
                "8x3xf32",
                "update_window_dims = [0], inserted_window_dims = [1], scatter_dims_to_operand_dims = [1], index_vector_dim = 1",
                "set",
            ),
            "y:8x4xf32",
        ),
        case(
            "scatter_window_on_batch",
            "equal",
            "w:8x4xf32* k:1xi32 x:3x4xf32",
            _scatter(
                "8x4xf32",
                "1xi32",
                "3x4xf32",
                "update_window_dims = [0, 1], scatter_dims_to_operand_dims = [0], index_vector_dim = 0",
                "set",
            ),
            "y:8x4xf32",
        ),
        case(
            "scatter_window_on_batch_full",
            "equal",
            "w:8x4xf32* k:1xi32 x:8x4xf32*",
            _scatter(
                "8x4xf32",
                "1xi32",
                "8x4xf32",
                "update_window_dims = [0, 1], scatter_dims_to_operand_dims = [0], index_vector_dim = 0",
                "set",
            ),
            "y:8x4xf32",
        ),
        case(
            "scatter_first_rows",
            "equal",
            "w:8x4xf32* k:1xi32 x:3x2xf32",
            _scatter(
                "8x4xf32",
                "1xi32",
                "3x2xf32",
                "update_window_dims = [0, 1], scatter_dims_to_operand_dims = [1], index_vector_dim = 0",
                "set",
            ),
            "y:8x4xf32",
        ),
        case(
            "scatter_window_partial_computed",
            "refused",
            "w:8x4xf32* k:1xi32 x:3x4xf32",
            "%e = h.tanh %w : [8x4xf32]\n"
            + _scatter(
                "8x4xf32",
                "1xi32",
                "3x4xf32",
                "update_window_dims = [0, 1], scatter_dims_to_operand_dims = [0], index_vector_dim = 0",
                "set",
                t="e",
            ),
            "y:8x4xf32 e:8x4xf32",
        ),
        case(
            "scatter_two_tables",
            "equal",
            "w:5xf32 v:5xf32 k:8x1xi32* x:8xf32* z:8xf32*",
            """%y:2 = "stablehlo.scatter"(%w, %v, %k, %x, %z) ({ ^bb0(%a: [f32], %b: [f32], %c: [f32], %d: [f32]):
            %t = h.add %a, %c : [f32]
            %u = h.add %b, %d : [f32]
            h.return %t, %u : [f32], [f32] }) {scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>} : ([5xf32], [5xf32], [8x1xi32], [8xf32], [8xf32]) -> ([5xf32], [5xf32])
            %r = h.add %y#0, %y#1 : [5xf32]""",
            "r:5xf32",
        ),
    ]
    return found


CASES = [*_dots(), *_convolutions(), *_gathers(), *_scatters()]

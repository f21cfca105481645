// RUN: %opt %s -p 'pair-rows,func.func(canonicalize)' --split-input-file | FileCheck %s
// RUN: %opt %s -p 'normalize,assign-roles{batch-args=0,1},microbatch{microbatches=4}' --split-input-file | FileCheck %s --check-prefix=PART

// logp[arange(8), y] as JAX writes it: the iota, made non-negative, is row i of every i.
// CHECK-LABEL: module @loss
// CHECK:         %[[Y:.*]] = stablehlo.reshape %arg1 : (tensor<8xi32>) -> tensor<8x1xi32>
// CHECK-NEXT:    "stablehlo.gather"(%arg0, %[[Y]]) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [1], operand_batching_dims = [0],
// CHECK-SAME:      start_indices_batching_dims = [0], start_index_map = [1], index_vector_dim = 1>, indices_are_sorted = false
// CHECK-NEXT:    return

// Two rows a microbatch: no iota that would have to know which.
// PART-LABEL: module @loss
// PART:         "stablehlo.gather"{{.*}} : (tensor<2x10xf32>, tensor<2x1xi32>) -> tensor<2xf32>
module @loss {
  func.func @main(%logp: tensor<8x10xf32>, %y: tensor<8xi32>) -> tensor<8xf32> {
    %i = stablehlo.iota dim = 0 : tensor<8xi32>
    %zero = stablehlo.constant dense<0> : tensor<8xi32>
    %eight = stablehlo.constant dense<8> : tensor<8xi32>
    %below = stablehlo.compare LT, %i, %zero, SIGNED : (tensor<8xi32>, tensor<8xi32>) -> tensor<8xi1>
    %above = stablehlo.add %i, %eight : tensor<8xi32>
    %row = stablehlo.select %below, %above, %i : tensor<8xi1>, tensor<8xi32>
    %rows = stablehlo.broadcast_in_dim %row, dims = [0] : (tensor<8xi32>) -> tensor<8x1xi32>
    %labels = stablehlo.reshape %y : (tensor<8xi32>) -> tensor<8x1xi32>
    %at = stablehlo.concatenate %rows, %labels, dim = 1 : (tensor<8x1xi32>, tensor<8x1xi32>) -> tensor<8x2xi32>
    %0 = "stablehlo.gather"(%logp, %at) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>,
        indices_are_sorted = true, slice_sizes = array<i64: 1, 1>}> : (tensor<8x10xf32>, tensor<8x2xi32>) -> tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// Its gradient, of sequences: two counters, in any order, and the indices of their own stay in theirs.
// CHECK-LABEL: module @gradient
// CHECK:         "stablehlo.scatter"(%{{.*}}, %arg1, %arg0) <{{.*}}inserted_window_dims = [1], input_batching_dims = [0, 2], scatter_indices_batching_dims = [1, 0],
// CHECK-SAME:      scatter_dims_to_operand_dims = [1], index_vector_dim = 2>, unique_indices = true
// PART-LABEL: module @gradient
// PART:         tensor<3x10x2xf32>
module @gradient {
  func.func @main(%g: tensor<8x3xf32>, %y: tensor<8x3x1xi32>) -> tensor<3x10x8xf32> {
    %seq = stablehlo.iota dim = 1 : tensor<8x3x1xi32>
    %row = stablehlo.iota dim = 0 : tensor<8x3x1xi32>
    %at = stablehlo.concatenate %row, %y, %seq, dim = 2 : (tensor<8x3x1xi32>, tensor<8x3x1xi32>, tensor<8x3x1xi32>) -> tensor<8x3x3xi32>
    %zeros = stablehlo.constant dense<0.0> : tensor<3x10x8xf32>
    %0 = "stablehlo.scatter"(%zeros, %at, %g) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0, 1, 2],
        scatter_dims_to_operand_dims = [2, 1, 0], index_vector_dim = 2>, unique_indices = true}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %sum = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %sum : tensor<f32>
    }) : (tensor<3x10x8xf32>, tensor<8x3x3xi32>, tensor<8x3xf32>) -> tensor<3x10x8xf32>
    return %0 : tensor<3x10x8xf32>
  }
}

// -----

// Rows backwards, rows of a larger table, and a component that every row shares: as they were.
// CHECK-LABEL: module @not_paired
// CHECK-NOT:     batching_dims
// CHECK:         return
// PART-LABEL: module @not_paired
module @not_paired {
  func.func @main(%logp: tensor<8x10xf32>, %y: tensor<8x1xi32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
    %row = stablehlo.iota dim = 0 : tensor<8x1xi32>
    %back = stablehlo.reverse %row, dims = [0] : tensor<8x1xi32>
    %same = stablehlo.iota dim = 1 : tensor<8x1xi32>
    %table = stablehlo.constant dense<1.0> : tensor<9x10xf32>
    %at0 = stablehlo.concatenate %back, %y, dim = 1 : (tensor<8x1xi32>, tensor<8x1xi32>) -> tensor<8x2xi32>
    %0 = "stablehlo.gather"(%logp, %at0) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>,
        slice_sizes = array<i64: 1, 1>}> : (tensor<8x10xf32>, tensor<8x2xi32>) -> tensor<8xf32>
    %at1 = stablehlo.concatenate %row, %y, dim = 1 : (tensor<8x1xi32>, tensor<8x1xi32>) -> tensor<8x2xi32>
    %1 = "stablehlo.gather"(%table, %at1) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>,
        slice_sizes = array<i64: 1, 1>}> : (tensor<9x10xf32>, tensor<8x2xi32>) -> tensor<8xf32>
    %at2 = stablehlo.concatenate %same, %y, dim = 1 : (tensor<8x1xi32>, tensor<8x1xi32>) -> tensor<8x2xi32>
    %2 = "stablehlo.gather"(%logp, %at2) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>,
        slice_sizes = array<i64: 1, 1>}> : (tensor<8x10xf32>, tensor<8x2xi32>) -> tensor<8xf32>
    return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }
}

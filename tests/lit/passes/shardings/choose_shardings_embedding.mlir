// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4 memory=12MB},choose-shardings' --split-input-file | FileCheck %s

// A table of 12.6 MB on devices of 12 MB, whose 6 features do not divide by 4: split over the vocabulary. Each device looks up the
// words that it has, zeros stand for the others, and the sum over devices stays open until the words of a document are added.
// Megatron-LM's embedding (arXiv:1909.08053, section 3).
// CHECK-LABEL: module @bag_of_words
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK:         %[[E:.*]] = "stablehlo.gather"{{.*}}[{}, {}, {}], unreduced={"x"}
// CHECK:         %[[S:.*]] = stablehlo.reduce(%[[E]] {{.*}}[{}, {}], unreduced={"x"}
// CHECK-NEXT:    sdy.reshard %[[S]] <@mesh, [{"x"}, {}]>
// CHECK-NEXT:    return
module @bag_of_words {
  func.func @main() { return }
  func.func private @forward(%tokens: tensor<1024x64x1xi32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %table: tensor<1048576x6xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<1024x6xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0.0> : tensor<f16>
    %e = "stablehlo.gather"(%table, %tokens) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, slice_sizes = array<i64: 1, 6>}> : (tensor<1048576x6xf16>, tensor<1024x64x1xi32>) -> tensor<1024x64x6xf16>
    %s = stablehlo.reduce(%e init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<1024x64x6xf16>, tensor<f16>) -> tensor<1024x6xf16>
    return %s : tensor<1024x6xf16>
  }
}

// -----

// The gradient of such a table: each device has some words and adds what falls on them. The gradients of all tokens are everywhere.
// CHECK-LABEL: module @gradient_of_words
// CHECK:       func.func private @backward
// CHECK-SAME:    "v0", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK-NOT:     sdy.reshard
// CHECK:         "stablehlo.scatter"
// CHECK:         }) {{.*}}[{"x"}, {}]
// CHECK-NEXT:    return
module @gradient_of_words {
  func.func @main() { return }
  func.func private @backward(%tokens: tensor<1024x1xi32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %g: tensor<1024x6xf16> {mw.value = "v1", mw.value_dim = 0 : i64})
      -> (tensor<1048576x6xf16> {mw.value = "v0", mw.value_dim = -1 : i64}) attributes {mw.phase = "backward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zeros = stablehlo.constant dense<0.0> : tensor<1048576x6xf16>
    %t = "stablehlo.scatter"(%zeros, %tokens, %g) <{indices_are_sorted = false, unique_indices = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
    ^bb0(%a: tensor<f16>, %b: tensor<f16>):
      %sum = stablehlo.add %a, %b : tensor<f16>
      stablehlo.return %sum : tensor<f16>
    }) : (tensor<1048576x6xf16>, tensor<1024x1xi32>, tensor<1024x6xf16>) -> tensor<1048576x6xf16>
    return %t : tensor<1048576x6xf16>
  }
}

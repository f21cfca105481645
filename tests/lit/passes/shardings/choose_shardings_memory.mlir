// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4 memory=180MB},choose-shardings' --split-input-file | FileCheck %s

// A table of 420 MB on devices of 180 MB: split over the vocabulary, or over the features, whichever moves less.
// CHECK-LABEL: module @table
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{{.*}}{"x"}{{.*}}]>
// CHECK:         "stablehlo.gather"
module @table {
  func.func @main() { return }
  func.func private @forward(%tokens: tensor<1x64x1xi32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %table: tensor<51200x4096xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<1x64x4096xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %e = "stablehlo.gather"(%table, %tokens) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, slice_sizes = array<i64: 1, 4096>}> : (tensor<51200x4096xf16>, tensor<1x64x1xi32>) -> tensor<1x64x4096xf16>
    return %e : tensor<1x64x4096xf16>
  }
}

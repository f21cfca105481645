// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=4},choose-shardings{intra=megatron}' --split-input-file | FileCheck %s
// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=2x2},choose-shardings{intra=megatron}' --split-input-file | FileCheck %s --check-prefix=TWO

// Columns of the first weight and its bias, then rows of the second: one sum behind the two products.
// CHECK-LABEL: module @mlp
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{}, {}, {}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{"x"}]>
// CHECK-SAME:    "arg3", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK:         stablehlo.dot_general {{.*}}[{}, {}, {"x"}]
// CHECK:         stablehlo.tanh {{.*}}[{}, {}, {"x"}]
// CHECK:         stablehlo.dot_general {{.*}}[{}, {}, {}], unreduced={"x"}

// On two axes the first one splits the batch.
// TWO-LABEL: module @mlp
// TWO:       func.func private @forward
// TWO-SAME:    "batch0", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// TWO-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"y"}]>
// TWO-SAME:    "arg3", {{[^>]*}}@mesh, [{"y"}, {}]>
// TWO:         stablehlo.dot_general {{.*}}[{"x"}, {}, {"y"}]
// TWO:         stablehlo.dot_general {{.*}}[{"x"}, {}, {}], unreduced={"y"}
module @mlp {
  func.func @main(%x: tensor<8x16x64xf32> {mw.value = "batch0", mw.role = "batch"}, %w1: tensor<64x128xf32> {mw.value = "arg1", mw.role = "parameter"},
      %b: tensor<128xf32> {mw.value = "arg2", mw.role = "parameter"}, %w2: tensor<128x64xf32> {mw.value = "arg3", mw.role = "parameter"}) { return }
  func.func private @forward(%x: tensor<8x16x64xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w1: tensor<64x128xf32> {mw.value = "arg1", mw.value_dim = -1 : i64},
      %b: tensor<128xf32> {mw.value = "arg2", mw.value_dim = -1 : i64}, %w2: tensor<128x64xf32> {mw.value = "arg3", mw.value_dim = -1 : i64})
      -> (tensor<8x16x64xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w1, contracting_dims = [2] x [0] : (tensor<8x16x64xf32>, tensor<64x128xf32>) -> tensor<8x16x128xf32>
    %bb = stablehlo.broadcast_in_dim %b, dims = [2] : (tensor<128xf32>) -> tensor<8x16x128xf32>
    %s = stablehlo.add %h, %bb : tensor<8x16x128xf32>
    %a = stablehlo.tanh %s : tensor<8x16x128xf32>
    %y = stablehlo.dot_general %a, %w2, contracting_dims = [2] x [0] : (tensor<8x16x128xf32>, tensor<128x64xf32>) -> tensor<8x16x64xf32>
    return %y : tensor<8x16x64xf32>
  }
}

// -----

// Scores and their product with the values by heads; the weights by columns, the projection by rows.
// CHECK-LABEL: module @attention
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"x"}, {}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{}, {"x"}, {}]>
// CHECK-SAME:    "arg3", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// CHECK:         stablehlo.dot_general {{.*}}batching_dims = [0, 2] x [0, 2]{{.*}}[{}, {"x"}, {}, {}]
// CHECK:         stablehlo.dot_general {{.*}}batching_dims = [0, 1] x [0, 2]{{.*}}[{}, {"x"}, {}, {}]
// CHECK:         stablehlo.dot_general {{.*}}unreduced={"x"}

// TWO-LABEL: module @attention
module @attention {
  func.func @main(%x: tensor<8x16x64xf32> {mw.value = "batch0", mw.role = "batch"}, %q: tensor<64x4x16xf32> {mw.value = "arg1", mw.role = "parameter"},
      %k: tensor<64x4x16xf32> {mw.value = "arg2", mw.role = "parameter"}, %o: tensor<4x16x64xf32> {mw.value = "arg3", mw.role = "parameter"}) { return }
  func.func private @forward(%x: tensor<8x16x64xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %wq: tensor<64x4x16xf32> {mw.value = "arg1", mw.value_dim = -1 : i64},
      %wk: tensor<64x4x16xf32> {mw.value = "arg2", mw.value_dim = -1 : i64}, %wo: tensor<4x16x64xf32> {mw.value = "arg3", mw.value_dim = -1 : i64})
      -> (tensor<8x16x64xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %q = stablehlo.dot_general %x, %wq, contracting_dims = [2] x [0] : (tensor<8x16x64xf32>, tensor<64x4x16xf32>) -> tensor<8x16x4x16xf32>
    %k = stablehlo.dot_general %x, %wk, contracting_dims = [2] x [0] : (tensor<8x16x64xf32>, tensor<64x4x16xf32>) -> tensor<8x16x4x16xf32>
    %s = stablehlo.dot_general %q, %k, batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3] : (tensor<8x16x4x16xf32>, tensor<8x16x4x16xf32>) -> tensor<8x4x16x16xf32>
    %a = stablehlo.dot_general %s, %k, batching_dims = [0, 1] x [0, 2], contracting_dims = [3] x [1] : (tensor<8x4x16x16xf32>, tensor<8x16x4x16xf32>) -> tensor<8x4x16x16xf32>
    %y = stablehlo.dot_general %a, %wo, contracting_dims = [1, 3] x [0, 1] : (tensor<8x4x16x16xf32>, tensor<4x16x64xf32>) -> tensor<8x16x64xf32>
    return %y : tensor<8x16x64xf32>
  }
}

// -----

// Each device has some rows of the table; what the others look up is zero here, and one sum puts it together.
// CHECK-LABEL: module @embedding
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK:         "stablehlo.gather"{{.*}}unreduced={"x"}

// TWO-LABEL: module @embedding
module @embedding {
  func.func @main(%i: tensor<8x16x1xi32> {mw.value = "batch0", mw.role = "batch"}, %t: tensor<128x64xf32> {mw.value = "arg1", mw.role = "parameter"}) { return }
  func.func private @forward(%i: tensor<8x16x1xi32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %t: tensor<128x64xf32> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<8x16x64xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %e = "stablehlo.gather"(%t, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>,
        slice_sizes = array<i64: 1, 64>}> : (tensor<128x64xf32>, tensor<8x16x1xi32>) -> tensor<8x16x64xf32>
    return %e : tensor<8x16x64xf32>
  }
}

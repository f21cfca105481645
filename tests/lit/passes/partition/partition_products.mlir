// RUN: %opt %s -p partition --split-input-file | FileCheck %s

// The weight's columns are split: each device has all of x and makes its own columns. Nothing is communicated.
// CHECK-LABEL: module @column_matmul
module @column_matmul {
  sdy.mesh @mesh = <["x"=4]>
  // CHECK:       sdy.manual_computation({{.*}}) in_shardings=[<@mesh, [{}, {}]>, <@mesh, [{}, {"x"}]>] out_shardings=[<@mesh, [{}, {"x"}]>] manual_axes={"x"} (%[[X:.*]]: tensor<8x16xf32>, %[[W:.*]]: tensor<16x8xf32>)
  // CHECK-NEXT:    %[[Y:.*]] = stablehlo.dot_general %[[X]], %[[W]], contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
  // CHECK-NEXT:    sdy.return %[[Y]] : tensor<8x8xf32>
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}, %w: tensor<16x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>})
      -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}) {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {"x"}]>]>} : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    return %0 : tensor<8x32xf32>
  }
}

// -----

// The weight's rows are split: each device has a part of the sum over k.
// CHECK-LABEL: module @row_matmul
module @row_matmul {
  sdy.mesh @mesh = <["x"=4]>
  // CHECK:       manual_axes={"x"} (%[[X:.*]]: tensor<8x4xf32>, %[[W:.*]]: tensor<4x32xf32>)
  // CHECK-NEXT:    %[[PART:.*]] = stablehlo.dot_general %[[X]], %[[W]], {{.*}} -> tensor<8x32xf32>
  // CHECK-NEXT:    %[[Y:.*]] = "stablehlo.all_reduce"(%[[PART]]) {{.*}}replica_groups = dense<{{\[\[}}0, 1, 2, 3]]>
  // CHECK:         sdy.return %[[Y]] : tensor<8x32xf32>
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}, %w: tensor<16x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}) {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    %1 = sdy.reshard %0 <@mesh, [{}, {}]> : tensor<8x32xf32>
    return %1 : tensor<8x32xf32>
  }
}

// -----

// Columns, then rows: one all-reduce for two layers (Megatron-LM). Rows of the batch go over y and are never mixed.
// CHECK-LABEL: module @megatron_mlp
module @megatron_mlp {
  sdy.mesh @mesh = <["x"=2, "y"=2]>
  // CHECK:         %[[H:.*]] = stablehlo.dot_general {{.*}} : (tensor<4x16xf32>, tensor<16x32xf32>) -> tensor<4x32xf32>
  // CHECK-NEXT:    %[[T:.*]] = stablehlo.tanh %[[H]] : tensor<4x32xf32>
  // CHECK-NEXT:    %[[P:.*]] = stablehlo.dot_general %[[T]], {{.*}} : (tensor<4x32xf32>, tensor<32x16xf32>) -> tensor<4x16xf32>
  // CHECK-NEXT:    "stablehlo.all_reduce"(%[[P]]) {{.*}}replica_groups = dense<{{\[\[}}0, 2], [1, 3]]>
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y"}, {}]>}, %w: tensor<16x64xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}, %v: tensor<64x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y"}, {}]>}) {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"y"}, {"x"}]>]>} : (tensor<8x16xf32>, tensor<16x64xf32>) -> tensor<8x64xf32>
    %1 = stablehlo.tanh %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"y"}, {"x"}]>]>} : tensor<8x64xf32>
    %2 = stablehlo.dot_general %1, %v, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"y"}, {}], unreduced={"x"}>]>} : (tensor<8x64xf32>, tensor<64x16xf32>) -> tensor<8x16xf32>
    %3 = sdy.reshard %2 <@mesh, [{"y"}, {}]> : tensor<8x16xf32>
    return %3 : tensor<8x16xf32>
  }
}

// -----

// Each device has two of four heads; a head sees no other. Only the projection behind them sums over heads.
// CHECK-LABEL: module @attention_by_heads
module @attention_by_heads {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         stablehlo.dot_general {{.*}} batching_dims = [0] x [0], {{.*}} -> tensor<2x8x8xf32>
  // CHECK-NEXT:    stablehlo.exponential {{.*}} : tensor<2x8x8xf32>
  // CHECK-NEXT:    %[[P:.*]] = stablehlo.dot_general {{.*}} : (tensor<2x8x8xf32>, tensor<2x8x32xf32>) -> tensor<8x32xf32>
  // CHECK-NEXT:    "stablehlo.all_reduce"(%[[P]])
  func.func @main(%q: tensor<4x8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}, {}]>}, %k: tensor<4x8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}, {}]>}, %o: tensor<4x8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}, {}]>})
      -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}) {
    %0 = stablehlo.dot_general %q, %k, batching_dims = [0] x [0], contracting_dims = [2] x [2] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}, {}]>]>} : (tensor<4x8x16xf32>, tensor<4x8x16xf32>) -> tensor<4x8x8xf32>
    %1 = stablehlo.exponential %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}, {}]>]>} : tensor<4x8x8xf32>
    %2 = stablehlo.dot_general %1, %o, contracting_dims = [0, 2] x [0, 1] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<4x8x8xf32>, tensor<4x8x32xf32>) -> tensor<8x32xf32>
    %3 = sdy.reshard %2 <@mesh, [{}, {}]> : tensor<8x32xf32>
    return %3 : tensor<8x32xf32>
  }
}

// -----

// Four groups over two devices: two groups on each.
// CHECK-LABEL: module @grouped_convolution
module @grouped_convolution {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         stablehlo.convolution({{.*}}feature_group_count = 2 : i64} : (tensor<2x8x8x8xf32>, tensor<3x3x4x16xf32>) -> tensor<2x8x8x16xf32>
  func.func @main(%x: tensor<2x8x8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}, {}, {"x"}]>}, %k: tensor<3x3x4x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}, {}, {"x"}]>})
      -> (tensor<2x8x8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}, {}, {"x"}]>}) {
    %0 = stablehlo.convolution(%x, %k) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 4 : i64, sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}, {}, {"x"}]>]>} : (tensor<2x8x8x16xf32>, tensor<3x3x4x32xf32>) -> tensor<2x8x8x32xf32>
    return %0 : tensor<2x8x8x32xf32>
  }
}

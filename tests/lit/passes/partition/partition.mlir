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

// Each device has a part of the table: it looks up the indices that fall there, gives zeros for the others, and the sum is the row.
// CHECK-LABEL: module @vocabulary_embedding
module @vocabulary_embedding {
  sdy.mesh @mesh = <["x"=4]>
  // CHECK:       manual_axes={"x"} (%[[T:.*]]: tensor<16x16xf32>, %[[I:.*]]: tensor<8x1xi32>)
  // CHECK-NEXT:    stablehlo.partition_id
  // CHECK:         stablehlo.minimum %[[I]],
  // CHECK:         %[[IN:.*]] = stablehlo.maximum
  // CHECK:         %[[HERE:.*]] = stablehlo.subtract %[[IN]],
  // CHECK:         stablehlo.compare GE, %[[HERE]],
  // CHECK:         stablehlo.compare LT, %[[HERE]],
  // CHECK:         %[[ROWS:.*]] = "stablehlo.gather"(%[[T]], %[[HERE]]) {{.*}} : (tensor<16x16xf32>, tensor<8x1xi32>) -> tensor<8x16xf32>
  // CHECK:         %[[MINE:.*]] = stablehlo.select {{.*}}, %[[ROWS]],
  // CHECK-NEXT:    "stablehlo.all_reduce"(%[[MINE]])
  func.func @main(%t: tensor<64x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %i: tensor<8x1xi32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}) {
    %0 = "stablehlo.gather"(%t, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 16>}> {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<64x16xf32>, tensor<8x1xi32>) -> tensor<8x16xf32>
    %1 = sdy.reshard %0 <@mesh, [{}, {}]> : tensor<8x16xf32>
    return %1 : tensor<8x16xf32>
  }
}

// -----

// Its gradient: updates that belong to other devices fall outside of this one's part, and StableHLO drops them.
// CHECK-LABEL: module @embedding_gradient
module @embedding_gradient {
  sdy.mesh @mesh = <["x"=4]>
  // CHECK:       manual_axes={"x"} (%[[Z:.*]]: tensor<16x16xf32>, %[[I:.*]]: tensor<8x1xi32>, %[[U:.*]]: tensor<8x16xf32>)
  // CHECK:         %[[HERE:.*]] = stablehlo.subtract %[[I]],
  // CHECK-NEXT:    "stablehlo.scatter"(%[[Z]], %[[HERE]], %[[U]])
  // CHECK-NOT:     all_reduce
  func.func @main(%z: tensor<64x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %i: tensor<8x1xi32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}, %u: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<64x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) {
    %0 = "stablehlo.scatter"(%z, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>]>} : (tensor<64x16xf32>, tensor<8x1xi32>, tensor<8x16xf32>) -> tensor<64x16xf32>
    return %0 : tensor<64x16xf32>
  }
}

// -----

// A gradient stays unreduced while microbatches add to it: outside it is a stack, one entry a device. The update reduces it once.
// CHECK-LABEL: module @gradient_accumulator
module @gradient_accumulator {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:       call @setup() : () -> tensor<2x4x6xf32>
  // CHECK-NEXT:  call @backward({{.*}}) : (tensor<2x4x6xf32>, tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<2x4x6xf32>
  // CHECK-NEXT:  call @update({{.*}}) : (tensor<2x4x6xf32>) -> tensor<4x6xf32>
  // CHECK:       func.func private @setup() -> (tensor<2x4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}, {}]>})
  // CHECK:         stablehlo.constant dense<0.000000e+00> : tensor<4x6xf32>
  // CHECK:       func.func private @backward
  // CHECK:       manual_axes={"x"} (%[[STACK:.*]]: tensor<1x4x6xf32>, %{{.*}}: tensor<4x4xf32>, %{{.*}}: tensor<4x6xf32>)
  // CHECK-NEXT:    %[[PART:.*]] = stablehlo.dot_general
  // CHECK-NEXT:    %[[MORE:.*]] = stablehlo.reshape %[[PART]] : (tensor<4x6xf32>) -> tensor<1x4x6xf32>
  // CHECK-NEXT:    stablehlo.add %[[STACK]], %[[MORE]] : tensor<1x4x6xf32>
  // CHECK:       func.func private @update
  // CHECK:         "stablehlo.reduce_scatter"({{.*}}scatter_dimension = 0
  // CHECK:         }) : (tensor<4x6xf32>) -> tensor<2x6xf32>
  func.func @main(%x: tensor<8x4xf32>, %dy: tensor<8x6xf32>) -> tensor<4x6xf32> {
    %0 = call @setup() : () -> tensor<4x6xf32>
    %1 = call @backward(%0, %x, %dy) : (tensor<4x6xf32>, tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
    %2 = call @update(%1) : (tensor<4x6xf32>) -> tensor<4x6xf32>
    return %2 : tensor<4x6xf32>
  }
  func.func private @setup() -> (tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) attributes {mw.phase = "setup"} {
    %0 = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} dense<0.0> : tensor<4x6xf32>
    return %0 : tensor<4x6xf32>
  }
  func.func private @backward(%acc: tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}, %x: tensor<8x4xf32> {mw.value = "batch0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %dy: tensor<8x6xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) attributes {mw.phase = "backward"} {
    %0 = stablehlo.dot_general %x, %dy, contracting_dims = [0] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
    %1 = stablehlo.add %acc, %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : tensor<4x6xf32>
    return %1 : tensor<4x6xf32>
  }
  func.func private @update(%acc: tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) -> (tensor<4x6xf32> {mw.value = "v1", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) attributes {mw.phase = "update"} {
    %0 = sdy.reshard %acc <@mesh, [{"x"}, {}]> : tensor<4x6xf32>
    return %0 : tensor<4x6xf32>
  }
}

// -----

// The batch dim of a stack moves by one.
// CHECK-LABEL: module @unreduced_rows
module @unreduced_rows {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:       func.func private @forward({{.*}}) -> (tensor<2x8x4xf32> {mw.value = "v0", mw.value_dim = 1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}, {}]>})
  func.func @main(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
    %0 = call @forward(%x) : (tensor<8x4xf32>) -> tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
  func.func private @forward(%x: tensor<8x4xf32> {mw.value = "batch0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}) -> (tensor<8x4xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) attributes {mw.phase = "forward"} {
    %0 = sdy.reshard %x <@mesh, [{}, {}], unreduced={"x"}> : tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
}

// -----

// From a split of rows to a split of columns, there and back with a sum in between.
// CHECK-LABEL: module @moves
module @moves {
  sdy.mesh @mesh = <["x"=2, "y"=2]>
  // CHECK:         "stablehlo.reduce_scatter"({{.*}}replica_groups = dense<{{\[\[}}0, 1], [2, 3]]> : tensor<2x2xi64>, scatter_dimension = 0
  // CHECK:         }) : (tensor<4x16xf32>) -> tensor<2x16xf32>
  // CHECK-NEXT:    "stablehlo.all_to_all"({{.*}}concat_dimension = 0 : i64, replica_groups = dense<{{\[\[}}0, 1], [2, 3]]> {{.*}}split_dimension = 1 : i64}> : (tensor<2x16xf32>) -> tensor<4x8xf32>
  // CHECK-NEXT:    "stablehlo.collective_permute"({{.*}}source_target_pairs = dense<{{\[\[}}0, 0], [1, 2], [2, 1], [3, 3]]>
  // CHECK-NEXT:    "stablehlo.all_gather"({{.*}}all_gather_dim = 1 : i64, {{.*}}replica_groups = dense<{{\[\[}}0, 2], [1, 3]]> {{.*}} : (tensor<4x8xf32>) -> tensor<4x16xf32>
  // CHECK:         stablehlo.dynamic_slice {{.*}} sizes = [4, 8]
  // CHECK-NEXT:    "stablehlo.all_gather"
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}], unreduced={"y"}>}) -> (tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y"}, {}]>}) {
    %0 = sdy.reshard %x <@mesh, [{"x", "y"}, {}]> : tensor<8x16xf32>
    %1 = sdy.reshard %0 <@mesh, [{"x"}, {"y"}]> : tensor<8x16xf32>
    %2 = sdy.reshard %1 <@mesh, [{"y"}, {"x"}]> : tensor<8x16xf32>
    %3 = sdy.reshard %2 <@mesh, [{"y"}, {}]> : tensor<8x16xf32>
    %4 = sdy.reshard %3 <@mesh, [{"y"}, {"x"}]> : tensor<8x16xf32>
    %5 = sdy.reshard %4 <@mesh, [{"y"}, {}]> : tensor<8x16xf32>
    return %5 : tensor<8x16xf32>
  }
}

// -----

// A maximum is finished at once.
// CHECK-LABEL: module @maximum
module @maximum {
  sdy.mesh @mesh = <["x"=4]>
  // CHECK:         %[[M:.*]] = stablehlo.reduce({{.*}}) applies stablehlo.maximum across dimensions = [1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8xf32>
  // CHECK-NEXT:    "stablehlo.all_reduce"(%[[M]])
  // CHECK:           stablehlo.maximum
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}) -> (tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %low = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<0xFF800000> : tensor<f32>
    %0 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] {mw.kind = "max", sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}], unreduced={"x"}>]>} : (tensor<8x16xf32>, tensor<f32>) -> tensor<8xf32>
    %1 = sdy.reshard %0 <@mesh, [{}]> {mw.kind = "max"} : tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}

// -----

// Parts in bf16 are added in f32.
// CHECK-LABEL: module @narrow_sum
module @narrow_sum {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         %[[WIDE:.*]] = stablehlo.convert {{.*}} : (tensor<8xbf16>) -> tensor<8xf32>
  // CHECK-NEXT:    %[[SUM:.*]] = "stablehlo.all_reduce"(%[[WIDE]])
  // CHECK:         stablehlo.convert %[[SUM]] : (tensor<8xf32>) -> tensor<8xbf16>
  func.func @main(%x: tensor<8xbf16> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>}) -> (tensor<8xbf16> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %0 = sdy.reshard %x <@mesh, [{}]> : tensor<8xbf16>
    return %0 : tensor<8xbf16>
  }
}

// -----

// An initial value counts once; XLA takes for granted that it is neutral, so it is added behind.
// CHECK-LABEL: module @initial_value
module @initial_value {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         %[[D:.*]] = stablehlo.convert {{.*}} : (tensor<ui32>) -> tensor<i32>
  // CHECK-NEXT:    %[[TWO:.*]] = stablehlo.constant dense<2.000000e+00> : tensor<f32>
  // CHECK-NEXT:    %[[ZERO:.*]] = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  // CHECK-NEXT:    %[[PART:.*]] = stablehlo.reduce({{.*}} init: %[[ZERO]])
  // CHECK:         %[[FIRST:.*]] = stablehlo.compare EQ, %[[D]],
  // CHECK-NEXT:    %[[ONCE:.*]] = stablehlo.select %[[FIRST]], %[[TWO]],
  // CHECK-NEXT:    stablehlo.add %[[PART]], %[[ONCE]]
  func.func @main(%x: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) -> (tensor<f32> {sdy.sharding = #sdy.sharding<@mesh, [], unreduced={"x"}>}) {
    %two = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<2.0> : tensor<f32>
    %0 = stablehlo.reduce(%x init: %two) applies stablehlo.add across dimensions = [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [], unreduced={"x"}>]>} : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// Made where it is needed: a splat is small, an iota starts at the device's offset, of another constant each device takes its part.
// CHECK-LABEL: module @made_locally
module @made_locally {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         %[[D:.*]] = stablehlo.convert {{.*}} : (tensor<ui32>) -> tensor<i32>
  // CHECK-NEXT:    stablehlo.constant dense<1.000000e+00> : tensor<4xf32>
  // CHECK-NEXT:    %[[COUNT:.*]] = stablehlo.iota dim = 0 : tensor<4xi32>
  // CHECK:         %[[START:.*]] = stablehlo.multiply %[[D]],
  // CHECK-NEXT:    %[[STARTS:.*]] = stablehlo.broadcast_in_dim %[[START]], dims = [] : (tensor<i32>) -> tensor<4xi32>
  // CHECK-NEXT:    %[[SUM:.*]] = stablehlo.add %[[COUNT]], %[[STARTS]] : tensor<4xi32>
  // CHECK-NEXT:    stablehlo.convert %[[SUM]] : (tensor<4xi32>) -> tensor<4xf32>
  // CHECK-NEXT:    %[[WHOLE:.*]] = stablehlo.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
  // CHECK:         stablehlo.dynamic_slice %[[WHOLE]], {{.*}} sizes = [2]
  func.func @main() -> (tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}, tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}, tensor<4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) {
    %0 = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}]>]>} dense<1.0> : tensor<8xf32>
    %1 = stablehlo.iota dim = 0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}]>]>} : tensor<8xf32>
    %2 = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}]>]>} dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<4xf32>
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

// -----

// A weight that lies in parts is gathered when that is there by which it is multiplied: XLA on CPU would gather all weights first.
// CHECK-LABEL: module @gather_late
module @gather_late {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         sdy.manual_computation({{.*}}) {{.*}} (%[[X:.*]]: tensor<4x16xf32>, %[[W:.*]]: tensor<8x32xf32>)
  // CHECK-NEXT:      %[[T:.*]] = stablehlo.tanh %[[X]]
  // CHECK-NEXT:      %[[B:.*]]:2 = stablehlo.optimization_barrier %[[W]], %[[T]]
  // CHECK-NEXT:      %[[G:.*]] = "stablehlo.all_gather"(%[[B]]#0)
  // CHECK:           stablehlo.dot_general %[[B]]#1, %[[G]]
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %w: tensor<16x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) {
    %0 = sdy.reshard %w <@mesh, [{}, {}]> : tensor<16x32xf32>
    %1 = stablehlo.tanh %x {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>]>} : tensor<8x16xf32>
    %2 = stablehlo.dot_general %1, %0, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>]>} : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    return %2 : tensor<8x32xf32>
  }
}

// -----

// A loop's block arguments are split as its results are.
// CHECK-LABEL: module @loop
module @loop {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         stablehlo.while({{.*}}) : tensor<4x4xf32>, tensor<i32>
  // CHECK:           stablehlo.tanh {{.*}} : tensor<4x4xf32>
  func.func @main(%x: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %i: tensor<i32> {sdy.sharding = #sdy.sharding<@mesh, []>}) -> (tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) {
    %0:2 = stablehlo.while(%a = %x, %j = %i) : tensor<8x4xf32>, tensor<i32> attributes {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>, <@mesh, []>]>} cond {
      %n = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<3> : tensor<i32>
      %c = stablehlo.compare LT, %j, %n {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %c : tensor<i1>
    } do {
      %t = stablehlo.tanh %a {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>]>} : tensor<8x4xf32>
      %one = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<1> : tensor<i32>
      %k = stablehlo.add %j, %one {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} : tensor<i32>
      stablehlo.return %t, %k : tensor<8x4xf32>, tensor<i32>
    }
    return %0#0 : tensor<8x4xf32>
  }
}

// -----

// One device has everything: annotations and reshards go, and so does what would have been a stack.
// CHECK-LABEL: module @one_device
module @one_device {
  sdy.mesh @mesh = <["x"=1]>
  // CHECK:       func.func @main({{.*}}) -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
  // CHECK-NEXT:    %[[Y:.*]] = stablehlo.dot_general {{.*}} : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
  // CHECK-NEXT:    return %[[Y]]
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}, %w: tensor<16x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    %1 = sdy.reshard %0 <@mesh, [{}, {}]> : tensor<8x32xf32>
    return %1 : tensor<8x32xf32>
  }
}

// -----

// Without annotations there is nothing to do.
// CHECK-LABEL: module @plain
module @plain {
  // CHECK:         stablehlo.tanh
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = stablehlo.tanh %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

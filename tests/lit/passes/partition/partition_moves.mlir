// RUN: %opt %s -p partition --split-input-file | FileCheck %s

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

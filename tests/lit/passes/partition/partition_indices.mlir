// RUN: %opt %s -p partition --split-input-file | FileCheck %s

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

// RUN: %opt %s -p drop-shardings --split-input-file | FileCheck %s

// CHECK-LABEL: module {
// CHECK-NOT:   sdy.
// CHECK:       func.func @constraints
// CHECK-SAME:    (%[[X:.*]]: tensor<8xf32>) -> tensor<8xf32>
// CHECK-NEXT:    %[[NEG:.*]] = stablehlo.negate %[[X]] : tensor<8xf32>
// CHECK-NEXT:    return %[[NEG]]
sdy.mesh @mesh = <["data"=8]>
func.func @constraints(%x: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>})
    -> (tensor<8xf32> {mhlo.sharding = "{replicated}"}) {
  %0 = sdy.sharding_constraint %x <@mesh, [{"data"}]> : tensor<8xf32>
  %1 = stablehlo.custom_call @Sharding(%0) {mhlo.sharding = "{replicated}"} : (tensor<8xf32>) -> tensor<8xf32>
  %2 = stablehlo.negate %1 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"data"}]>]>} : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @other_attributes_stay
// CHECK-SAME:    tensor<8xf32> {tf.aliasing_output = 0 : i32}
func.func @other_attributes_stay(%x: tensor<8xf32> {mhlo.sharding = "{replicated}", tf.aliasing_output = 0 : i32}) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}

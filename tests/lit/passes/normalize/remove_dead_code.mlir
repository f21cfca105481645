// RUN: %opt %s -p remove-dead-code | FileCheck %s

// CHECK-LABEL: func.func @dead_chain
// CHECK-SAME:    (%[[X:.*]]: tensor<4x4xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @dead_chain(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = stablehlo.negate %x : tensor<4x4xf32>
  %1 = stablehlo.custom_call @Qr(%0) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = stablehlo.optimization_barrier %1 : tensor<4x4xf32>
  return %x : tensor<4x4xf32>
}

// CHECK-LABEL: func.func @side_effect_stays
// CHECK-NEXT:    stablehlo.custom_call @write
func.func @side_effect_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.custom_call @write(%x) {has_side_effect = true} : (tensor<4xf32>) -> tensor<4xf32>
  return %x : tensor<4xf32>
}

// CHECK-LABEL: func.func @one_result_is_read
// CHECK-NEXT:    stablehlo.rng_bit_generator
func.func @one_result_is_read(%s: tensor<2xui64>) -> tensor<2xui64> {
  %0, %1 = stablehlo.rng_bit_generator %s, algorithm = DEFAULT : (tensor<2xui64>) -> (tensor<2xui64>, tensor<4xui32>)
  return %0 : tensor<2xui64>
}

// RUN: %opt %s -p detach-results,canonicalize,cse --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[W:.*]]: tensor<f32>
// CHECK-NEXT:    %[[OUT:.*]] = stablehlo.optimization_barrier %[[W]]
// CHECK-NEXT:    return %[[W]], %[[OUT]]
func.func @main(%unchanged_state: tensor<f32>) -> (tensor<f32> {mw.state_arg = 0 : i64}, tensor<f32> {mw.role = "output"}) {
  return %unchanged_state, %unchanged_state : tensor<f32>, tensor<f32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[A:[a-z0-9]+]]: tensor<f32>, %[[B:[a-z0-9]+]]: tensor<f32>)
// CHECK-NEXT:    %[[NEXT_A:.*]] = stablehlo.optimization_barrier %[[B]]
// CHECK-NEXT:    %[[NEXT_B:.*]] = stablehlo.optimization_barrier %[[A]]
// CHECK-NEXT:    return %[[NEXT_A]], %[[NEXT_B]]
func.func @main(%swapped: tensor<f32>, %state: tensor<f32>) -> (tensor<f32> {mw.state_arg = 0 : i64}, tensor<f32> {mw.state_arg = 1 : i64}) {
  return %state, %swapped : tensor<f32>, tensor<f32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK-NEXT:    %[[ONE:.*]] = stablehlo.negate
// CHECK-NEXT:    %[[COPIES:.*]]:2 = stablehlo.optimization_barrier %[[ONE]], %[[ONE]]
// CHECK-NEXT:    return %[[ONE]], %[[COPIES]]#0, %[[COPIES]]#1
func.func @main(%one_value_three_times: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  %0 = stablehlo.negate %one_value_three_times : tensor<f32>
  return %0, %0, %0 : tensor<f32>, tensor<f32>, tensor<f32>
}

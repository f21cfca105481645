// RUN: %opt %s -p normalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func public @composite_and_call_and_chlo
// CHECK-SAME:    (%[[X:.*]]: tensor<4xf32>)
// CHECK-NEXT:    %[[SQUARE:.*]] = stablehlo.multiply %[[X]], %[[X]]
// CHECK-NEXT:    %[[TWICE:.*]] = stablehlo.add %[[SQUARE]], %[[SQUARE]]
// CHECK-NEXT:    return %[[TWICE]]
// CHECK-NOT:   func.func
func.func public @composite_and_call_and_chlo(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.composite "my.twice" %x {decomposition = @twice} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @twice(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @square(%a) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = stablehlo.add %0, %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
func.func private @square(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = chlo.square %a : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func public @repeated_and_dead
// CHECK-NEXT:    %[[ONE:.*]] = stablehlo.cosine
// CHECK-NEXT:    %[[SUM:.*]] = stablehlo.add %[[ONE]], %[[ONE]]
// CHECK-NEXT:    return %[[SUM]]
func.func public @repeated_and_dead(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.cosine %x : tensor<4xf32>
  %1 = stablehlo.cosine %x : tensor<4xf32>
  %2 = stablehlo.tanh %x : tensor<4xf32>
  %3 = stablehlo.add %0, %1 : tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

// Rematerialization asks for a value to be computed twice: the barrier stays.
// CHECK-LABEL: func.func public @barrier_stays
// CHECK:         stablehlo.optimization_barrier
func.func public @barrier_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.optimization_barrier %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// RUN: %opt %s -p inline,symbol-dce --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @call_of_call
// CHECK-SAME:    (%[[X:.*]]: tensor<f32>)
// CHECK-NEXT:    %[[TWICE:.*]] = stablehlo.add %[[X]], %[[X]]
// CHECK-NEXT:    %[[SUM:.*]] = stablehlo.multiply %[[TWICE]], %[[X]]
// CHECK-NEXT:    return %[[SUM]]
// CHECK-NOT:   func.func private
func.func @call_of_call(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @outer(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func private @outer(%a: tensor<f32>) -> tensor<f32> {
  %0 = call @inner(%a) : (tensor<f32>) -> tensor<f32>
  %1 = stablehlo.multiply %0, %a : tensor<f32>
  return %1 : tensor<f32>
}
func.func private @inner(%a: tensor<f32>) -> tensor<f32> {
  %0 = stablehlo.add %a, %a : tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @same_callee_twice
// CHECK:         %[[ONE:.*]] = stablehlo.negate %{{.*}}
// CHECK-NEXT:    %[[TWO:.*]] = stablehlo.negate %[[ONE]]
// CHECK-NEXT:    return %[[TWO]]
func.func @same_callee_twice(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @f(%x) : (tensor<f32>) -> tensor<f32>
  %1 = call @f(%0) : (tensor<f32>) -> tensor<f32>
  return %1 : tensor<f32>
}
func.func private @f(%a: tensor<f32>) -> tensor<f32> {
  %0 = stablehlo.negate %a : tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @results_are_arguments
// CHECK-SAME:    (%[[X:.*]]: tensor<f32>, %[[Y:.*]]: tensor<i32>)
// CHECK-NEXT:    return %[[Y]], %[[X]]
func.func @results_are_arguments(%x: tensor<f32>, %y: tensor<i32>) -> (tensor<i32>, tensor<f32>) {
  %0:2 = call @swap(%x, %y) : (tensor<f32>, tensor<i32>) -> (tensor<i32>, tensor<f32>)
  return %0#0, %0#1 : tensor<i32>, tensor<f32>
}
func.func private @swap(%a: tensor<f32>, %b: tensor<i32>) -> (tensor<i32>, tensor<f32>) {
  return %b, %a : tensor<i32>, tensor<f32>
}

// -----

// CHECK-LABEL: func.func @inside_while
// CHECK:         do {
// CHECK-NEXT:      %[[NEXT:.*]] = stablehlo.add
// CHECK-NEXT:      stablehlo.return %[[NEXT]]
func.func @inside_while(%n: tensor<i32>) -> tensor<i32> {
  %c = stablehlo.constant dense<1> : tensor<i32>
  %0 = stablehlo.while(%i = %c) : tensor<i32>
  cond {
    %p = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  } do {
    %next = func.call @double(%i) : (tensor<i32>) -> tensor<i32>
    stablehlo.return %next : tensor<i32>
  }
  return %0 : tensor<i32>
}
func.func private @double(%a: tensor<i32>) -> tensor<i32> {
  %0 = stablehlo.add %a, %a : tensor<i32>
  return %0 : tensor<i32>
}

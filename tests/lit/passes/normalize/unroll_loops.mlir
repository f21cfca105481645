// RUN: %opt %s -p 'unroll-loops,func.func(canonicalize)' --split-input-file | FileCheck %s
// RUN: %opt %s -p 'unroll-loops{max-trips=1}' --split-input-file | FileCheck %s --check-prefix=LONG
// RUN: %opt %s -p 'unroll-loops{max-ops=20}' --split-input-file | FileCheck %s --check-prefix=LARGE

// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[STACK:.*]]: tensor<2x4x4xf32> {mw.layers = 2 : i64}, %[[X:.*]]: tensor<4x4xf32>)
// CHECK-NOT:     stablehlo.while
// CHECK:         %[[ONE:.*]] = stablehlo.dot_general %[[X]]
// CHECK:         %[[TWO:.*]] = stablehlo.dot_general %[[ONE]]
// CHECK-NOT:     stablehlo.dot_general
// CHECK:         return %[[TWO]]
// LONG-LABEL:  func.func @main
// LONG:          stablehlo.while
// LARGE-LABEL: func.func @main
// LARGE:         stablehlo.while
func.func @main(%layers: tensor<2x4x4xf32>, %x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %two = stablehlo.constant dense<2> : tensor<i32>
  %0:2 = stablehlo.while(%i = %zero, %h = %x) : tensor<i32>, tensor<4x4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %two : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  } do {
    %w1 = stablehlo.dynamic_slice %layers, %i, %zero, %zero, sizes = [1, 4, 4] : (tensor<2x4x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x4x4xf32>
    %w = stablehlo.reshape %w1 : (tensor<1x4x4xf32>) -> tensor<4x4xf32>
    %y = stablehlo.dot_general %h, %w, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %next = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %next, %y : tensor<i32>, tensor<4x4xf32>
  }
  return %0#1 : tensor<4x4xf32>
}

// -----

// The same weights in each iteration, a slice of the data: a loop over time stays.
// CHECK-LABEL: func.func @main
// CHECK:         stablehlo.while
func.func @main(%weight: tensor<4x4xf32> {mw.role = "parameter"}, %time: tensor<2x4x4xf32> {mw.role = "batch"}, %h0: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %two = stablehlo.constant dense<2> : tensor<i32>
  %0:2 = stablehlo.while(%i = %zero, %h = %h0) : tensor<i32>, tensor<4x4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %two : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  } do {
    %x1 = stablehlo.dynamic_slice %time, %i, %zero, %zero, sizes = [1, 4, 4] : (tensor<2x4x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x4x4xf32>
    %x = stablehlo.reshape %x1 : (tensor<1x4x4xf32>) -> tensor<4x4xf32>
    %y = stablehlo.dot_general %x, %weight, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %sum = stablehlo.add %h, %y : tensor<4x4xf32>
    %next = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %next, %sum : tensor<i32>, tensor<4x4xf32>
  }
  return %0#1 : tensor<4x4xf32>
}

// -----

// Who knows how often this runs: it stays.
// CHECK-LABEL: func.func @main
// CHECK:         stablehlo.while
func.func @main(%layers: tensor<2x4x4xf32>, %x: tensor<4x4xf32>, %n: tensor<i32>) -> tensor<4x4xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %0:2 = stablehlo.while(%i = %zero, %h = %x) : tensor<i32>, tensor<4x4xf32>
  cond {
    %p = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %p : tensor<i1>
  } do {
    %w1 = stablehlo.dynamic_slice %layers, %i, %zero, %zero, sizes = [1, 4, 4] : (tensor<2x4x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x4x4xf32>
    %w = stablehlo.reshape %w1 : (tensor<1x4x4xf32>) -> tensor<4x4xf32>
    %y = stablehlo.dot_general %h, %w, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %next = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %next, %y : tensor<i32>, tensor<4x4xf32>
  }
  return %0#1 : tensor<4x4xf32>
}

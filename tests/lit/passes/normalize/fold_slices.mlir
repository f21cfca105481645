// RUN: %opt %s -p 'fold-slices,func.func(canonicalize)' --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @stack_of_pieces
// CHECK-SAME:    (%[[P0:.*]]: tensor<1x4xf32>, %[[P1:.*]]: tensor<1x4xf32>)
// CHECK-NEXT:    %[[STACK:.*]] = stablehlo.concatenate %[[P0]], %[[P1]], dim = 0
// CHECK-NEXT:    return %[[P0]], %[[STACK]]
func.func @stack_of_pieces(%p0: tensor<1x4xf32>, %p1: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<2x4xf32>) {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %c1 = stablehlo.add %c0, %one : tensor<i32>
  %zeros = stablehlo.constant dense<0.0> : tensor<2x4xf32>
  %a1 = stablehlo.dynamic_update_slice %zeros, %p0, %c0, %c0 : (tensor<2x4xf32>, tensor<1x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x4xf32>
  %a2 = stablehlo.dynamic_update_slice %a1, %p1, %c1, %c0 : (tensor<2x4xf32>, tensor<1x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x4xf32>
  %s = stablehlo.dynamic_slice %a2, %c0, %c0, sizes = [1, 4] : (tensor<2x4xf32>, tensor<i32>, tensor<i32>) -> tensor<1x4xf32>
  return %s, %a2 : tensor<1x4xf32>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: func.func @index_beyond_the_end_is_clamped
// CHECK:         stablehlo.slice %{{.*}} [1:2, 0:4]
func.func @index_beyond_the_end_is_clamped(%x: tensor<2x4xf32>) -> tensor<1x4xf32> {
  %c0 = stablehlo.constant dense<0> : tensor<i32>
  %c7 = stablehlo.constant dense<7> : tensor<i32>
  %s = stablehlo.dynamic_slice %x, %c7, %c0, sizes = [1, 4] : (tensor<2x4xf32>, tensor<i32>, tensor<i32>) -> tensor<1x4xf32>
  return %s : tensor<1x4xf32>
}

// -----

// The negative index that jax wraps around: a compare, an add and a select of constants.
// CHECK-LABEL: func.func @wrapped_index
// CHECK-NEXT:    %[[S:.*]] = stablehlo.slice %{{.*}} [1:2]
// CHECK-NEXT:    return %[[S]]
func.func @wrapped_index(%x: tensor<2xf32>) -> tensor<1xf32> {
  %i = stablehlo.constant dense<-1> : tensor<i32>
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %size = stablehlo.constant dense<2> : tensor<i32>
  %negative = stablehlo.compare LT, %i, %zero, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %wrapped = stablehlo.add %i, %size : tensor<i32>
  %index = stablehlo.select %negative, %wrapped, %i : tensor<i1>, tensor<i32>
  %s = stablehlo.dynamic_slice %x, %index, sizes = [1] : (tensor<2xf32>, tensor<i32>) -> tensor<1xf32>
  return %s : tensor<1xf32>
}

// -----

// A slice that overlaps an update only in part is left to the update.
// CHECK-LABEL: func.func @overlap
// CHECK:         %[[U:.*]] = stablehlo.dynamic_update_slice
// CHECK-NEXT:    stablehlo.slice %[[U]] [0:2]
func.func @overlap(%x: tensor<4xf32>, %p: tensor<2xf32>) -> tensor<2xf32> {
  %one = stablehlo.constant dense<1> : tensor<i32>
  %u = stablehlo.dynamic_update_slice %x, %p, %one : (tensor<4xf32>, tensor<2xf32>, tensor<i32>) -> tensor<4xf32>
  %s = stablehlo.slice %u [0:2] : (tensor<4xf32>) -> tensor<2xf32>
  return %s : tensor<2xf32>
}

// -----

// What no piece covers comes from the base.
// CHECK-LABEL: func.func @gap
// CHECK-SAME:    (%[[X:.*]]: tensor<4xf32>, %[[P:.*]]: tensor<1xf32>, %[[Q:.*]]: tensor<1xf32>)
// CHECK-DAG:     %[[LEFT:.*]] = stablehlo.slice %[[X]] [0:1]
// CHECK-DAG:     %[[MIDDLE:.*]] = stablehlo.slice %[[X]] [2:3]
// CHECK:         stablehlo.concatenate %[[LEFT]], %[[P]], %[[MIDDLE]], %[[Q]], dim = 0
func.func @gap(%x: tensor<4xf32>, %p: tensor<1xf32>, %q: tensor<1xf32>) -> tensor<4xf32> {
  %one = stablehlo.constant dense<1> : tensor<i32>
  %three = stablehlo.constant dense<3> : tensor<i32>
  %0 = stablehlo.dynamic_update_slice %x, %q, %three : (tensor<4xf32>, tensor<1xf32>, tensor<i32>) -> tensor<4xf32>
  %1 = stablehlo.dynamic_update_slice %0, %p, %one : (tensor<4xf32>, tensor<1xf32>, tensor<i32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Overflow is left to whoever runs the program.
// CHECK-LABEL: func.func @overflow
// CHECK:         stablehlo.add
func.func @overflow() -> tensor<i8> {
  %a = stablehlo.constant dense<127> : tensor<i8>
  %b = stablehlo.constant dense<2> : tensor<i8>
  %0 = stablehlo.add %a, %b : tensor<i8>
  return %0 : tensor<i8>
}

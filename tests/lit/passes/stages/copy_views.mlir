// RUN: %opt %s -p copy-views --split-input-file | FileCheck %s

// Each parameter gets a broadcast of the clipping factor of its own: the last reader keeps the first one.
// CHECK-LABEL: module @clipping_factor_of_two_parameters
// CHECK:       func.func @main(%[[S:.*]]: tensor<f32>, %[[G0:.*]]: tensor<4xf32>, %[[G1:.*]]: tensor<4xf32>)
// CHECK-NEXT:    %[[B1:.*]] = stablehlo.broadcast_in_dim %[[S]],
// CHECK-NEXT:    %[[B0:.*]] = stablehlo.broadcast_in_dim %[[S]],
// CHECK-NEXT:    %[[U0:.*]] = stablehlo.multiply %[[G0]], %[[B0]]
// CHECK-NEXT:    %[[U1:.*]] = stablehlo.multiply %[[G1]], %[[B1]]
// CHECK-NEXT:    return %[[U0]], %[[U1]]
module @clipping_factor_of_two_parameters {
  func.func @main(%s: tensor<f32>, %g0: tensor<4xf32>, %g1: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
    %b = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %0 = stablehlo.multiply %g0, %b : tensor<4xf32>
    %1 = stablehlo.multiply %g1, %b : tensor<4xf32>
    return %0, %1 : tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// A view of a view is copied as a whole: only the source is shared.
// CHECK-LABEL: module @chain_of_views
// CHECK:       func.func @main(%[[X:.*]]: tensor<2x3xf32>)
// CHECK-NEXT:    %[[T0:.*]] = stablehlo.transpose %[[X]],
// CHECK-NEXT:    %[[T1:.*]] = stablehlo.transpose %[[X]],
// CHECK-NEXT:    %[[R1:.*]] = stablehlo.reshape %[[T1]]
// CHECK-NEXT:    %[[R0:.*]] = stablehlo.reshape %[[T0]]
// CHECK-NEXT:    stablehlo.negate %[[R0]]
// CHECK-NEXT:    stablehlo.tanh %[[R1]]
module @chain_of_views {
  func.func @main(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<6xf32>) {
    %t = stablehlo.transpose %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
    %r = stablehlo.reshape %t : (tensor<3x2xf32>) -> tensor<6xf32>
    %0 = stablehlo.negate %r : tensor<6xf32>
    %1 = stablehlo.tanh %r : tensor<6xf32>
    return %0, %1 : tensor<6xf32>, tensor<6xf32>
  }
}

// -----

// Two operands of one op are one reader.
// CHECK-LABEL: module @both_operands_of_one_op
// CHECK:         %[[B:.*]] = stablehlo.broadcast_in_dim
// CHECK-NEXT:    stablehlo.multiply %[[B]], %[[B]]
module @both_operands_of_one_op {
  func.func @main(%s: tensor<f32>) -> tensor<4xf32> {
    %b = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %0 = stablehlo.multiply %b, %b : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

// Constants, and views of them, are copied into every fragment by 'realize' anyway.
// CHECK-LABEL: module @view_of_a_constant_stays
// CHECK:         %[[B:.*]] = stablehlo.broadcast_in_dim
// CHECK-NEXT:    stablehlo.add %{{.*}}, %[[B]]
// CHECK-NEXT:    stablehlo.multiply %{{.*}}, %[[B]]
module @view_of_a_constant_stays {
  func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
    %c = stablehlo.constant dense<2.0> : tensor<f32>
    %b = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %0 = stablehlo.add %x, %b : tensor<4xf32>
    %1 = stablehlo.multiply %x, %b : tensor<4xf32>
    return %0, %1 : tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// A result and the inside of a region share the first one.
// CHECK-LABEL: module @results_and_regions_share
// CHECK:         %[[B:.*]] = stablehlo.broadcast_in_dim
// CHECK-NEXT:    %[[OWN:.*]] = stablehlo.broadcast_in_dim
// CHECK-NEXT:    stablehlo.negate %[[OWN]]
// CHECK-NOT:     stablehlo.broadcast_in_dim
// CHECK:           stablehlo.tanh %[[B]]
// CHECK:         return %{{.*}}, %{{.*}}, %[[B]]
module @results_and_regions_share {
  func.func @main(%s: tensor<f32>, %p: tensor<i1>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
    %b = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %0 = stablehlo.negate %b : tensor<4xf32>
    %1 = "stablehlo.if"(%p) ({
      %2 = stablehlo.tanh %b : tensor<4xf32>
      stablehlo.return %2 : tensor<4xf32>
    }, {
      stablehlo.return %b : tensor<4xf32>
    }) : (tensor<i1>) -> tensor<4xf32>
    return %0, %1, %b : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
}

// RUN: %opt %s -p 'split-stacks,func.func(canonicalize),func.func(cse)' --split-input-file | FileCheck %s

// A weight, its momentum and their gradient: parts follow the user's arguments and results, each with its rows, name and state.
// CHECK-LABEL: module @momentum
module @momentum {
  // CHECK:       func.func @main(
  // CHECK-SAME:    %[[W0:[^:]*]]: tensor<1x4xf32> {mw.index = 0 : i64, mw.name = "w[0]", mw.part = array<i64: 0, 0, 1>, mw.role = "parameter", mw.state_result = 0 : i64, tf.aliasing_output = 0 : i32}
  // CHECK-SAME:    %[[M0:[^:]*]]: tensor<1x4xf32> {mw.index = 1 : i64, mw.name = "m[0]", mw.part = array<i64: 1, 0, 1>, mw.role = "optimizer", mw.state_result = 1 : i64}
  // CHECK-SAME:    %[[G0:[^:]*]]: tensor<1x4xf32> {mw.role = "batch"}, %[[G1:[^:]*]]: tensor<1x4xf32> {mw.role = "batch"}
  // CHECK-SAME:    %[[W1:[^:]*]]: tensor<1x4xf32> {mw.index = 4 : i64, mw.name = "w[1]", mw.part = array<i64: 0, 1, 2>, mw.role = "parameter", mw.state_result = 4 : i64, tf.aliasing_output = 4 : i32}
  // CHECK-SAME:    %[[M1:[^:]*]]: tensor<1x4xf32> {mw.index = 5 : i64, mw.name = "m[1]", mw.part = array<i64: 1, 1, 2>, mw.role = "optimizer", mw.state_result = 5 : i64}
  // CHECK-SAME:    -> (tensor<1x4xf32> {mw.index = 0 : i64, mw.name = "w[0]", mw.part = array<i64: 0, 0, 1>, mw.role = "state", mw.state_arg = 0 : i64}
  // CHECK-SAME:        tensor<1x4xf32> {mw.index = 1 : i64, {{.*}}mw.state_arg = 1 : i64}, tensor<1x4xf32> {mw.role = "output"}, tensor<1x4xf32> {mw.role = "output"}
  // CHECK-SAME:        tensor<1x4xf32> {{{.*}}mw.part = array<i64: 0, 1, 2>, mw.role = "state", mw.state_arg = 4 : i64}
  // CHECK-SAME:        tensor<1x4xf32> {{{.*}}mw.part = array<i64: 1, 1, 2>, mw.role = "state", mw.state_arg = 5 : i64}
  func.func @main(%w: tensor<2x4xf32> {mw.index = 0 : i64, mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter", mw.state_result = 0 : i64, tf.aliasing_output = 0 : i32},
                  %m: tensor<2x4xf32> {mw.index = 1 : i64, mw.name = "m", mw.role = "optimizer", mw.state_result = 1 : i64},
                  %g0: tensor<1x4xf32> {mw.role = "batch"}, %g1: tensor<1x4xf32> {mw.role = "batch"})
      -> (tensor<2x4xf32> {mw.index = 0 : i64, mw.name = "w", mw.role = "state", mw.state_arg = 0 : i64},
          tensor<2x4xf32> {mw.index = 1 : i64, mw.name = "m", mw.role = "state", mw.state_arg = 1 : i64},
          tensor<1x4xf32> {mw.role = "output"}, tensor<1x4xf32> {mw.role = "output"}) {
    // CHECK-DAG:     %[[DECAY0:.*]] = stablehlo.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<1x4xf32>
    // CHECK-DAG:     %[[GRADIENTS:.*]] = stablehlo.concatenate %[[G0]], %[[G1]], dim = 0
    // CHECK-DAG:     %[[MINE0:.*]] = stablehlo.slice %[[GRADIENTS]] [0:1, 0:4]
    // CHECK-DAG:     %[[MINE1:.*]] = stablehlo.slice %[[GRADIENTS]] [1:2, 0:4]
    // CHECK-DAG:     %[[OLD0:.*]] = stablehlo.multiply %[[M0]], %[[DECAY0]] : tensor<1x4xf32>
    // CHECK-DAG:     %[[OLD1:.*]] = stablehlo.multiply %[[M1]], %{{.*}} : tensor<1x4xf32>
    // CHECK-DAG:     %[[NEWM0:.*]] = stablehlo.add %[[OLD0]], %[[MINE0]] : tensor<1x4xf32>
    // CHECK-DAG:     %[[NEWM1:.*]] = stablehlo.add %[[OLD1]], %[[MINE1]] : tensor<1x4xf32>
    // CHECK-DAG:     %[[NEWW0:.*]] = stablehlo.subtract %[[W0]], %[[NEWM0]] : tensor<1x4xf32>
    // CHECK-DAG:     %[[NEWW1:.*]] = stablehlo.subtract %[[W1]], %[[NEWM1]] : tensor<1x4xf32>
    %c = stablehlo.constant dense<0.9> : tensor<f32>
    %decay = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f32>) -> tensor<2x4xf32>
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %1 = stablehlo.slice %w [1:2, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %g = stablehlo.concatenate %g0, %g1, dim = 0 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
    %old = stablehlo.multiply %m, %decay : tensor<2x4xf32>
    %new_m = stablehlo.add %old, %g : tensor<2x4xf32>
    %new_w = stablehlo.subtract %w, %new_m : tensor<2x4xf32>
    // CHECK:         return %[[NEWW0]], %[[NEWM0]], %[[W0]], %[[W1]], %[[NEWW1]], %[[NEWM1]]
    return %new_w, %new_m, %0, %1 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
  }
}

// -----

// A norm over a stack is a sum of sums; one along other dims has a row a layer.
// CHECK-LABEL: module @norms
// CHECK-SAME:  {
// CHECK:       func.func @main(%[[W0:[^:]*]]: tensor<1x4xf32> {{.*}}, %[[W1:[^:]*]]: tensor<1x4xf32>
// CHECK-DAG:     %[[ZERO:.*]] = stablehlo.constant dense<0.000000e+00> : tensor<f32>
// CHECK-DAG:     %[[ONE:.*]] = stablehlo.constant dense<1.000000e+00> : tensor<f32>
// CHECK-DAG:     %[[S0:.*]] = stablehlo.reduce(%[[W0]] init: %[[ZERO]]) applies stablehlo.add across dimensions = [0, 1] : (tensor<1x4xf32>, tensor<f32>) -> tensor<f32>
// CHECK-DAG:     %[[S1:.*]] = stablehlo.reduce(%[[W1]] init: %[[ZERO]]) applies stablehlo.add across dimensions = [0, 1] : (tensor<1x4xf32>, tensor<f32>) -> tensor<f32>
// CHECK-DAG:     %[[NORM:.*]] = stablehlo.add %[[S0]], %[[S1]] : tensor<f32>
// CHECK-DAG:     %[[R0:.*]] = stablehlo.reduce(%[[W0]] init: %[[ONE]]) applies stablehlo.maximum across dimensions = [1] : (tensor<1x4xf32>, tensor<f32>) -> tensor<1xf32>
// CHECK-DAG:     %[[R1:.*]] = stablehlo.reduce(%[[W1]] init: %[[ONE]]) applies stablehlo.maximum across dimensions = [1] : (tensor<1x4xf32>, tensor<f32>) -> tensor<1xf32>
// CHECK:         return %[[W0]], %[[W1]], %[[NORM]], %[[R0]], %[[R1]]
module @norms {
  func.func @main(%w: tensor<2x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<f32>, tensor<2xf32>) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %one = stablehlo.constant dense<1.0> : tensor<f32>
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %1 = stablehlo.slice %w [1:2, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %s = stablehlo.reduce(%w init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x4xf32>, tensor<f32>) -> tensor<f32>
    %r = stablehlo.reduce(%w init: %one) applies stablehlo.maximum across dimensions = [1] : (tensor<2x4xf32>, tensor<f32>) -> tensor<2xf32>
    return %0, %1, %s, %r : tensor<1x4xf32>, tensor<1x4xf32>, tensor<f32>, tensor<2xf32>
  }
}

// -----

// Gradients of static slices are pads that are added up: each part is its own layer's gradient, without the zeros of the others.
// CHECK-LABEL: module @padded_gradients
// CHECK:       func.func @main(%[[W0:[^:]*]]: tensor<1x4xf32> {{.*}}, %[[G0:[^:]*]]: tensor<1x4xf32>, %[[G1:[^:]*]]: tensor<1x4xf32>, %[[W1:[^:]*]]: tensor<1x4xf32>
// CHECK-DAG:     %[[N0:.*]] = stablehlo.subtract %[[W0]], %[[G0]] : tensor<1x4xf32>
// CHECK-DAG:     %[[N1:.*]] = stablehlo.subtract %[[W1]], %[[G1]] : tensor<1x4xf32>
// CHECK:         return %[[N0]], %[[W0]], %[[W1]], %[[N1]]
module @padded_gradients {
  func.func @main(%w: tensor<2x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter", mw.state_result = 0 : i64}, %g0: tensor<1x4xf32>, %g1: tensor<1x4xf32>)
      -> (tensor<2x4xf32> {mw.role = "state", mw.state_arg = 0 : i64}, tensor<1x4xf32>, tensor<1x4xf32>) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %1 = stablehlo.slice %w [1:2, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %p0 = stablehlo.pad %g0, %zero, low = [0, 0], high = [1, 0], interior = [0, 0] : (tensor<1x4xf32>, tensor<f32>) -> tensor<2x4xf32>
    %p1 = stablehlo.pad %g1, %zero, low = [1, 0], high = [0, 0], interior = [0, 0] : (tensor<1x4xf32>, tensor<f32>) -> tensor<2x4xf32>
    %g = stablehlo.add %p0, %p1 : tensor<2x4xf32>
    %new = stablehlo.subtract %w, %g : tensor<2x4xf32>
    return %new, %0, %1 : tensor<2x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>
  }
}

// -----

// Layers in groups: read through the reshape, a part is a group.
// CHECK-LABEL: module @groups
// CHECK:       func.func @main(%[[W0:[^:]*]]: tensor<2x4xf32> {{.*}}mw.name = "w[0:2]", mw.part = array<i64: 0, 0, 2>{{.*}}, %[[W1:[^:]*]]: tensor<2x4xf32> {{.*}}mw.name = "w[2:4]"
// CHECK-DAG:     %[[GROUP:.*]] = stablehlo.reshape %[[W1]] : (tensor<2x4xf32>) -> tensor<1x2x4xf32>
// CHECK-DAG:     stablehlo.slice %[[W0]] [1:2, 0:2] : (tensor<2x4xf32>) -> tensor<1x2xf32>
// CHECK-DAG:     stablehlo.slice %[[W1]] [0:2, 0:2] : (tensor<2x4xf32>) -> tensor<2x2xf32>
// CHECK:         return %[[GROUP]],
module @groups {
  func.func @main(%w: tensor<4x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}) -> (tensor<1x2x4xf32>, tensor<2x2xf32>) {
    %groups = stablehlo.reshape %w : (tensor<4x4xf32>) -> tensor<2x2x4xf32>
    %0 = stablehlo.slice %groups [1:2, 0:2, 0:4] : (tensor<2x2x4xf32>) -> tensor<1x2x4xf32>
    %1 = stablehlo.slice %w [0:2, 0:4] : (tensor<4x4xf32>) -> tensor<2x4xf32>
    %2 = stablehlo.slice %1 [1:2, 0:2] : (tensor<2x4xf32>) -> tensor<1x2xf32>
    %3 = stablehlo.slice %w [2:4, 0:2] : (tensor<4x4xf32>) -> tensor<2x2xf32>
    %4 = stablehlo.slice %3 [0:1, 0:2] : (tensor<2x2xf32>) -> tensor<1x2xf32>
    %5 = stablehlo.concatenate %2, %4, dim = 0 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
    return %0, %5 : tensor<1x2x4xf32>, tensor<2x2xf32>
  }
}

// -----

// A cast, a transpose and a barrier of the whole stack are those of its parts; so is a product with the layers as a batching dim.
// CHECK-LABEL: module @row_by_row
// CHECK:       func.func @main(%[[W0:[^:]*]]: tensor<1x4x2xf32> {{.*}}, %[[W1:[^:]*]]: tensor<1x4x2xf32>
// CHECK-DAG:     %[[C0:.*]] = stablehlo.convert %[[W0]] : (tensor<1x4x2xf32>) -> tensor<1x4x2xf16>
// CHECK-DAG:     %[[T0:.*]] = stablehlo.transpose %[[C0]], dims = [0, 2, 1] : (tensor<1x4x2xf16>) -> tensor<1x2x4xf16>
// CHECK-DAG:     %[[B0:.*]] = stablehlo.optimization_barrier %[[T0]] : tensor<1x2x4xf16>
// CHECK-DAG:     %[[D1:.*]] = stablehlo.dot_general %[[W1]], %[[W1]], batching_dims = [0] x [0], contracting_dims = [1] x [1] {{.*}} -> tensor<1x2x2xf32>
// CHECK:         return %[[B0]], %{{.*}}, %{{.*}}, %[[D1]]
module @row_by_row {
  func.func @main(%w: tensor<2x4x2xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}) -> (tensor<1x2x4xf16>, tensor<1x2x4xf16>, tensor<2x2x2xf32>) {
    %c = stablehlo.convert %w : (tensor<2x4x2xf32>) -> tensor<2x4x2xf16>
    %t = stablehlo.transpose %c, dims = [0, 2, 1] : (tensor<2x4x2xf16>) -> tensor<2x2x4xf16>
    %b = stablehlo.optimization_barrier %t : tensor<2x2x4xf16>
    %0 = stablehlo.slice %b [0:1, 0:2, 0:4] : (tensor<2x2x4xf16>) -> tensor<1x2x4xf16>
    %1 = stablehlo.slice %b [1:2, 0:2, 0:4] : (tensor<2x2x4xf16>) -> tensor<1x2x4xf16>
    %d = stablehlo.dot_general %w, %w, batching_dims = [0] x [0], contracting_dims = [1] x [1] : (tensor<2x4x2xf32>, tensor<2x4x2xf32>) -> tensor<2x2x2xf32>
    return %0, %1, %d : tensor<1x2x4xf16>, tensor<1x2x4xf16>, tensor<2x2x2xf32>
  }
}

// -----

// What reads all layers at once leaves the stack, and the momentum that is updated beside it, whole.
// CHECK-LABEL: module @read_whole
// CHECK:       func.func @main(%{{.*}}: tensor<2x4xf32> {mw.name = "w", mw.one_stack = "stablehlo.dot_general -> tensor<2x2xf32>{{.*}} reads all its layers at once", mw.role = "parameter"}, %{{.*}}: tensor<2x4xf32> {mw.role = "optimizer"})
module @read_whole {
  func.func @main(%w: tensor<2x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}, %m: tensor<2x4xf32> {mw.role = "optimizer"}) -> (tensor<1x4xf32>, tensor<2x2xf32>, tensor<2x4xf32>) {
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %d = stablehlo.dot_general %w, %w, contracting_dims = [1] x [1] : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x2xf32>
    %a = stablehlo.add %w, %m : tensor<2x4xf32>
    return %0, %d, %a : tensor<1x4xf32>, tensor<2x2xf32>, tensor<2x4xf32>
  }
}

// -----

// A sum that does not begin with nothing is no sum of parts' sums; every second layer is no box of rows.
// CHECK-LABEL: module @begins_with_one
// CHECK:         mw.one_stack = "stablehlo.reduce -> tensor<4xf32>
module @begins_with_one {
  func.func @main(%w: tensor<2x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}) -> (tensor<1x4xf32>, tensor<4xf32>) {
    %one = stablehlo.constant dense<1.0> : tensor<f32>
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %s = stablehlo.reduce(%w init: %one) applies stablehlo.add across dimensions = [0] : (tensor<2x4xf32>, tensor<f32>) -> tensor<4xf32>
    return %0, %s : tensor<1x4xf32>, tensor<4xf32>
  }
}

// -----

// CHECK-LABEL: module @every_second
// CHECK:         mw.one_stack = "stablehlo.slice -> tensor<2x4xf32>
module @every_second {
  func.func @main(%w: tensor<4x4xf32> {mw.layers = 4 : i64, mw.name = "w", mw.role = "parameter"}) -> tensor<2x4xf32> {
    %0 = stablehlo.slice %w [0:4:2, 0:4] : (tensor<4x4xf32>) -> tensor<2x4xf32>
    return %0 : tensor<2x4xf32>
  }
}

// -----

// A batch that is combined with a stack row by row cannot come in parts; nor can layers that the user splits over a mesh.
// CHECK-LABEL: module @batch_of_layers
// CHECK:         mw.one_stack = "'x', a batch, is combined with it"
module @batch_of_layers {
  func.func @main(%w: tensor<2x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}, %x: tensor<2x4xf32> {mw.name = "x", mw.role = "batch"}) -> (tensor<1x4xf32>, tensor<2x4xf32>) {
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %1 = stablehlo.add %w, %x : tensor<2x4xf32>
    return %0, %1 : tensor<1x4xf32>, tensor<2x4xf32>
  }
}

// -----

// CHECK-LABEL: module @annotated
// CHECK:         mw.one_stack = "the layers of 'w' are to be split over a mesh"
module @annotated {
  func.func @main(%w: tensor<2x4xf32> {mw.annotation = "[{\22pipe\22}, {}]", mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}) -> tensor<1x4xf32> {
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    return %0 : tensor<1x4xf32>
  }
}

// -----

// A branch that reads the stack takes it whole; an argument that no loop cuts in layers is left alone.
// CHECK-LABEL: module @in_a_branch
// CHECK:       func.func @main(%{{.*}}: tensor<2x4xf32> {mw.name = "w", mw.one_stack = "stablehlo.if -> tensor<2x4xf32>{{.*}}", mw.role = "parameter"}, %{{.*}}: tensor<2x4xf32> {mw.role = "parameter"}, %{{.*}}: tensor<i1>)
module @in_a_branch {
  func.func @main(%w: tensor<2x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}, %other: tensor<2x4xf32> {mw.role = "parameter"}, %p: tensor<i1>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<2x4xf32>) {
    %0 = stablehlo.slice %w [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %1 = stablehlo.slice %other [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %2 = "stablehlo.if"(%p) ({
      %n = stablehlo.negate %w : tensor<2x4xf32>
      stablehlo.return %n : tensor<2x4xf32>
    }, {
      stablehlo.return %w : tensor<2x4xf32>
    }) : (tensor<i1>) -> tensor<2x4xf32>
    return %0, %1, %2 : tensor<1x4xf32>, tensor<1x4xf32>, tensor<2x4xf32>
  }
}

// -----

// A checkpoint around the whole loop puts a barrier around all that it reads: the stack's parts get their own.
// CHECK-LABEL: module @barrier_of_many
// CHECK:       func.func @main(%[[W0:[^:]*]]: tensor<1x4xf32> {{.*}}, %[[X:[^:]*]]: tensor<4xf32>, %[[W1:[^:]*]]: tensor<1x4xf32>
// CHECK-DAG:     %[[B0:.*]] = stablehlo.optimization_barrier %[[W0]] : tensor<1x4xf32>
// CHECK-DAG:     %[[B1:.*]] = stablehlo.optimization_barrier %[[W1]] : tensor<1x4xf32>
// CHECK-DAG:     %[[BX:.*]] = stablehlo.optimization_barrier %[[X]] : tensor<4xf32>
// CHECK:         return %[[B0]], %[[B1]], %[[BX]]
module @barrier_of_many {
  func.func @main(%w: tensor<2x4xf32> {mw.layers = 2 : i64, mw.name = "w", mw.role = "parameter"}, %x: tensor<4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>, tensor<4xf32>) {
    %b:2 = stablehlo.optimization_barrier %w, %x : tensor<2x4xf32>, tensor<4xf32>
    %0 = stablehlo.slice %b#0 [0:1, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    %1 = stablehlo.slice %b#0 [1:2, 0:4] : (tensor<2x4xf32>) -> tensor<1x4xf32>
    return %0, %1, %b#1 : tensor<1x4xf32>, tensor<1x4xf32>, tensor<4xf32>
  }
}

// -----

// Slices of several layers that overlap: each reads the parts that it meets, put together.
// CHECK-LABEL: module @overlapping
// CHECK:       func.func @main(%[[W0:[^:]*]]: tensor<1x4xf32> {{.*}}, %[[W1:[^:]*]]: tensor<1x4xf32> {{.*}}, %[[W2:[^:]*]]: tensor<1x4xf32>
// CHECK-DAG:     %[[LOW:.*]] = stablehlo.concatenate %[[W0]], %[[W1]], dim = 0
// CHECK-DAG:     %[[BOTH:.*]] = stablehlo.concatenate %[[W1]], %[[W2]], dim = 0
// CHECK-DAG:     %[[HIGH:.*]] = stablehlo.slice %[[BOTH]] [0:2, 1:3] : (tensor<2x4xf32>) -> tensor<2x2xf32>
// CHECK:         return %[[LOW]], %[[HIGH]]
module @overlapping {
  func.func @main(%w: tensor<3x4xf32> {mw.layers = 3 : i64, mw.name = "w", mw.role = "parameter"}) -> (tensor<2x4xf32>, tensor<2x2xf32>) {
    %0 = stablehlo.slice %w [0:2, 0:4] : (tensor<3x4xf32>) -> tensor<2x4xf32>
    %1 = stablehlo.slice %w [1:3, 1:3] : (tensor<3x4xf32>) -> tensor<2x2xf32>
    return %0, %1 : tensor<2x4xf32>, tensor<2x2xf32>
  }
}

// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// A count that a loop carries beside the rows' losses is taken by a loop of its own, over the whole mask; the rest runs per microbatch.
// CHECK-LABEL: module @counted_in_a_loop
// CHECK:         func.func @main(%{{.*}}: tensor<4x4xf32>, %{{.*}}: tensor<2x3x4xf32> {{.*}}, %{{.*}}: tensor<2x3xf32> {{.*}}, %[[WHOLE:.*]]: tensor<8x3xf32> {{.*}}mw.whole
// CHECK:         stablehlo.while({{.*}}) : tensor<2x3x4xf32>
// CHECK:         %[[COUNT:.*]]:2 = stablehlo.while
// CHECK:           stablehlo.dynamic_slice %[[WHOLE]]{{.*}}sizes = [8, 1]
// CHECK:         stablehlo.broadcast_in_dim %[[COUNT]]#1, dims = [] {{.*}} -> tensor<2x4xf32>
module @counted_in_a_loop {
  func.func @main(%w: tensor<4x4xf32>, %x: tensor<8x3x4xf32> {mw.role = "batch", mw.index = 1}, %mask: tensor<8x3xf32> {mw.role = "batch", mw.index = 2}) -> tensor<8x4xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %three = stablehlo.constant dense<3> : tensor<i32>
    %none = stablehlo.constant dense<0.0> : tensor<f32>
    %start = stablehlo.constant dense<0.0> : tensor<8x4xf32>
    %0:4 = stablehlo.while(%a = %x, %i = %zero, %sum = %start, %n = %none) : tensor<8x3x4xf32>, tensor<i32>, tensor<8x4xf32>, tensor<f32>
    cond {
      %p = stablehlo.compare LT, %i, %three : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %c = stablehlo.dynamic_slice %a, %zero, %i, %zero, sizes = [8, 1, 4] : (tensor<8x3x4xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<8x1x4xf32>
      %r = stablehlo.reshape %c : (tensor<8x1x4xf32>) -> tensor<8x4xf32>
      %y = stablehlo.dot_general %r, %w, contracting_dims = [1] x [0] : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
      %next = stablehlo.add %sum, %y : tensor<8x4xf32>
      %m = stablehlo.dynamic_slice %mask, %zero, %i, sizes = [8, 1] : (tensor<8x3xf32>, tensor<i32>, tensor<i32>) -> tensor<8x1xf32>
      %count = stablehlo.reduce(%m init: %none) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x1xf32>, tensor<f32>) -> tensor<f32>
      %more = stablehlo.add %n, %count : tensor<f32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %a, %k, %next, %more : tensor<8x3x4xf32>, tensor<i32>, tensor<8x4xf32>, tensor<f32>
    }
    %b = stablehlo.broadcast_in_dim %0#3, dims = [] : (tensor<f32>) -> tensor<8x4xf32>
    %mean = stablehlo.divide %0#2, %b : tensor<8x4xf32>
    return %mean : tensor<8x4xf32>
  }
}

// -----

// A loop that carries such a count on, through a barrier, reads the whole one.
// CHECK-LABEL: module @count_in_a_barrier
// CHECK:         %[[N:.*]] = stablehlo.reduce(%[[WHOLE:.*]] init
// CHECK:         stablehlo.while
// CHECK:           stablehlo.optimization_barrier %{{.*}}, %{{.*}} : tensor<2x4xf32>, tensor<f32>
// CHECK-NOT:     mw.accumulate
module @count_in_a_barrier {
  func.func @main(%x: tensor<8x4xf32> {mw.role = "batch", mw.index = 0}, %mask: tensor<8x4xf32> {mw.role = "batch", mw.index = 1}) -> tensor<8x4xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %three = stablehlo.constant dense<3> : tensor<i32>
    %none = stablehlo.constant dense<0.0> : tensor<f32>
    %n = stablehlo.reduce(%mask init: %none) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
    %0:3 = stablehlo.while(%i = %zero, %h = %x, %c = %n) : tensor<i32>, tensor<8x4xf32>, tensor<f32>
    cond {
      %p = stablehlo.compare LT, %i, %three : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %kept:2 = stablehlo.optimization_barrier %h, %c : tensor<8x4xf32>, tensor<f32>
      %b = stablehlo.broadcast_in_dim %kept#1, dims = [] : (tensor<f32>) -> tensor<8x4xf32>
      %next = stablehlo.divide %kept#0, %b : tensor<8x4xf32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next, %kept#1 : tensor<i32>, tensor<8x4xf32>, tensor<f32>
    }
    return %0#1 : tensor<8x4xf32>
  }
}

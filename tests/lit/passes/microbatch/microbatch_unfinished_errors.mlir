// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file --verify-diagnostics

// Too dear to compute from a whole copy in each microbatch: mean and variance of what a layer gives.
module @batch_statistics {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<256xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %count = stablehlo.constant dense<64.0> : tensor<256xf32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    %mean = stablehlo.divide %sum, %count : tensor<256xf32>
    %means = stablehlo.broadcast_in_dim %mean, dims = [1] : (tensor<256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it needs a value that is complete only after all microbatches, so 4 microbatches would not give the result of the whole batch; use --microbatches 1, or auto, which picks a number that works}}
    %centred = stablehlo.subtract %h, %means : tensor<64x256xf32>
    %squares = stablehlo.multiply %centred, %centred : tensor<64x256xf32>
    %variance = stablehlo.reduce(%squares init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    return %variance : tensor<256xf32>
  }
}

// -----

module @sum_over_rows_inside_a_loop {
  func.func @main(%x: tensor<64xf32> {mw.role = "batch", mw.index = 0}) -> tensor<64xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %start = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %0:2 = stablehlo.while(%t = %start, %s = %x) : tensor<i32>, tensor<64xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %sum = stablehlo.reduce(%s init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
      // expected-error @+1 {{it needs, inside a loop or branch, a sum over the whole batch}}
      %root = stablehlo.sqrt %sum : tensor<f32>
      %roots = stablehlo.broadcast_in_dim %root, dims = [] : (tensor<f32>) -> tensor<64xf32>
      %s1 = stablehlo.divide %s, %roots : tensor<64xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<64xf32>
    }
    return %0#1 : tensor<64xf32>
  }
}

// -----

// A loop over rows that also reads a finished sum can run neither per microbatch nor after all of them.
module @loop_reads_rows_and_a_sum {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<64x256xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %start = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.maximum across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    %0:2 = stablehlo.while(%t = %start, %s = %h) : tensor<i32>, tensor<64x256xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %sums = stablehlo.broadcast_in_dim %sum, dims = [1] : (tensor<256xf32>) -> tensor<64x256xf32>
      // expected-error @+1 {{it needs a value that is complete only after all microbatches}}
      %s1 = stablehlo.subtract %s, %sums : tensor<64x256xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<64x256xf32>
    }
    return %0#1 : tensor<64x256xf32>
  }
}

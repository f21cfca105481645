// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file --verify-diagnostics

// Too dear to compute from a whole copy in each microbatch: mean and variance of what a layer gives.
module @batch_statistics {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<256xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %count = stablehlo.constant dense<64.0> : tensor<256xf32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{needs a value that is complete only after all microbatches, so 4 microbatches would not give the result of the whole batch; use --microbatches 1, or auto, which picks a number that works}}
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    %mean = stablehlo.divide %sum, %count : tensor<256xf32>
    %means = stablehlo.broadcast_in_dim %mean, dims = [1] : (tensor<256xf32>) -> tensor<64x256xf32>
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
      // expected-error @+1 {{it mixes the rows of the batch: stablehlo.sqrt -> tensor<f32>}}
      %sum = stablehlo.reduce(%s init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
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
    // expected-error @+1 {{it mixes the rows of the batch: stablehlo.subtract}}
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.maximum across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    %0:2 = stablehlo.while(%t = %start, %s = %h) : tensor<i32>, tensor<64x256xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %sums = stablehlo.broadcast_in_dim %sum, dims = [1] : (tensor<256xf32>) -> tensor<64x256xf32>
      %s1 = stablehlo.subtract %s, %sums : tensor<64x256xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<64x256xf32>
    }
    return %0#1 : tensor<64x256xf32>
  }
}

// -----

// The mean over the rows is to blame, not the softmax of each row that reads it some lines later.
module @a_softmax_reads_the_mean {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<64x256xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %count = stablehlo.constant dense<64.0> : tensor<256xf32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    %largest = stablehlo.reduce(%h init: %low) applies stablehlo.maximum across dimensions = [1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<64xf32>
    %largests = stablehlo.broadcast_in_dim %largest, dims = [0] : (tensor<64xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it mixes the rows of the batch: stablehlo.add -> tensor<64x256xf32>}}
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    %mean = stablehlo.divide %sum, %count : tensor<256xf32>
    %scaled = stablehlo.tanh %mean : tensor<256xf32>
    %means = stablehlo.broadcast_in_dim %scaled, dims = [1] : (tensor<256xf32>) -> tensor<64x256xf32>
    %shifted = stablehlo.subtract %h, %largests : tensor<64x256xf32>
    %both = stablehlo.add %shifted, %means : tensor<64x256xf32>
    %softmax = stablehlo.exponential %both : tensor<64x256xf32>
    return %softmax : tensor<64x256xf32>
  }
}

// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file --verify-diagnostics

// expected-error @unknown {{its 6 rows cannot be divided in 4 microbatches; use one of 1, 2, 3, 6, or --microbatches auto}}
module @rows_not_divisible {
  func.func @main(%x: tensor<6xf32> {mw.role = "batch", mw.index = 0, mw.name = "x"}) -> tensor<6xf32> {
    return %x : tensor<6xf32>
  }
}

// -----

// expected-error @unknown {{name them with --batch-args (one or more of 2), or use --microbatches 1}}
module @no_batch_but_a_candidate {
  func.func @main(%w: tensor<8xf32> {mw.role = "parameter"}, %s: tensor<f32>, %x: tensor<8xf32>) -> tensor<8xf32> {
    %y = stablehlo.add %w, %x : tensor<8xf32>
    return %y : tensor<8xf32>
  }
}

// -----

// expected-error @unknown {{the program has no batch argument to divide in 4 microbatches; name them with --batch-args, or use --microbatches 1}}
module @no_batch {
  func.func @main(%w: tensor<8xf32> {mw.role = "parameter"}) -> tensor<8xf32> {
    return %w : tensor<8xf32>
  }
}

// -----

module @regrouped_rows {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<2x32x256xf32> {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it regroups the batch so that 4 microbatches do not fall on one dim}}
    %pairs = stablehlo.reshape %h : (tensor<64x256xf32>) -> tensor<2x32x256xf32>
    return %pairs : tensor<2x32x256xf32>
  }
}

// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file --verify-diagnostics

module @both_batches_returned_in_one {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}, %y: tensor<64x256xf32> {mw.role = "batch", mw.index = 2}) -> tensor<128x256xf32> {
    %0 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<128x256xf32>
    %1 = stablehlo.dot_general %0, %w, contracting_dims = [1] x [0] : (tensor<128x256xf32>, tensor<256x256xf32>) -> tensor<128x256xf32>
    // expected-error @+1 {{it returns rows of the batch in an interleaved order}}
    return %1 : tensor<128x256xf32>
  }
}

// RUN: %opt %s -p 'microbatch{microbatches=0}' --verify-diagnostics

// expected-error @unknown {{got 0 microbatches, want at least 1}}
module @zero_microbatches {
  func.func @main(%x: tensor<8xf32> {mw.role = "batch"}) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}

// RUN: %opt %s -p 'choose-stages{stages=2 flops-per-s=0}' --verify-diagnostics

// expected-error @unknown {{got a rate that is not positive, want numbers per second above 0}}
module @no_flops {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}

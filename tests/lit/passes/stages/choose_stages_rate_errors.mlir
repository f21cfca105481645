// RUN: %opt %s -p 'choose-stages{stages=2 flops-per-s=0}' --verify-diagnostics
// RUN: not %opt %s -p 'choose-stages{stages=2 devices=3,0}' 2>&1 | FileCheck %s

// CHECK: error: pass choose-stages: got devices=3,0, want 2 numbers of at least 1

// expected-error @unknown {{got a rate that is not positive, want numbers per second above 0}}
module @no_flops {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}

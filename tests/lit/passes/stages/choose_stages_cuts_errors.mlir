// RUN: %opt %s -p 'choose-stages{cuts=1,0}' --verify-diagnostics

// expected-error @unknown {{got 1,0, want ascending numbers of forward ops, of which there are 2}}
module @backward {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8xf32>
    %1 = stablehlo.negate %0 {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}

// RUN: %opt %s -p 'choose-stages{stages=3 cuts=0}' --verify-diagnostics

// expected-error @unknown {{got 3 stages and 1 cuts, want one cut less than stages}}
module @too_few_cuts {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8xf32>
    %1 = stablehlo.negate %0 {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}

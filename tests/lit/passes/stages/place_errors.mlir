// RUN: %opt %s -p place --verify-diagnostics

module @given_stages_go_back attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> (tensor<4xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<4xf32>
    %1 = stablehlo.negate %0 {mw.phase = "forward", mw.batch_dim = array<i64: 0>} : tensor<4xf32>
    // expected-error @+1 {{the order of the program contradicts the stages that are given: node 0 is fixed to stage 1, node 2 to 0, but order wants them the other way: 0 -forward-> 1 -forward-> 2}}
    %2 = stablehlo.tanh %1 {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4xf32>
    return %2 : tensor<4xf32>
  }
}

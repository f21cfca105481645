// RUN: %opt %s -p verify-stages --split-input-file --verify-diagnostics

module @no_phase attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    // expected-error @+1 {{got phase '', want one of setup, forward, backward, update}}
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>, mw.stage = 0 : i64} : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

module @no_stage attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    // expected-error @+1 {{got stage None, want 0 to 1}}
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>, mw.phase = "forward"} : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

module @stage_out_of_range attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    // expected-error @+1 {{got stage 2, want 0 to 1}}
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 2 : i64} : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

module @forward_goes_back attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 1 : i64} : tensor<4xf32>
    // expected-error @+1 {{its forward operand goes from stage 1 to stage 0}}
    %1 = stablehlo.tanh %0 {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 0 : i64} : tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

// -----

module @backward_goes_forward attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>, mw.phase = "backward", mw.stage = 0 : i64} : tensor<4xf32>
    // expected-error @+1 {{its backward operand goes from stage 0 to stage 1}}
    %1 = stablehlo.tanh %0 {mw.batch_dim = array<i64: 0>, mw.phase = "backward", mw.stage = 1 : i64} : tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

// -----

module @forward_reads_backward attributes {mw.num_stages = 2 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    %0 = stablehlo.negate %x {mw.batch_dim = array<i64: 0>, mw.phase = "backward", mw.stage = 0 : i64} : tensor<4xf32>
    // expected-error @+1 {{a forward op reads what backward makes in 'stablehlo.negate}}
    %1 = stablehlo.tanh %0 {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 0 : i64} : tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

// -----

// A value captured by a region counts as an operand.
module @region_reads_a_later_stage attributes {mw.num_stages = 2 : i64} {
  func.func @main(%p: tensor<i1>, %x: tensor<4xf32> {mw.role = "batch"}) -> tensor<4xf32> {
    %0 = stablehlo.tanh %x {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 1 : i64} : tensor<4xf32>
    // expected-error @+1 {{its forward operand goes from stage 1 to stage 0}}
    %1 = "stablehlo.if"(%p) ({
      %2 = stablehlo.negate %0 : tensor<4xf32>
      stablehlo.return %2 : tensor<4xf32>
    }, {
      stablehlo.return %0 : tensor<4xf32>
    }) {mw.batch_dim = array<i64: 0>, mw.phase = "forward", mw.stage = 0 : i64} : (tensor<i1>) -> tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

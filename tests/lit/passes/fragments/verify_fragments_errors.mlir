// RUN: %opt %s -p verify-fragments --split-input-file --verify-diagnostics

// expected-error @unknown {{value 'v0' is tensor<2xf32> in stage1_forward and tensor<4xf32> in stage0_forward}}
module @two_types_of_a_value {
  func.func @main(%x: tensor<4xf32> {mw.value = "batch0"}) -> (tensor<4xf32> {mw.value = "v0"}) {
    %0 = call @stage0_forward(%x) : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func private @stage0_forward(%x: tensor<4xf32> {mw.value = "batch0"}) -> (tensor<4xf32> {mw.value = "v0"}) attributes {mw.phase = "forward"} {
    return %x : tensor<4xf32>
  }
  func.func private @stage1_forward(%h: tensor<2xf32> {mw.value = "v0"}) attributes {mw.phase = "forward"} {
    return
  }
}

// -----

// expected-error @unknown {{value 'v0' is [{}] in stage1_forward and [{"data"}] in stage0_forward}}
module @two_shardings_of_a_value {
  sdy.mesh @mesh = <["data"=2]>
  func.func @main(%x: tensor<4xf32> {mw.value = "batch0"}) -> (tensor<4xf32> {mw.value = "v0"}) {
    %0 = call @stage0_forward(%x) : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func private @stage0_forward(%x: tensor<4xf32> {mw.value = "batch0"}) -> (tensor<4xf32> {mw.value = "v0", sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>}) attributes {mw.phase = "forward"} {
    return %x : tensor<4xf32>
  }
  func.func private @stage1_forward(%h: tensor<4xf32> {mw.value = "v0", sdy.sharding = #sdy.sharding<@mesh, [{}]>}) attributes {mw.phase = "forward"} {
    return
  }
}

// -----

// expected-error @unknown {{it reads 'v7', which no fragment gives}}
module @value_that_nobody_gives {
  func.func @main(%x: tensor<4xf32> {mw.value = "batch0"}) {
    return
  }
  func.func private @stage1_forward(%h: tensor<4xf32> {mw.value = "v7"}) attributes {mw.phase = "forward"} {
    return
  }
}

// -----

// expected-error @unknown {{result of shape (4,) has no value}}
module @result_that_nobody_gives {
  func.func @main(%x: tensor<4xf32> {mw.value = "batch0"}) -> (tensor<4xf32> {mw.value = "v0"}) {
    return %x : tensor<4xf32>
  }
}

// -----

// expected-error @unknown {{value 'v0' is tensor<4x4xf32>, batch dim 1 in stage1_forward and tensor<4x4xf32>, batch dim 0 in stage0_forward}}
module @two_batch_dims_of_a_value {
  func.func @main(%x: tensor<4x4xf32> {mw.value = "batch0"}) -> (tensor<4x4xf32> {mw.value = "v0"}) {
    return %x : tensor<4x4xf32>
  }
  func.func private @stage0_forward(%x: tensor<4x4xf32> {mw.value = "batch0"}) -> (tensor<4x4xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward"} {
    return %x : tensor<4x4xf32>
  }
  func.func private @stage1_forward(%h: tensor<4x4xf32> {mw.value = "v0", mw.value_dim = 1 : i64}) attributes {mw.phase = "forward"} {
    return
  }
}

// -----

// expected-error @unknown {{dim 0 of value 'batch0' has size 3 and is split in 2}}
module @uneven_split {
  sdy.mesh @mesh = <["data"=2]>
  func.func @main(%x: tensor<3xf32> {mw.value = "batch0"}) {
    return
  }
  func.func private @stage0_forward(%x: tensor<3xf32> {mw.value = "batch0", sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>}) attributes {mw.phase = "forward"} {
    return
  }
}

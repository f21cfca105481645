// RUN: %opt %s --split-input-file -p 'land-transfers{machine=v100-p3.16xlarge},verify-fragments' | FileCheck %s
// RUN: %opt %s --split-input-file -p 'land-transfers{machine=local-cpu},verify-fragments' | FileCheck %s --check-prefix=NEAR

// Two stages on two meshes of two devices, a host each. On local-cpu a message costs less than a collective: nothing changes.
// NEAR-NOT: sdy.reshard %arg0 <@mesh, [{}, {}]>

// Both devices of the second mesh want all rows: each is sent a half, and gathers where it reads, once a fragment.
// CHECK-LABEL: func.func private @stage0_forward
// CHECK: mw.value = "v0", {{.*}}sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>
// CHECK-LABEL: func.func private @stage1_forward
// CHECK-SAME: mw.value = "v0", {{.*}}sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>
// CHECK: %[[ALL:.*]] = sdy.reshard %arg0 <@mesh, [{}, {}]>
// CHECK: stablehlo.tanh %[[ALL]]
// CHECK-LABEL: func.func private @stage1_backward
// CHECK-SAME: mw.value = "v0", {{.*}}sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>
// CHECK: sdy.reshard %arg0 <@mesh, [{}, {}]>
module @gathered_where_it_is_read attributes {mw.microbatches = 2 : i64, mw.num_stages = 2 : i64} {
  sdy.mesh @mesh = <["x"=2]>
  func.func @main(%x: tensor<1024x1024xf32> {mw.value = "arg0"}) -> (tensor<1024x1024xf32> {mw.value = "v2"}) {
    %0 = call @stage0_forward(%x) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    %1 = call @stage1_forward(%0) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    %2 = call @stage1_backward(%0) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    return %2 : tensor<1024x1024xf32>
  }
  func.func private @stage0_forward(%x: tensor<1024x1024xf32> {mw.value = "arg0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<1024x1024xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      attributes {mw.level = 0 : i64, mw.phase = "forward", mw.stage = 0 : i64} {
    return %x : tensor<1024x1024xf32>
  }
  func.func private @stage1_forward(%h: tensor<1024x1024xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<1024x1024xf32> {mw.value = "v1", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      attributes {mw.level = 0 : i64, mw.phase = "forward", mw.stage = 1 : i64} {
    %0 = stablehlo.tanh %h {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}]>]>} : tensor<1024x1024xf32>
    return %0 : tensor<1024x1024xf32>
  }
  func.func private @stage1_backward(%h: tensor<1024x1024xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<1024x1024xf32> {mw.value = "v2", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      attributes {mw.level = 0 : i64, mw.phase = "backward", mw.stage = 1 : i64} {
    %0 = stablehlo.negate %h {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}]>]>} : tensor<1024x1024xf32>
    return %0 : tensor<1024x1024xf32>
  }
}

// -----

// What the only reader cuts to its part is sent as that part: no collective at all.
// CHECK-LABEL: module @sent_as_it_is_cut
// CHECK-LABEL: func.func private @stage1_forward
// CHECK-SAME: mw.value = "v0", {{.*}}sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>
// CHECK-NOT: sdy.reshard
// CHECK: stablehlo.tanh %arg0
module @sent_as_it_is_cut attributes {mw.microbatches = 2 : i64, mw.num_stages = 2 : i64} {
  sdy.mesh @mesh = <["x"=2]>
  func.func @main(%x: tensor<1024x1024xf32> {mw.value = "arg0"}) -> (tensor<1024x1024xf32> {mw.value = "v1"}) {
    %0 = call @stage0_forward(%x) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    %1 = call @stage1_forward(%0) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    return %1 : tensor<1024x1024xf32>
  }
  func.func private @stage0_forward(%x: tensor<1024x1024xf32> {mw.value = "arg0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<1024x1024xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      attributes {mw.level = 0 : i64, mw.phase = "forward", mw.stage = 0 : i64} {
    return %x : tensor<1024x1024xf32>
  }
  func.func private @stage1_forward(%h: tensor<1024x1024xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<1024x1024xf32> {mw.value = "v1", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>})
      attributes {mw.level = 0 : i64, mw.phase = "forward", mw.stage = 1 : i64} {
    %0 = sdy.reshard %h <@mesh, [{}, {"x"}]> : tensor<1024x1024xf32>
    %1 = stablehlo.tanh %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {"x"}]>]>} : tensor<1024x1024xf32>
    return %1 : tensor<1024x1024xf32>
  }
}

// -----

// No dim of odd sizes can be split over two devices: each is sent a copy.
// CHECK-LABEL: module @nothing_divides
// CHECK-LABEL: func.func private @stage1_forward
// CHECK-SAME: mw.value = "v0", {{.*}}sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>
module @nothing_divides attributes {mw.microbatches = 2 : i64, mw.num_stages = 2 : i64} {
  sdy.mesh @mesh = <["x"=2]>
  func.func @main(%x: tensor<1023x1025xf32> {mw.value = "arg0"}) -> (tensor<1023x1025xf32> {mw.value = "v1"}) {
    %0 = call @stage0_forward(%x) : (tensor<1023x1025xf32>) -> tensor<1023x1025xf32>
    %1 = call @stage1_forward(%0) : (tensor<1023x1025xf32>) -> tensor<1023x1025xf32>
    return %1 : tensor<1023x1025xf32>
  }
  func.func private @stage0_forward(%x: tensor<1023x1025xf32> {mw.value = "arg0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<1023x1025xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      attributes {mw.level = 0 : i64, mw.phase = "forward", mw.stage = 0 : i64} {
    return %x : tensor<1023x1025xf32>
  }
  func.func private @stage1_forward(%h: tensor<1023x1025xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<1023x1025xf32> {mw.value = "v1", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      attributes {mw.level = 0 : i64, mw.phase = "forward", mw.stage = 1 : i64} {
    %0 = stablehlo.tanh %h {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}]>]>} : tensor<1023x1025xf32>
    return %0 : tensor<1023x1025xf32>
  }
}

// -----

// A result of the step lies where it arrives as its reader says: it may be the next value of a state.
// CHECK-LABEL: module @a_result_stays
// CHECK-LABEL: func.func private @stage1_update
// CHECK-SAME: mw.value = "v0", {{.*}}sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>
module @a_result_stays attributes {mw.microbatches = 2 : i64, mw.num_stages = 2 : i64} {
  sdy.mesh @mesh = <["x"=2]>
  func.func @main(%x: tensor<1024x1024xf32> {mw.value = "arg0"}) -> (tensor<1024x1024xf32> {mw.value = "v0"}, tensor<1024x1024xf32> {mw.value = "v1"}) {
    %0 = call @stage0_update(%x) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    %1 = call @stage1_update(%0) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    return %0, %1 : tensor<1024x1024xf32>, tensor<1024x1024xf32>
  }
  func.func private @stage0_update(%x: tensor<1024x1024xf32> {mw.value = "arg0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<1024x1024xf32> {mw.value = "v0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      attributes {mw.level = 0 : i64, mw.phase = "update", mw.stage = 0 : i64} {
    return %x : tensor<1024x1024xf32>
  }
  func.func private @stage1_update(%h: tensor<1024x1024xf32> {mw.value = "v0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      -> (tensor<1024x1024xf32> {mw.value = "v1", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
      attributes {mw.level = 1 : i64, mw.phase = "update", mw.stage = 1 : i64} {
    %0 = stablehlo.tanh %h {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}]>]>} : tensor<1024x1024xf32>
    return %0 : tensor<1024x1024xf32>
  }
}

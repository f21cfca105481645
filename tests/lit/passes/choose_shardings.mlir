// RUN: %opt %s -p 'choose-shardings{data=2}' --split-input-file | FileCheck %s

// Rows of the batch over "data", whatever dim they run along; weights on every device.
// CHECK-LABEL: module @rows_over_data
// CHECK:       sdy.mesh @mesh = <["data"=2]>
// CHECK:       func.func private @stage0_forward
// CHECK-SAME:    tensor<4x8xf32> {{{.*}} sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}
// CHECK-SAME:    tensor<2x4xf32> {{{.*}} sdy.sharding = #sdy.sharding<@mesh, [{"data"}, {}]>}
// CHECK-SAME:    -> (tensor<8x2xf32> {{{.*}} sdy.sharding = #sdy.sharding<@mesh, [{}, {"data"}]>}
// CHECK-SAME:    tensor<f32> {{{.*}} sdy.sharding = #sdy.sharding<@mesh, []>}
module @rows_over_data {
  func.func @main(%w: tensor<4x8xf32>, %x: tensor<2x4xf32>) -> (tensor<8x2xf32>, tensor<f32>) {
    %0:2 = call @stage0_forward(%w, %x) : (tensor<4x8xf32>, tensor<2x4xf32>) -> (tensor<8x2xf32>, tensor<f32>)
    return %0#0, %0#1 : tensor<8x2xf32>, tensor<f32>
  }
  func.func private @stage0_forward(%w: tensor<4x8xf32> {mw.value = "arg0", mw.value_dim = -1 : i64}, %x: tensor<2x4xf32> {mw.value = "batch1", mw.value_dim = 0 : i64})
      -> (tensor<8x2xf32> {mw.value = "v0", mw.value_dim = 1 : i64}, tensor<f32> {mw.value = "v1", mw.value_dim = -1 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %0 = stablehlo.dot_general %w, %x, contracting_dims = [0] x [1] : (tensor<4x8xf32>, tensor<2x4xf32>) -> tensor<8x2xf32>
    return %0, %zero : tensor<8x2xf32>, tensor<f32>
  }
}

// -----

// Three rows do not go over two devices: both hold all of them.
// CHECK-LABEL: module @rows_that_do_not_divide
// CHECK:       tensor<3xf32> {{{.*}} sdy.sharding = #sdy.sharding<@mesh, [{}]>}
module @rows_that_do_not_divide {
  func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
    %0 = call @stage0_forward(%x) : (tensor<3xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  }
  func.func private @stage0_forward(%x: tensor<3xf32> {mw.value = "batch0", mw.value_dim = 0 : i64})
      -> (tensor<3xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %0 = stablehlo.tanh %x : tensor<3xf32>
    return %0 : tensor<3xf32>
  }
}

// -----

// Rows that are the next step's state are whole again: the step takes them whole.
// CHECK-LABEL: module @rows_that_become_state
// CHECK:       func.func private @stage0_forward
// CHECK-SAME:    -> (tensor<4xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}]>})
module @rows_that_become_state {
  func.func @main(%h: tensor<4xf32>) -> (tensor<4xf32> {mw.value = "v0", mw.state_arg = 0 : i64}) {
    %0 = call @stage0_forward(%h) : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func private @stage0_forward(%h: tensor<4xf32> {mw.value = "arg0", mw.value_dim = -1 : i64})
      -> (tensor<4xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %0 = stablehlo.tanh %h : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

// Functions that are no fragments, @main among them, are left alone.
// CHECK-LABEL: module @main_is_left_alone
// CHECK:       func.func @main(%{{.*}}: tensor<4xf32>) -> tensor<4xf32>
module @main_is_left_alone {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

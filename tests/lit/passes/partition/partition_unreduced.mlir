// RUN: %opt %s -p partition --split-input-file | FileCheck %s

// A gradient stays unreduced while microbatches add to it: outside it is a stack, one entry a device. The update reduces it once.
// CHECK-LABEL: module @gradient_accumulator
module @gradient_accumulator {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:       call @setup() : () -> tensor<2x4x6xf32>
  // CHECK-NEXT:  call @backward({{.*}}) : (tensor<2x4x6xf32>, tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<2x4x6xf32>
  // CHECK-NEXT:  call @update({{.*}}) : (tensor<2x4x6xf32>) -> tensor<4x6xf32>
  // CHECK:       func.func private @setup() -> (tensor<2x4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}, {}]>})
  // CHECK:         stablehlo.constant dense<0.000000e+00> : tensor<4x6xf32>
  // CHECK:       func.func private @backward
  // CHECK:       manual_axes={"x"} (%[[STACK:.*]]: tensor<1x4x6xf32>, %{{.*}}: tensor<4x4xf32>, %{{.*}}: tensor<4x6xf32>)
  // CHECK-NEXT:    %[[PART:.*]] = stablehlo.dot_general
  // CHECK-NEXT:    %[[MORE:.*]] = stablehlo.reshape %[[PART]] : (tensor<4x6xf32>) -> tensor<1x4x6xf32>
  // CHECK-NEXT:    stablehlo.add %[[STACK]], %[[MORE]] : tensor<1x4x6xf32>
  // CHECK:       func.func private @update
  // CHECK:         "stablehlo.reduce_scatter"({{.*}}scatter_dimension = 0
  // CHECK:         }) : (tensor<4x6xf32>) -> tensor<2x6xf32>
  func.func @main(%x: tensor<8x4xf32>, %dy: tensor<8x6xf32>) -> tensor<4x6xf32> {
    %0 = call @setup() : () -> tensor<4x6xf32>
    %1 = call @backward(%0, %x, %dy) : (tensor<4x6xf32>, tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
    %2 = call @update(%1) : (tensor<4x6xf32>) -> tensor<4x6xf32>
    return %2 : tensor<4x6xf32>
  }
  func.func private @setup() -> (tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) attributes {mw.phase = "setup"} {
    %0 = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} dense<0.0> : tensor<4x6xf32>
    return %0 : tensor<4x6xf32>
  }
  func.func private @backward(%acc: tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}, %x: tensor<8x4xf32> {mw.value = "batch0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %dy: tensor<8x6xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) attributes {mw.phase = "backward"} {
    %0 = stablehlo.dot_general %x, %dy, contracting_dims = [0] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
    %1 = stablehlo.add %acc, %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : tensor<4x6xf32>
    return %1 : tensor<4x6xf32>
  }
  func.func private @update(%acc: tensor<4x6xf32> {mw.value = "acc0", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) -> (tensor<4x6xf32> {mw.value = "v1", mw.value_dim = -1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) attributes {mw.phase = "update"} {
    %0 = sdy.reshard %acc <@mesh, [{"x"}, {}]> : tensor<4x6xf32>
    return %0 : tensor<4x6xf32>
  }
}

// -----

// The batch dim of a stack moves by one.
// CHECK-LABEL: module @unreduced_rows
module @unreduced_rows {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:       func.func private @forward({{.*}}) -> (tensor<2x8x4xf32> {mw.value = "v0", mw.value_dim = 1 : i64, sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}, {}]>})
  func.func @main(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
    %0 = call @forward(%x) : (tensor<8x4xf32>) -> tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
  func.func private @forward(%x: tensor<8x4xf32> {mw.value = "batch0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}) -> (tensor<8x4xf32> {mw.value = "v0", mw.value_dim = 0 : i64, sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) attributes {mw.phase = "forward"} {
    %0 = sdy.reshard %x <@mesh, [{}, {}], unreduced={"x"}> : tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
}

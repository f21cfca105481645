// RUN: %opt %s -p partition --split-input-file | FileCheck %s

// Made where it is needed: a splat is small, an iota starts at the device's offset, of another constant each device takes its part.
// CHECK-LABEL: module @made_locally
module @made_locally {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         %[[D:.*]] = stablehlo.convert {{.*}} : (tensor<ui32>) -> tensor<i32>
  // CHECK-NEXT:    stablehlo.constant dense<1.000000e+00> : tensor<4xf32>
  // CHECK-NEXT:    %[[COUNT:.*]] = stablehlo.iota dim = 0 : tensor<4xi32>
  // CHECK:         %[[START:.*]] = stablehlo.multiply %[[D]],
  // CHECK-NEXT:    %[[STARTS:.*]] = stablehlo.broadcast_in_dim %[[START]], dims = [] : (tensor<i32>) -> tensor<4xi32>
  // CHECK-NEXT:    %[[SUM:.*]] = stablehlo.add %[[COUNT]], %[[STARTS]] : tensor<4xi32>
  // CHECK-NEXT:    stablehlo.convert %[[SUM]] : (tensor<4xi32>) -> tensor<4xf32>
  // CHECK-NEXT:    %[[WHOLE:.*]] = stablehlo.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
  // CHECK:         stablehlo.dynamic_slice %[[WHOLE]], {{.*}} sizes = [2]
  func.func @main() -> (tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}, tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}, tensor<4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) {
    %0 = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}]>]>} dense<1.0> : tensor<8xf32>
    %1 = stablehlo.iota dim = 0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}]>]>} : tensor<8xf32>
    %2 = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}]>]>} dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<4xf32>
  }
}

// -----

// A loop's block arguments are split as its results are.
// CHECK-LABEL: module @loop
module @loop {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         stablehlo.while({{.*}}) : tensor<4x4xf32>, tensor<i32>
  // CHECK:           stablehlo.tanh {{.*}} : tensor<4x4xf32>
  func.func @main(%x: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %i: tensor<i32> {sdy.sharding = #sdy.sharding<@mesh, []>}) -> (tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) {
    %0:2 = stablehlo.while(%a = %x, %j = %i) : tensor<8x4xf32>, tensor<i32> attributes {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>, <@mesh, []>]>} cond {
      %n = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<3> : tensor<i32>
      %c = stablehlo.compare LT, %j, %n {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %c : tensor<i1>
    } do {
      %t = stablehlo.tanh %a {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>]>} : tensor<8x4xf32>
      %one = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<1> : tensor<i32>
      %k = stablehlo.add %j, %one {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} : tensor<i32>
      stablehlo.return %t, %k : tensor<8x4xf32>, tensor<i32>
    }
    return %0#0 : tensor<8x4xf32>
  }
}

// -----

// One device has everything: annotations and reshards go, and so does what would have been a stack.
// CHECK-LABEL: module @one_device
module @one_device {
  sdy.mesh @mesh = <["x"=1]>
  // CHECK:       func.func @main({{.*}}) -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>})
  // CHECK-NEXT:    %[[Y:.*]] = stablehlo.dot_general {{.*}} : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
  // CHECK-NEXT:    return %[[Y]]
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}, %w: tensor<16x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>})
      -> (tensor<8x32xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}) {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}], unreduced={"x"}>]>} : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    %1 = sdy.reshard %0 <@mesh, [{}, {}]> : tensor<8x32xf32>
    return %1 : tensor<8x32xf32>
  }
}

// -----

// Without annotations there is nothing to do.
// CHECK-LABEL: module @plain
module @plain {
  // CHECK:         stablehlo.tanh
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = stablehlo.tanh %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// RUN: %opt %s -p partition --split-input-file | FileCheck %s

// A maximum is finished at once.
// CHECK-LABEL: module @maximum
module @maximum {
  sdy.mesh @mesh = <["x"=4]>
  // CHECK:         %[[M:.*]] = stablehlo.reduce({{.*}}) applies stablehlo.maximum across dimensions = [1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<8xf32>
  // CHECK-NEXT:    "stablehlo.all_reduce"(%[[M]])
  // CHECK:           stablehlo.maximum
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}) -> (tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %low = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<0xFF800000> : tensor<f32>
    %0 = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [1] {mw.kind = "max", sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}], unreduced={"x"}>]>} : (tensor<8x16xf32>, tensor<f32>) -> tensor<8xf32>
    %1 = sdy.reshard %0 <@mesh, [{}]> {mw.kind = "max"} : tensor<8xf32>
    return %1 : tensor<8xf32>
  }
}

// -----

// Parts in bf16 are added in f32.
// CHECK-LABEL: module @narrow_sum
module @narrow_sum {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         %[[WIDE:.*]] = stablehlo.convert {{.*}} : (tensor<8xbf16>) -> tensor<8xf32>
  // CHECK-NEXT:    %[[SUM:.*]] = "stablehlo.all_reduce"(%[[WIDE]])
  // CHECK:         stablehlo.convert %[[SUM]] : (tensor<8xf32>) -> tensor<8xbf16>
  func.func @main(%x: tensor<8xbf16> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>}) -> (tensor<8xbf16> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %0 = sdy.reshard %x <@mesh, [{}]> : tensor<8xbf16>
    return %0 : tensor<8xbf16>
  }
}

// -----

// An initial value counts once; XLA takes for granted that it is neutral, so it is added behind.
// CHECK-LABEL: module @initial_value
module @initial_value {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         %[[D:.*]] = stablehlo.convert {{.*}} : (tensor<ui32>) -> tensor<i32>
  // CHECK-NEXT:    %[[TWO:.*]] = stablehlo.constant dense<2.000000e+00> : tensor<f32>
  // CHECK-NEXT:    %[[ZERO:.*]] = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  // CHECK-NEXT:    %[[PART:.*]] = stablehlo.reduce({{.*}} init: %[[ZERO]])
  // CHECK:         %[[FIRST:.*]] = stablehlo.compare EQ, %[[D]],
  // CHECK-NEXT:    %[[ONCE:.*]] = stablehlo.select %[[FIRST]], %[[TWO]],
  // CHECK-NEXT:    stablehlo.add %[[PART]], %[[ONCE]]
  func.func @main(%x: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) -> (tensor<f32> {sdy.sharding = #sdy.sharding<@mesh, [], unreduced={"x"}>}) {
    %two = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<2.0> : tensor<f32>
    %0 = stablehlo.reduce(%x init: %two) applies stablehlo.add across dimensions = [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [], unreduced={"x"}>]>} : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
}

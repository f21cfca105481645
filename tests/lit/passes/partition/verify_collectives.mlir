// RUN: %opt %s -p verify-collectives | FileCheck %s

// A gradient by rows of the batch, reduced and scattered; a weight gathered; a maximum over columns. Shardy agrees, and nothing changes.
// CHECK-LABEL: module @agrees
module @agrees {
  sdy.mesh @mesh = <["x"=2, "y"=2]>
  func.func @main(%x: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}, %dy: tensor<8x6xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {"y"}]>})
      -> (tensor<4x6xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {"y"}]>}, tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}, tensor<4x6xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"y"}], unreduced={"x"}>}) {
    // CHECK:      %[[G:.*]] = stablehlo.dot_general
    %0 = stablehlo.dot_general %x, %dy, contracting_dims = [0] x [0] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {"y"}], unreduced={"x"}>]>} : (tensor<8x4xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
    // CHECK-NEXT: sdy.reshard %[[G]] <@mesh, [{"x"}, {"y"}]> : tensor<4x6xf32>
    %1 = sdy.reshard %0 <@mesh, [{"x"}, {"y"}]> : tensor<4x6xf32>
    %low = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<0xFF800000> : tensor<f32>
    // CHECK:      %[[M:.*]] = stablehlo.reduce
    %2 = stablehlo.reduce(%dy init: %low) applies stablehlo.maximum across dimensions = [1] {mw.kind = "max", sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}], unreduced={"y"}>]>} : (tensor<8x6xf32>, tensor<f32>) -> tensor<8xf32>
    // CHECK-NEXT: sdy.reshard %[[M]] <@mesh, [{"x"}]> {mw.kind = "max"} : tensor<8xf32>
    %3 = sdy.reshard %2 <@mesh, [{"x"}]> {mw.kind = "max"} : tensor<8xf32>
    // CHECK-NEXT: sdy.reshard {{.*}} <@mesh, [{"y"}]>
    %4 = sdy.reshard %3 <@mesh, [{"y"}]> : tensor<8xf32>
    %5 = sdy.reshard %4 <@mesh, [{"x"}]> : tensor<8xf32>
    return %1, %5, %0 : tensor<4x6xf32>, tensor<8xf32>, tensor<4x6xf32>
  }
}

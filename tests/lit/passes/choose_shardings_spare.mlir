// RUN: %opt %s -p 'choose-shardings{data=2 spare=3}' | FileCheck %s

// Devices beyond what the rows can use are an axis of their own, over which everything is replicated.
// CHECK-LABEL: module @spare_devices
// CHECK:       sdy.mesh @mesh = <["data"=2, "spare"=3]>
// CHECK:       tensor<2xf32> {{{.*}} sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>}
module @spare_devices {
  func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
    %0 = call @stage0_forward(%x) : (tensor<2xf32>) -> tensor<2xf32>
    return %0 : tensor<2xf32>
  }
  func.func private @stage0_forward(%x: tensor<2xf32> {mw.value = "batch0", mw.value_dim = 0 : i64})
      -> (tensor<2xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %0 = stablehlo.tanh %x : tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}

// RUN: %opt %s -p 'partition{bucket-bytes=120}' --split-input-file | FileCheck %s

// Two sums that wait for nothing are one, on a flat buffer; who reads the first waits for both.
// CHECK-LABEL: module @sums
module @sums {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         %[[F:.*]] = stablehlo.concatenate %{{.*}}, %{{.*}}, dim = 0 : (tensor<24xf32>, tensor<3xf32>) -> tensor<27xf32>
  // CHECK-NEXT:    %[[S:.*]] = "stablehlo.all_reduce"(%[[F]])
  // CHECK:         }) {mw.members = array<i64: 24, 3>} : (tensor<27xf32>) -> tensor<27xf32>
  // CHECK-NEXT:    %[[A:.*]] = stablehlo.slice %[[S]] [0:24]
  // CHECK-NEXT:    %[[B:.*]] = stablehlo.reshape %[[A]] : (tensor<24xf32>) -> tensor<4x6xf32>
  // CHECK-NEXT:    stablehlo.tanh %[[B]]
  // CHECK-NEXT:    stablehlo.slice %[[S]] [24:27]
  // CHECK-NOT:     stablehlo.all_reduce
  func.func @main(%a: tensor<4x6xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}, %b: tensor<3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>})
      -> (tensor<4x6xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}, tensor<3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %0 = sdy.reshard %a <@mesh, [{}, {}]> {mw.joins = 0} : tensor<4x6xf32>
    %1 = stablehlo.tanh %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}]>]>} : tensor<4x6xf32>
    %2 = sdy.reshard %b <@mesh, [{}]> {mw.joins = 0} : tensor<3xf32>
    return %1, %2 : tensor<4x6xf32>, tensor<3xf32>
  }
}

// -----

// What is scattered has a row for each device: a dim that is not the first one comes to the front.
// CHECK-LABEL: module @scatters
module @scatters {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         stablehlo.transpose %{{.*}}, dims = [1, 0, 2] : (tensor<4x2x2xf32>) -> tensor<2x4x2xf32>
  // CHECK:         stablehlo.concatenate %{{.*}}, %{{.*}}, dim = 1 : (tensor<2x8xf32>, tensor<2x4xf32>) -> tensor<2x12xf32>
  // CHECK-NEXT:    "stablehlo.reduce_scatter"({{.*}}scatter_dimension = 0
  // CHECK:         }) {mw.members = array<i64: 16, 8>} : (tensor<2x12xf32>) -> tensor<1x12xf32>
  // CHECK:         stablehlo.reshape %{{.*}} : (tensor<1x8xf32>) -> tensor<4x2xf32>
  // CHECK:         stablehlo.reshape %{{.*}} : (tensor<1x4xf32>) -> tensor<4xf32>
  func.func @main(%a: tensor<4x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}, %b: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>})
      -> (tensor<4x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}, tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>}) {
    %0 = sdy.reshard %a <@mesh, [{}, {"x"}]> {mw.joins = 0} : tensor<4x4xf32>
    %1 = sdy.reshard %b <@mesh, [{"x"}]> {mw.joins = 0} : tensor<8xf32>
    return %0, %1 : tensor<4x4xf32>, tensor<8xf32>
  }
}

// -----

// What is gathered comes a row a device, and goes to its dim.
// CHECK-LABEL: module @gathers
module @gathers {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         stablehlo.concatenate %{{.*}}, %{{.*}}, dim = 1 : (tensor<1x8xf32>, tensor<1x4xf32>) -> tensor<1x12xf32>
  // CHECK-NEXT:    "stablehlo.all_gather"({{.*}}all_gather_dim = 0 {{.*}} {mw.members = array<i64: 16, 8>} : (tensor<1x12xf32>) -> tensor<2x12xf32>
  // CHECK:         stablehlo.transpose %{{.*}}, dims = [1, 0, 2] : (tensor<2x4x2xf32>) -> tensor<4x2x2xf32>
  // CHECK:         stablehlo.reshape %{{.*}} : (tensor<2x4xf32>) -> tensor<8xf32>
  func.func @main(%a: tensor<4x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}]>}, %b: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}]>})
      -> (tensor<4x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}, tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %0 = sdy.reshard %a <@mesh, [{}, {}]> {mw.joins = 0} : tensor<4x4xf32>
    %1 = sdy.reshard %b <@mesh, [{}]> {mw.joins = 0} : tensor<8xf32>
    return %0, %1 : tensor<4x4xf32>, tensor<8xf32>
  }
}

// -----

// Apart stay: another type, another kind, a sum of sums, what is not marked, and what finds no room.
// CHECK-LABEL: module @apart
module @apart {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK-NOT:     stablehlo.concatenate
  // CHECK-NOT:     mw.joins
  func.func @main(%a: tensor<4x6xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}], unreduced={"x"}>}, %b: tensor<3xf64> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>}, %c: tensor<2xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>}, %d: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>})
      -> (tensor<4x6xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}, tensor<3xf64> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}, tensor<2xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}, tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}, tensor<24xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %0 = sdy.reshard %a <@mesh, [{}, {}]> {mw.joins = 0} : tensor<4x6xf32>
    %1 = sdy.reshard %b <@mesh, [{}]> {mw.joins = 0} : tensor<3xf64>
    %2 = sdy.reshard %c <@mesh, [{}]> : tensor<2xf32>
    %3 = sdy.reshard %d <@mesh, [{}]> {mw.joins = 0} : tensor<8xf32>
    %4 = stablehlo.reshape %0 {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}]>]>} : (tensor<4x6xf32>) -> tensor<24xf32>
    %5 = sdy.reshard %4 <@mesh, [{}], unreduced={"x"}> : tensor<24xf32>
    %6 = sdy.reshard %5 <@mesh, [{}]> {mw.joins = 0} : tensor<24xf32>
    return %0, %1, %2, %3, %6 : tensor<4x6xf32>, tensor<3xf64>, tensor<2xf32>, tensor<8xf32>, tensor<24xf32>
  }
}

// -----

// A sum of 16 bits travels as 32, with those that do anyway.
// CHECK-LABEL: module @wide
module @wide {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:         stablehlo.convert %{{.*}} : (tensor<4xbf16>) -> tensor<4xf32>
  // CHECK:         stablehlo.concatenate %{{.*}}, %{{.*}}, dim = 0 : (tensor<4xf32>, tensor<3xf32>) -> tensor<7xf32>
  // CHECK:         stablehlo.convert %{{.*}} : (tensor<4xf32>) -> tensor<4xbf16>
  func.func @main(%a: tensor<4xbf16> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>}, %b: tensor<3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}], unreduced={"x"}>})
      -> (tensor<4xbf16> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}, tensor<3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}]>}) {
    %0 = sdy.reshard %a <@mesh, [{}]> {mw.joins = 0} : tensor<4xbf16>
    %1 = sdy.reshard %b <@mesh, [{}]> {mw.joins = 0} : tensor<3xf32>
    return %0, %1 : tensor<4xbf16>, tensor<3xf32>
  }
}

// RUN: %opt %s -p keep-annotations --split-input-file | FileCheck %s

// Arguments, results, and values behind a constraint; open dims stay open.
// CHECK-LABEL: module @signature_and_constraint
// CHECK-SAME:  mw.user_mesh = "data=2,model=4"
// CHECK:       func.func @main(%{{.*}}: tensor<8x4xf32> {mw.annotation = "[{\22data\22}, {?}]"
// CHECK-SAME:    -> (tensor<8x4xf32> {mw.annotation = "[{\22data\22, \22model\22}, {}]"
// CHECK:         stablehlo.tanh {{.*}}mw.annotation = ["[{\22data\22}, {\22model\22}]"]
module @signature_and_constraint {
  sdy.mesh @mesh = <["data"=2, "model"=4]>
  func.func @main(%x: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data"}, {?}]>})
      -> (tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data", "model"}, {}]>}) {
    %0 = stablehlo.tanh %x : tensor<8x4xf32>
    %1 = sdy.sharding_constraint %0 <@mesh, [{"data"}, {"model"}]> : tensor<8x4xf32>
    return %1 : tensor<8x4xf32>
  }
}

// -----

// A mesh of one device says nothing.
// CHECK-LABEL: module @one_device
// CHECK-NOT:   mw.
module @one_device {
  sdy.mesh @mesh = <["data"=1]>
  func.func @main(%x: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data"}]>}) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}

// -----

// A constraint on a constraint is on what both are of: an argument, or one result of an op with several. Saying it twice is no contradiction.
// CHECK-LABEL: module @behind_constraints
// CHECK:       func.func @main(%{{.*}}: tensor<8x4xf32> {mw.annotation = "[{\22x\22}, {}]"
// CHECK:         stablehlo.optimization_barrier {{.*}}mw.annotation = ["", "[{}, {\22x\22}]"]
module @behind_constraints {
  sdy.mesh @mesh = <["x"=2]>
  func.func @main(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
    %0 = sdy.sharding_constraint %x <@mesh, [{"x"}, {}]> : tensor<8x4xf32>
    %1 = sdy.sharding_constraint %0 <@mesh, [{"x"}, {}]> : tensor<8x4xf32>
    %2:2 = stablehlo.optimization_barrier %1, %1 : tensor<8x4xf32>, tensor<8x4xf32>
    %3 = sdy.sharding_constraint %2#1 <@mesh, [{}, {"x"}]> : tensor<8x4xf32>
    return %2#0, %3 : tensor<8x4xf32>, tensor<8x4xf32>
  }
}

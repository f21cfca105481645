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

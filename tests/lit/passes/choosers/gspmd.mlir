// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=2x2},choose-shardings{intra=gspmd}' --split-input-file | FileCheck %s
// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=2x2},choose-shardings{intra=ilp}' --split-input-file | FileCheck %s --check-prefix=ILP

// The weight's columns are over y, says the user, and the rows over x: the product has both.
// CHECK-LABEL: module @rows_and_columns
// CHECK:       func.func private @forward
// CHECK:         stablehlo.dot_general {{.*}}[{"x"}, {"y"}]
// CHECK-NEXT:    stablehlo.tanh {{.*}}[{"x"}, {"y"}]
// CHECK-NEXT:    return

// The optimum keeps to it as well, where replicating would be cheaper.
// ILP-LABEL: module @rows_and_columns
// ILP:       func.func private @forward
// ILP-SAME:    "batch0", {{[^>]*}}@mesh, [{"x"}, {}]>
// ILP-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"y"}]>
module @rows_and_columns {
  func.func @main(%x: tensor<8x16xf32> {mw.value = "batch0", mw.annotation = "[{\"x\"}, {}]"}, %w: tensor<16x8xf32> {mw.value = "arg1", mw.annotation = "[{}, {\"y\"}]"}) { return }
  func.func private @forward(%x: tensor<8x16xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<16x8xf32> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<8x8xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
    %y = stablehlo.tanh %h : tensor<8x8xf32>
    return %y : tensor<8x8xf32>
  }
}

// -----

// A constraint on a value inside: what gives it and what reads it follow.
// CHECK-LABEL: module @constraint_inside
// CHECK:         stablehlo.tanh {{.*}}[{}, {"y"}]
// CHECK:         stablehlo.dot_general {{.*}}[{}, {}], unreduced={"y"}

// ILP-LABEL: module @constraint_inside
// ILP:         stablehlo.tanh {{.*}}[{}, {"y"}]
module @constraint_inside {
  func.func @main() { return }
  func.func private @forward(%x: tensor<8x16xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<16x8xf32> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<8x8xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %a = stablehlo.tanh %x {mw.annotation = ["[{}, {\"y\"}]"]} : tensor<8x16xf32>
    %h = stablehlo.dot_general %a, %w, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
    return %h : tensor<8x8xf32>
  }
}

// -----

// Nobody says anything: the batch is the annotation.
// CHECK-LABEL: module @no_annotation
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{"x", "y"}, {}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}]>

// ILP-LABEL: module @no_annotation
module @no_annotation {
  func.func @main() { return }
  func.func private @forward(%x: tensor<8x16xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<16x8xf32> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<8x8xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x8xf32>) -> tensor<8x8xf32>
    return %h : tensor<8x8xf32>
  }
}

// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=2x2x2},choose-shardings' --split-input-file | FileCheck %s

// Data parallelism on a mesh of three axes: all of them split the rows.
// CHECK-LABEL: module @one_dim_over_three_axes
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{"x", "y", "z"}, {}, {}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}]>
// CHECK-NEXT:    stablehlo.dot_general {{.*}}[{"x", "y", "z"}, {}, {}]
// CHECK-NEXT:    return
module @one_dim_over_three_axes {
  func.func @main() { return }
  func.func private @forward(%x: tensor<64x1024x512xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<512x2048xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<64x1024x2048xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [2] x [0] : (tensor<64x1024x512xf16>, tensor<512x2048xf16>) -> tensor<64x1024x2048xf16>
    return %h : tensor<64x1024x2048xf16>
  }
}

// -----

// Dims divide evenly or are not split: 6 rows go over one axis of 2, and each half is on 4 devices.
// CHECK-LABEL: module @six_rows
// CHECK:         stablehlo.tanh {{.*}}[{"{{[xyz]}}"}, {}]
module @six_rows {
  func.func @main() { return }
  func.func private @forward(%x: tensor<6x65537xf32> {mw.value = "batch0", mw.value_dim = 0 : i64})
      -> (tensor<6x65537xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %y = stablehlo.tanh %x : tensor<6x65537xf32>
    return %y : tensor<6x65537xf32>
  }
}

// -----

// An image whose height and width can be halved once each: a quarter of it on every pair of devices, which splits the channels
// between the two convolutions.
// CHECK-LABEL: module @quarters_of_an_image
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}, {}, {"[[C:[xyz]]]"}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{}, {}, {"[[C]]"}, {}]>
// CHECK:         stablehlo.convolution{{.*}}<@mesh, [{}, {"[[H:[xyz]]]"}, {"[[W:[xyz]]]"}, {"[[C]]"}]>
// CHECK-NEXT:    stablehlo.tanh {{.*}}[{}, {"[[H]]"}, {"[[W]]"}, {"[[C]]"}]
// CHECK-NEXT:    stablehlo.convolution{{.*}}<@mesh, [{}, {"[[H]]"}, {"[[W]]"}, {}], unreduced={"[[C]]"}>
module @quarters_of_an_image {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x1022x1022x16xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w1: tensor<3x3x16x16xf32> {mw.value = "arg1", mw.value_dim = -1 : i64}, %w2: tensor<3x3x16x16xf32> {mw.value = "arg2", mw.value_dim = -1 : i64})
      -> (tensor<1x1022x1022x16xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.convolution(%x, %w1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x1022x1022x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x1022x1022x16xf32>
    %a = stablehlo.tanh %h : tensor<1x1022x1022x16xf32>
    %y = stablehlo.convolution(%a, %w2) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x1022x1022x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x1022x1022x16xf32>
    return %y : tensor<1x1022x1022x16xf32>
  }
}

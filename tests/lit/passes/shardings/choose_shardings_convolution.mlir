// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4},choose-shardings' --split-input-file | FileCheck %s

// Many images, few channels: the images are split. Data parallelism.
// CHECK-LABEL: module @by_images
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}, {}, {}]>
// CHECK:         stablehlo.convolution{{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    return
module @by_images {
  func.func @main() { return }
  func.func private @forward(%x: tensor<32x56x56x64xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<3x3x64x64xf32> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<32x56x56x64xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<32x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<32x56x56x64xf32>
    return %y : tensor<32x56x56x64xf32>
  }
}

// -----

// Two small images, many channels: output channels, then input channels, as Megatron's columns and rows, and one reduction.
// "One weird trick for parallelizing convolutional neural networks" (arXiv:1404.5997): split what is large.
// CHECK-LABEL: module @by_channels
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}, {}, {"x"}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{}, {}, {"x"}, {}]>
// CHECK:         stablehlo.convolution{{.*}}<@mesh, [{}, {}, {}, {"x"}]>
// CHECK-NEXT:    stablehlo.tanh {{.*}}[{}, {}, {}, {"x"}]
// CHECK-NEXT:    %[[Y:.*]] = stablehlo.convolution{{.*}}unreduced={"x"}
// CHECK-NEXT:    sdy.reshard %[[Y]]
// CHECK-NEXT:    return
module @by_channels {
  func.func @main() { return }
  func.func private @forward(%x: tensor<2x14x14x2048xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w1: tensor<3x3x2048x2048xf32> {mw.value = "arg1", mw.value_dim = -1 : i64}, %w2: tensor<3x3x2048x2048xf32> {mw.value = "arg2", mw.value_dim = -1 : i64})
      -> (tensor<2x14x14x2048xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.convolution(%x, %w1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x14x14x2048xf32>, tensor<3x3x2048x2048xf32>) -> tensor<2x14x14x2048xf32>
    %a = stablehlo.tanh %h : tensor<2x14x14x2048xf32>
    %y = stablehlo.convolution(%a, %w2) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<2x14x14x2048xf32>, tensor<3x3x2048x2048xf32>) -> tensor<2x14x14x2048xf32>
    return %y : tensor<2x14x14x2048xf32>
  }
}

// -----

// One large image of few channels: its rows are split, as weather models and high resolution networks do. Each device gets one row of
// either neighbour (partition writes that exchange), which is less than any sum or gather of whole images.
// CHECK-LABEL: module @by_rows
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}, {}, {}]>
// CHECK:         stablehlo.convolution{{.*}}<@mesh, [{}, {"x"}, {}, {}]>
// CHECK-NEXT:    stablehlo.tanh {{.*}}[{}, {"x"}, {}, {}]
// CHECK-NEXT:    stablehlo.convolution{{.*}}<@mesh, [{}, {"x"}, {}, {}]>
// CHECK-NEXT:    return
module @by_rows {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x512x512x16xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w1: tensor<3x3x16x16xf32> {mw.value = "arg1", mw.value_dim = -1 : i64}, %w2: tensor<3x3x16x16xf32> {mw.value = "arg2", mw.value_dim = -1 : i64})
      -> (tensor<1x512x512x16xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.convolution(%x, %w1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x512x512x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x512x512x16xf32>
    %a = stablehlo.tanh %h : tensor<1x512x512x16xf32>
    %y = stablehlo.convolution(%a, %w2) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x512x512x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x512x512x16xf32>
    return %y : tensor<1x512x512x16xf32>
  }
}

// -----

// The same with 511 rows, which 4 devices do not divide: its columns are split.
// CHECK-LABEL: module @by_columns
// CHECK:       func.func private @forward
// CHECK:         stablehlo.convolution{{.*}}<@mesh, [{}, {}, {"x"}, {}]>
// CHECK-NEXT:    stablehlo.tanh {{.*}}[{}, {}, {"x"}, {}]
// CHECK-NEXT:    stablehlo.convolution{{.*}}<@mesh, [{}, {}, {"x"}, {}]>
// CHECK-NEXT:    return
module @by_columns {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x511x512x16xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w1: tensor<3x3x16x16xf32> {mw.value = "arg1", mw.value_dim = -1 : i64}, %w2: tensor<3x3x16x16xf32> {mw.value = "arg2", mw.value_dim = -1 : i64})
      -> (tensor<1x511x512x16xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.convolution(%x, %w1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x511x512x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x511x512x16xf32>
    %a = stablehlo.tanh %h : tensor<1x511x512x16xf32>
    %y = stablehlo.convolution(%a, %w2) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x511x512x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x511x512x16xf32>
    return %y : tensor<1x511x512x16xf32>
  }
}

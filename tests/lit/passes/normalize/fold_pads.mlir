// RUN: %opt %s -p 'fold-pads,func.func(canonicalize)' --split-input-file | FileCheck %s

// Keras pads in front of a convolution without padding: 66 rows, which no mesh divides, where the image has 64.
// CHECK-LABEL: module @convolution
// CHECK-NOT:     stablehlo.pad
// CHECK:         stablehlo.convolution(%arg0, %arg1) {{.*}}pad = {{\[\[}}1, 1], [1, 1]]{{.*}} : (tensor<1x64x64x3xf32>, tensor<3x3x3x5xf32>) -> tensor<1x64x64x5xf32>
module @convolution {
  func.func @main(%x: tensor<1x64x64x3xf32>, %w: tensor<3x3x3x5xf32>) -> tensor<1x64x64x5xf32> {
    %i = stablehlo.constant dense<0> : tensor<i32>
    %zero = stablehlo.convert %i : (tensor<i32>) -> tensor<f32>
    %p = stablehlo.pad %x, %zero, low = [0, 1, 1, 0], high = [0, 1, 1, 0], interior = [0, 0, 0, 0] : (tensor<1x64x64x3xf32>, tensor<f32>) -> tensor<1x66x66x3xf32>
    %y = stablehlo.convolution(%p, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x66x66x3xf32>, tensor<3x3x3x5xf32>) -> tensor<1x64x64x5xf32>
    return %y : tensor<1x64x64x5xf32>
  }
}

// -----

// The gradient of an average-pool as JAX writes it: zeros between the rows, then a window.
// CHECK-LABEL: module @average_pool_gradient
// CHECK-NOT:     stablehlo.pad
// CHECK:         "stablehlo.reduce_window"(%arg0, %{{.*}}) <{base_dilations = array<i64: 1, 2>, padding = dense<{{\[\[}}0, 0], [1, 1]]> {{.*}}window_dimensions = array<i64: 1, 2>
// CHECK:         (tensor<2x8xf32>, tensor<f32>) -> tensor<2x16xf32>
module @average_pool_gradient {
  func.func @main(%dy: tensor<2x8xf32>) -> tensor<2x16xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %p = stablehlo.pad %dy, %zero, low = [0, 1], high = [0, 1], interior = [0, 1] : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x17xf32>
    %dx = "stablehlo.reduce_window"(%p, %zero) <{window_dimensions = array<i64: 1, 2>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<2x17xf32>, tensor<f32>) -> tensor<2x16xf32>
    return %dx : tensor<2x16xf32>
  }
}

// -----

// The gradient of a max-pool whose windows overlap: the pad goes, and so does the slice that takes it off again.
// CHECK-LABEL: module @max_pool_gradient
// CHECK-NOT:     stablehlo.pad
// CHECK:         "stablehlo.select_and_scatter"(%arg0, %arg1, %{{.*}}) <{padding = dense<{{\[\[}}0, 0], [0, 1]]>
// CHECK:         -> tensor<2x16xf32>
// CHECK-NEXT:    return
module @max_pool_gradient {
  func.func @main(%x: tensor<2x16xf32>, %dy: tensor<2x8xf32>) -> tensor<2x16xf32> {
    %lowest = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %p = stablehlo.pad %x, %lowest, low = [0, 0], high = [0, 1], interior = [0, 0] : (tensor<2x16xf32>, tensor<f32>) -> tensor<2x17xf32>
    %g = "stablehlo.select_and_scatter"(%p, %dy, %zero) <{window_dimensions = array<i64: 1, 3>, window_strides = array<i64: 1, 2>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %c = stablehlo.compare GE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %c : tensor<i1>
    }, {
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<2x17xf32>, tensor<2x8xf32>, tensor<f32>) -> tensor<2x17xf32>
    %dx = stablehlo.slice %g [0:2, 0:16] : (tensor<2x17xf32>) -> tensor<2x16xf32>
    return %dx : tensor<2x16xf32>
  }
}

// -----

// A max-pool over zeros at the border is no max-pool over minus infinity: this pad stays.
// CHECK-LABEL: module @other_value
// CHECK:         stablehlo.pad
module @other_value {
  func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %lowest = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %p = stablehlo.pad %x, %zero, low = [0, 1], high = [0, 1], interior = [0, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x10xf32>
    %y = "stablehlo.reduce_window"(%p, %lowest) <{window_dimensions = array<i64: 1, 3>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.maximum %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<2x10xf32>, tensor<f32>) -> tensor<2x8xf32>
    return %y : tensor<2x8xf32>
  }
}

// -----

// Nobody knows that a fill which is an argument is the reduction's own start: this pad stays.
// CHECK-LABEL: module @fill_is_an_argument
// CHECK:         stablehlo.pad
module @fill_is_an_argument {
  func.func @main(%x: tensor<2x8xf32>, %fill: tensor<f32>) -> tensor<2x8xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %p = stablehlo.pad %x, %fill, low = [0, 1], high = [0, 1], interior = [0, 0] : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x10xf32>
    %y = "stablehlo.reduce_window"(%p, %zero) <{window_dimensions = array<i64: 1, 3>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<2x10xf32>, tensor<f32>) -> tensor<2x8xf32>
    return %y : tensor<2x8xf32>
  }
}

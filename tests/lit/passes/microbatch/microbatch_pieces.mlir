// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file | FileCheck %s

// Two batches in one tensor: each microbatch has its rows of both, and takes them apart again at its own borders.
// CHECK-LABEL: module @two_batches_in_one
// CHECK:         %[[BOTH:.*]] = stablehlo.concatenate %{{.*}}, %{{.*}}, dim = 0 {{.*}} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
// CHECK-NEXT:    %[[H:.*]] = stablehlo.tanh %[[BOTH]]
// CHECK-NEXT:    stablehlo.slice %[[H]] [0:4, 0:4] {{.*}} : (tensor<8x4xf32>) -> tensor<4x4xf32>
// CHECK:         stablehlo.slice %[[H]] [4:8, 0:4] {{.*}} : (tensor<8x4xf32>) -> tensor<4x4xf32>
module @two_batches_in_one {
  func.func @main(%x: tensor<16x4xf32> {mw.role = "batch"}, %y: tensor<16x4xf32> {mw.role = "batch"}) -> (tensor<16x4xf32>, tensor<16x4xf32>) {
    %0 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<16x4xf32>, tensor<16x4xf32>) -> tensor<32x4xf32>
    %1 = stablehlo.tanh %0 : tensor<32x4xf32>
    %2 = stablehlo.slice %1 [0:16, 0:4] : (tensor<32x4xf32>) -> tensor<16x4xf32>
    %3 = stablehlo.slice %1 [16:32, 0:4] : (tensor<32x4xf32>) -> tensor<16x4xf32>
    return %2, %3 : tensor<16x4xf32>, tensor<16x4xf32>
  }
}

// -----

// The transpose of such a slice, a pad by a whole batch, pads each microbatch by its rows.
// CHECK-LABEL: module @padded_by_a_batch
// CHECK:         stablehlo.pad %{{.*}}, %{{.*}}, low = [4, 0], high = [0, 1], interior = [0, 0] {{.*}} : (tensor<4x4xf32>, tensor<f32>) -> tensor<8x5xf32>
module @padded_by_a_batch {
  func.func @main(%x: tensor<16x4xf32> {mw.role = "batch"}, %zero: tensor<f32>) -> tensor<5xf32> {
    %0 = stablehlo.pad %x, %zero, low = [16, 0], high = [0, 1], interior = [0, 0] : (tensor<16x4xf32>, tensor<f32>) -> tensor<32x5xf32>
    %1 = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<32x5xf32>, tensor<f32>) -> tensor<5xf32>
    return %1 : tensor<5xf32>
  }
}

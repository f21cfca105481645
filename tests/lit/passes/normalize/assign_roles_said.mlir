// RUN: %opt %s -p 'assign-roles{batch-args=1 loss=1 state-args=0:0}' | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME:    mw.how = "said by --state-args", {{.*}} mw.state_result = 0 : i64
// CHECK-SAME:    mw.how = "said by --batch-args", {{.*}} mw.role = "batch"
// CHECK-SAME:    mw.role = "state", mw.state_arg = 0 : i64
// CHECK-SAME:    mw.how = "said by --loss", {{.*}} mw.role = "loss"
// CHECK-SAME:    mw.role = "metric"
func.func @main(%w: tensor<4xf32>, %x: tensor<4x4xf32>) -> (tensor<4xf32>, tensor<f32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %loss = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  return %0, %loss, %zero : tensor<4xf32>, tensor<f32>, tensor<f32>
}

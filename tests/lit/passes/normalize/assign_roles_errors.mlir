// RUN: %opt %s -p 'assign-roles' --split-input-file --verify-diagnostics

// expected-error @unknown {{cannot tell which arguments are the batch, candidates are dim 0 = 8: argument 1 tensor<8xf32>; dim 0 = 6: argument 2 tensor<6xf32>; say which arguments are the batch with --batch-args 1 or --batch-args 2, or that there is none with --batch-args none}}
func.func @main(%a: tensor<f32>, %x: tensor<8xf32>, %y: tensor<6xf32>, %b: tensor<f32>) -> (tensor<f32>, tensor<8xf32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
  %1 = stablehlo.reduce(%y init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<6xf32>, tensor<f32>) -> tensor<f32>
  %2 = stablehlo.add %0, %1 : tensor<f32>
  return %2, %x, %b : tensor<f32>, tensor<8xf32>, tensor<f32>
}

// -----

func.func private @not_main() {
  return
}
// expected-error @unknown {{the module has no function @main}}

// -----

// expected-error @unknown {{got a batch of 0 rows, want at least 1; export the step with a batch that has rows, or say --batch-args none}}
func.func @main(%w: tensor<4xf32> {tf.aliasing_output = 0 : i32}, %rows: tensor<0x4xf32>) -> (tensor<4xf32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.dot_general %rows, %w, contracting_dims = [1] x [0] : (tensor<0x4xf32>, tensor<4xf32>) -> tensor<0xf32>
  %loss = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<0xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.reduce(%rows init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<0x4xf32>, tensor<f32>) -> tensor<4xf32>
  %new = stablehlo.subtract %w, %g : tensor<4xf32>
  return %new, %loss : tensor<4xf32>, tensor<f32>
}

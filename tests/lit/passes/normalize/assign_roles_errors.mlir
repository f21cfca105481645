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

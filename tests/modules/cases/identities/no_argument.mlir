func.func @main() -> tensor<f32> {
  %c = stablehlo.constant dense<3.0> : tensor<f32>
  return %c : tensor<f32>
}

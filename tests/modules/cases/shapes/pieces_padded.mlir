// want: equal
// batch: 0 1
func.func @main(%a: tensor<8x3xf32>, %b: tensor<8x3xf32>, %zero: tensor<f32>) -> (tensor<8x4xf32>, tensor<4xf32>) {
  %e = stablehlo.exponential %a : tensor<8x3xf32>
  %low = stablehlo.pad %e, %zero, low = [8, 1], high = [0, 0], interior = [0, 0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<16x4xf32>
  %f = stablehlo.tanh %b : tensor<8x3xf32>
  %high = stablehlo.pad %f, %zero, low = [0, 0], high = [8, 1], interior = [0, 0] : (tensor<8x3xf32>, tensor<f32>) -> tensor<16x4xf32>
  %sum = stablehlo.add %low, %high : tensor<16x4xf32>
  %more = stablehlo.pad %sum, %zero, low = [16, 0], high = [8, 0], interior = [0, 0] : (tensor<16x4xf32>, tensor<f32>) -> tensor<40x4xf32>
  %squares = stablehlo.multiply %more, %more : tensor<40x4xf32>
  %all = stablehlo.reduce(%squares init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<40x4xf32>, tensor<f32>) -> tensor<4xf32>
  %rows = stablehlo.slice %squares [24:32, 0:4] : (tensor<40x4xf32>) -> tensor<8x4xf32>
  return %rows, %all : tensor<8x4xf32>, tensor<4xf32>
}

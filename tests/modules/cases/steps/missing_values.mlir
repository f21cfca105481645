// batch: 1
// loss: 1
// state: 0:0
func.func @main(%w: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<f32>, tensor<8x4xf32>) {
  %nan = stablehlo.compare NE, %x, %x : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xi1>
  %zero = stablehlo.constant dense<0.0> : tensor<8x4xf32>
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %there = stablehlo.select %nan, %zero, %x : tensor<8x4xi1>, tensor<8x4xf32>
  %ww = stablehlo.broadcast_in_dim %w, dims = [1] : (tensor<4xf32>) -> tensor<8x4xf32>
  %p = stablehlo.multiply %there, %ww : tensor<8x4xf32>
  %loss = stablehlo.reduce(%p init: %z) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x4xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.reduce(%there init: %z) applies stablehlo.add across dimensions = [0] : (tensor<8x4xf32>, tensor<f32>) -> tensor<4xf32>
  %new = stablehlo.subtract %w, %g : tensor<4xf32>
  %raw = stablehlo.multiply %x, %ww : tensor<8x4xf32>
  return %new, %loss, %raw : tensor<4xf32>, tensor<f32>, tensor<8x4xf32>
}

// Least squares: the gradient contracts the batch.
module @jit_linear_sgd attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<12x4xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<16x12xf32>, %arg2: tensor<16x4xf32>) -> (tensor<12x4xf32> {jax.result_info = "result[0]"}, tensor<f32> {jax.result_info = "result[1]"}) {
    %0 = stablehlo.dot_general %arg1, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<16x12xf32>, tensor<12x4xf32>) -> tensor<16x4xf32>
    %1 = stablehlo.subtract %0, %arg2 : tensor<16x4xf32>
    %2 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<16x12xf32>) -> tensor<12x16xf32>
    %3 = stablehlo.dot_general %2, %1, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<12x16xf32>, tensor<16x4xf32>) -> tensor<12x4xf32>
    %cst = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<12x4xf32>
    %5 = stablehlo.multiply %4, %3 : tensor<12x4xf32>
    %6 = stablehlo.subtract %arg0, %5 : tensor<12x4xf32>
    %7 = stablehlo.multiply %1, %1 : tensor<16x4xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %8 = stablehlo.reduce(%7 init: %cst_0) applies stablehlo.add across dimensions = [0, 1] : (tensor<16x4xf32>, tensor<f32>) -> tensor<f32>
    return %6, %8 : tensor<12x4xf32>, tensor<f32>
  }
}

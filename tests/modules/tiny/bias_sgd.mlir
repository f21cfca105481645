// A matrix and a vector whose gradient is a sum over rows.
module @jit_bias_sgd attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8x12xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<12xf32> {tf.aliasing_output = 1 : i32}, %arg2: tensor<16x8xf32>, %arg3: tensor<16x12xf32>) -> (tensor<8x12xf32> {jax.result_info = "result[0]"}, tensor<12xf32> {jax.result_info = "result[1]"}) {
    %0 = stablehlo.transpose %arg2, dims = [1, 0] : (tensor<16x8xf32>) -> tensor<8x16xf32>
    %1 = stablehlo.dot_general %0, %arg3, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<8x16xf32>, tensor<16x12xf32>) -> tensor<8x12xf32>
    %2 = stablehlo.subtract %arg0, %1 : tensor<8x12xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %3 = stablehlo.reduce(%arg3 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<16x12xf32>, tensor<f32>) -> tensor<12xf32>
    %4 = stablehlo.subtract %arg1, %3 : tensor<12xf32>
    return %2, %4 : tensor<8x12xf32>, tensor<12xf32>
  }
}

// Two layers backwards by hand from the gradient of the output, and SGD.
module @jit_mlp_sgd attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8x16xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<16x4xf32> {tf.aliasing_output = 1 : i32}, %arg2: tensor<12x8xf32>, %arg3: tensor<12x4xf32>) -> (tensor<8x16xf32> {jax.result_info = "result[0]"}, tensor<16x4xf32> {jax.result_info = "result[1]"}) {
    %0 = stablehlo.dot_general %arg2, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<12x8xf32>, tensor<8x16xf32>) -> tensor<12x16xf32>
    %1 = stablehlo.tanh %0 : tensor<12x16xf32>
    %2 = stablehlo.dot_general %arg3, %arg1, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<12x4xf32>, tensor<16x4xf32>) -> tensor<12x16xf32>
    %3 = stablehlo.multiply %1, %1 : tensor<12x16xf32>
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<12x16xf32>
    %5 = stablehlo.subtract %4, %3 : tensor<12x16xf32>
    %6 = stablehlo.multiply %2, %5 : tensor<12x16xf32>
    %7 = stablehlo.dot_general %arg2, %6, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<12x8xf32>, tensor<12x16xf32>) -> tensor<8x16xf32>
    %8 = stablehlo.subtract %arg0, %7 : tensor<8x16xf32>
    %9 = stablehlo.dot_general %1, %arg3, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<12x16xf32>, tensor<12x4xf32>) -> tensor<16x4xf32>
    %10 = stablehlo.subtract %arg1, %9 : tensor<16x4xf32>
    return %8, %10 : tensor<8x16xf32>, tensor<16x4xf32>
  }
}

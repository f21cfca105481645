// ZeRO in small: a gradient that contracts the batch, and two moments that nothing else reads.
module @jit_adam attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8x12xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<8x12xf32> {tf.aliasing_output = 1 : i32}, %arg2: tensor<8x12xf32> {tf.aliasing_output = 2 : i32}, %arg3: tensor<16x8xf32>, %arg4: tensor<16x12xf32>) -> (tensor<8x12xf32> {jax.result_info = "result[0]"}, tensor<8x12xf32> {jax.result_info = "result[1]"}, tensor<8x12xf32> {jax.result_info = "result[2]"}) {
    %0 = stablehlo.transpose %arg3, dims = [1, 0] : (tensor<16x8xf32>) -> tensor<8x16xf32>
    %1 = stablehlo.dot_general %0, %arg4, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<8x16xf32>, tensor<16x12xf32>) -> tensor<8x12xf32>
    %cst = stablehlo.constant dense<0.899999976> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<8x12xf32>
    %3 = stablehlo.multiply %2, %arg1 : tensor<8x12xf32>
    %4 = stablehlo.add %3, %1 : tensor<8x12xf32>
    %cst_0 = stablehlo.constant dense<0.899999976> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<8x12xf32>
    %6 = stablehlo.multiply %5, %arg2 : tensor<8x12xf32>
    %7 = stablehlo.multiply %1, %1 : tensor<8x12xf32>
    %8 = stablehlo.add %6, %7 : tensor<8x12xf32>
    %9 = stablehlo.rsqrt %8 : tensor<8x12xf32>
    %10 = stablehlo.multiply %4, %9 : tensor<8x12xf32>
    %11 = stablehlo.subtract %arg0, %10 : tensor<8x12xf32>
    return %11, %4, %8 : tensor<8x12xf32>, tensor<8x12xf32>, tensor<8x12xf32>
  }
}

// A matmul whose columns become heads by a reshape, and back.
module @jit_attention_heads attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x8x12xf32>, %arg1: tensor<12x16xf32>, %arg2: tensor<16x12xf32>) -> (tensor<4x8x12xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [2] x [0], precision = [DEFAULT, DEFAULT] : (tensor<4x8x12xf32>, tensor<12x16xf32>) -> tensor<4x8x16xf32>
    %1 = stablehlo.reshape %0 : (tensor<4x8x16xf32>) -> tensor<4x8x4x4xf32>
    %2 = stablehlo.dot_general %1, %1, batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3], precision = [DEFAULT, DEFAULT] : (tensor<4x8x4x4xf32>, tensor<4x8x4x4xf32>) -> tensor<4x4x8x8xf32>
    %3 = stablehlo.dot_general %1, %2, batching_dims = [0, 2] x [0, 1], contracting_dims = [1] x [3], precision = [DEFAULT, DEFAULT] : (tensor<4x8x4x4xf32>, tensor<4x4x8x8xf32>) -> tensor<4x4x4x8xf32>
    %4 = stablehlo.transpose %3, dims = [0, 3, 1, 2] : (tensor<4x4x4x8xf32>) -> tensor<4x8x4x4xf32>
    %5 = stablehlo.reshape %4 : (tensor<4x8x4x4xf32>) -> tensor<4x8x16xf32>
    %6 = stablehlo.dot_general %5, %arg2, contracting_dims = [2] x [0], precision = [DEFAULT, DEFAULT] : (tensor<4x8x16xf32>, tensor<16x12xf32>) -> tensor<4x8x12xf32>
    return %6 : tensor<4x8x12xf32>
  }
}

// Scores and values without the softmax; [batch, seq, heads, dim].
module @jit_attention attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x8x4x16xf32>, %arg1: tensor<4x8x4x16xf32>, %arg2: tensor<4x8x4x16xf32>) -> (tensor<4x8x4x16xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.dot_general %arg0, %arg1, batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3], precision = [DEFAULT, DEFAULT] : (tensor<4x8x4x16xf32>, tensor<4x8x4x16xf32>) -> tensor<4x4x8x8xf32>
    %1 = stablehlo.dot_general %arg2, %0, batching_dims = [0, 2] x [0, 1], contracting_dims = [1] x [3], precision = [DEFAULT, DEFAULT] : (tensor<4x8x4x16xf32>, tensor<4x4x8x8xf32>) -> tensor<4x4x16x8xf32>
    %2 = stablehlo.transpose %1, dims = [0, 3, 1, 2] : (tensor<4x4x16x8xf32>) -> tensor<4x8x4x16xf32>
    return %2 : tensor<4x8x4x16xf32>
  }
}

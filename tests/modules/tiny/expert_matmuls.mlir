// One matmul an expert: the expert dim needs no communication.
module @jit_expert_matmuls attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x8x12xf32>, %arg1: tensor<4x12x16xf32>, %arg2: tensor<4x16x12xf32>) -> (tensor<4x8x12xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x8x12xf32>, tensor<4x12x16xf32>) -> tensor<4x8x16xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<4x8x16xf32>
    %2 = stablehlo.maximum %0, %1 : tensor<4x8x16xf32>
    %3 = stablehlo.dot_general %2, %arg2, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x8x16xf32>, tensor<4x16x12xf32>) -> tensor<4x8x12xf32>
    return %3 : tensor<4x8x12xf32>
  }
}

// GShard's einsums: tokens to experts, the expert's weight, and back; an all-to-all in between.
module @jit_moe_dispatch attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x8x4x4xf32>, %arg1: tensor<4x8x12xf32>, %arg2: tensor<4x12x12xf32>) -> (tensor<4x8x12xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.dot_general %arg1, %arg0, batching_dims = [0] x [0], contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x8x12xf32>, tensor<4x8x4x4xf32>) -> tensor<4x12x4x4xf32>
    %1 = stablehlo.transpose %0, dims = [2, 0, 3, 1] : (tensor<4x12x4x4xf32>) -> tensor<4x4x4x12xf32>
    %2 = stablehlo.dot_general %1, %arg2, batching_dims = [0] x [0], contracting_dims = [3] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x4x4x12xf32>, tensor<4x12x12xf32>) -> tensor<4x4x4x12xf32>
    %3 = stablehlo.dot_general %arg0, %2, batching_dims = [0] x [1], contracting_dims = [3, 2] x [2, 0], precision = [DEFAULT, DEFAULT] : (tensor<4x8x4x4xf32>, tensor<4x4x4x12xf32>) -> tensor<4x8x12xf32>
    return %3 : tensor<4x8x12xf32>
  }
}

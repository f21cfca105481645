// Two dims merged for a matmul and split again.
module @jit_reshapes attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x8x16xf32>, %arg1: tensor<16x12xf32>) -> (tensor<4x8x12xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.reshape %arg0 : (tensor<4x8x16xf32>) -> tensor<32x16xf32>
    %1 = stablehlo.dot_general %0, %arg1, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x16xf32>, tensor<16x12xf32>) -> tensor<32x12xf32>
    %2 = stablehlo.reshape %1 : (tensor<32x12xf32>) -> tensor<4x8x12xf32>
    return %2 : tensor<4x8x12xf32>
  }
}

// A mask made of iotas, applied to scores, and a batched matmul.
module @jit_causal_mask attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x8x8xf32>, %arg1: tensor<4x8x12xf32>) -> (tensor<4x8x12xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.iota dim = 1 : tensor<4x8x8xi32>
    %1 = stablehlo.iota dim = 2 : tensor<4x8x8xi32>
    %2 = stablehlo.compare GE, %0, %1, SIGNED : (tensor<4x8x8xi32>, tensor<4x8x8xi32>) -> tensor<4x8x8xi1>
    %cst = stablehlo.constant dense<-9.000000e+00> : tensor<f32>
    %3 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<4x8x8xf32>
    %4 = stablehlo.select %2, %arg0, %3 : tensor<4x8x8xi1>, tensor<4x8x8xf32>
    %5 = stablehlo.dot_general %4, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<4x8x8xf32>, tensor<4x8x12xf32>) -> tensor<4x8x12xf32>
    return %5 : tensor<4x8x12xf32>
  }
}

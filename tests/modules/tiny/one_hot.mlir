// A lookup as a matmul; the input is of integers.
module @jit_one_hot attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xi32>, %arg1: tensor<12x8xf32>) -> (tensor<16x8xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0] : (tensor<16xi32>) -> tensor<16x12xi32>
    %1 = stablehlo.iota dim = 1 : tensor<16x12xi32>
    %2 = stablehlo.compare EQ, %0, %1, SIGNED : (tensor<16x12xi32>, tensor<16x12xi32>) -> tensor<16x12xi1>
    %3 = stablehlo.convert %2 : (tensor<16x12xi1>) -> tensor<16x12xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<16x12xf32>, tensor<12x8xf32>) -> tensor<16x8xf32>
    return %4 : tensor<16x8xf32>
  }
}

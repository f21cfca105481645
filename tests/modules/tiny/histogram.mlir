// Integers only: how often each of 12 values occurs.
module @jit_histogram attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xi32>) -> (tensor<12xi32> {jax.result_info = "result"}) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0] : (tensor<16xi32>) -> tensor<16x12xi32>
    %1 = stablehlo.iota dim = 1 : tensor<16x12xi32>
    %2 = stablehlo.compare EQ, %0, %1, SIGNED : (tensor<16x12xi32>, tensor<16x12xi32>) -> tensor<16x12xi1>
    %3 = stablehlo.convert %2 : (tensor<16x12xi1>) -> tensor<16x12xi32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %4 = stablehlo.reduce(%3 init: %c) applies stablehlo.add across dimensions = [0] : (tensor<16x12xi32>, tensor<i32>) -> tensor<12xi32>
    return %4 : tensor<12xi32>
  }
}

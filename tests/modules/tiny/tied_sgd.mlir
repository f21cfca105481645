// Both gradients of a tied weight are added.
module @jit_tied_sgd attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<12x4xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<16x12xf32>, %arg2: tensor<16x12xf32>) -> (tensor<12x4xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.dot_general %arg1, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<16x12xf32>, tensor<12x4xf32>) -> tensor<16x4xf32>
    %1 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<12x4xf32>) -> tensor<4x12xf32>
    %2 = stablehlo.dot_general %0, %1, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<16x4xf32>, tensor<4x12xf32>) -> tensor<16x12xf32>
    %3 = stablehlo.subtract %2, %arg2 : tensor<16x12xf32>
    %4 = stablehlo.transpose %3, dims = [1, 0] : (tensor<16x12xf32>) -> tensor<12x16xf32>
    %5 = stablehlo.dot_general %4, %0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<12x16xf32>, tensor<16x4xf32>) -> tensor<12x4xf32>
    %6 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<16x12xf32>) -> tensor<12x16xf32>
    %7 = stablehlo.dot_general %3, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<16x12xf32>, tensor<12x4xf32>) -> tensor<16x4xf32>
    %8 = stablehlo.dot_general %6, %7, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<12x16xf32>, tensor<16x4xf32>) -> tensor<12x4xf32>
    %9 = stablehlo.add %5, %8 : tensor<12x4xf32>
    %10 = stablehlo.subtract %arg0, %9 : tensor<12x4xf32>
    return %10 : tensor<12x4xf32>
  }
}

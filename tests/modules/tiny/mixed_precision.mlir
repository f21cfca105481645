// A float32 weight, its bfloat16 copy in the matmuls, and an update in float32.
module @jit_mixed_precision attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<12x8xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<16x12xbf16>, %arg2: tensor<16x8xbf16>) -> (tensor<12x8xf32> {jax.result_info = "result[0]"}, tensor<16x12xbf16> {jax.result_info = "result[1]"}) {
    %0 = stablehlo.convert %arg0 : (tensor<12x8xf32>) -> tensor<12x8xbf16>
    %1 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<16x12xbf16>) -> tensor<12x16xbf16>
    %2 = stablehlo.dot_general %1, %arg2, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<12x16xbf16>, tensor<16x8xbf16>) -> tensor<12x8xbf16>
    %3 = stablehlo.convert %2 : (tensor<12x8xbf16>) -> tensor<12x8xf32>
    %4 = stablehlo.subtract %arg0, %3 : tensor<12x8xf32>
    %5 = stablehlo.transpose %0, dims = [1, 0] : (tensor<12x8xbf16>) -> tensor<8x12xbf16>
    %6 = stablehlo.dot_general %arg2, %5, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<16x8xbf16>, tensor<8x12xbf16>) -> tensor<16x12xbf16>
    return %4, %6 : tensor<12x8xf32>, tensor<16x12xbf16>
  }
}

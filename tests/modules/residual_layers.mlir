// One training step of four residual layers; its gradient is clipped by its norm and its largest element, which stages tell each other.
module @jit_step attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<64x256xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<256x64xf32> {tf.aliasing_output = 1 : i32}, %arg2: tensor<64x256xf32> {tf.aliasing_output = 2 : i32}, %arg3: tensor<256x64xf32> {tf.aliasing_output = 3 : i32}, %arg4: tensor<64x256xf32> {tf.aliasing_output = 4 : i32}, %arg5: tensor<256x64xf32> {tf.aliasing_output = 5 : i32}, %arg6: tensor<64x256xf32> {tf.aliasing_output = 6 : i32}, %arg7: tensor<256x64xf32> {tf.aliasing_output = 7 : i32}, %arg8: tensor<32x64xf32>, %arg9: tensor<32x64xf32>) -> (tensor<64x256xf32> {jax.result_info = "result[0][0][0]"}, tensor<256x64xf32> {jax.result_info = "result[0][0][1]"}, tensor<64x256xf32> {jax.result_info = "result[0][1][0]"}, tensor<256x64xf32> {jax.result_info = "result[0][1][1]"}, tensor<64x256xf32> {jax.result_info = "result[0][2][0]"}, tensor<256x64xf32> {jax.result_info = "result[0][2][1]"}, tensor<64x256xf32> {jax.result_info = "result[0][3][0]"}, tensor<256x64xf32> {jax.result_info = "result[0][3][1]"}, tensor<f32> {jax.result_info = "result[1]"}) {
    %0 = stablehlo.dot_general %arg8, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<64x256xf32>) -> tensor<32x256xf32>
    %1 = stablehlo.tanh %0 : tensor<32x256xf32>
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<32x256xf32>
    %3 = stablehlo.subtract %2, %1 : tensor<32x256xf32>
    %4 = stablehlo.dot_general %1, %arg1, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<256x64xf32>) -> tensor<32x64xf32>
    %5 = stablehlo.add %arg8, %4 : tensor<32x64xf32>
    %6 = stablehlo.dot_general %5, %arg2, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<64x256xf32>) -> tensor<32x256xf32>
    %7 = stablehlo.tanh %6 : tensor<32x256xf32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<32x256xf32>
    %9 = stablehlo.subtract %8, %7 : tensor<32x256xf32>
    %10 = stablehlo.dot_general %7, %arg3, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<256x64xf32>) -> tensor<32x64xf32>
    %11 = stablehlo.add %5, %10 : tensor<32x64xf32>
    %12 = stablehlo.dot_general %11, %arg4, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<64x256xf32>) -> tensor<32x256xf32>
    %13 = stablehlo.tanh %12 : tensor<32x256xf32>
    %cst_1 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<32x256xf32>
    %15 = stablehlo.subtract %14, %13 : tensor<32x256xf32>
    %16 = stablehlo.dot_general %13, %arg5, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<256x64xf32>) -> tensor<32x64xf32>
    %17 = stablehlo.add %11, %16 : tensor<32x64xf32>
    %18 = stablehlo.dot_general %17, %arg6, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<64x256xf32>) -> tensor<32x256xf32>
    %19 = stablehlo.tanh %18 : tensor<32x256xf32>
    %cst_2 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<32x256xf32>
    %21 = stablehlo.subtract %20, %19 : tensor<32x256xf32>
    %22 = stablehlo.dot_general %19, %arg7, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<256x64xf32>) -> tensor<32x64xf32>
    %23 = stablehlo.add %17, %22 : tensor<32x64xf32>
    %24 = stablehlo.subtract %23, %arg9 : tensor<32x64xf32>
    %25 = stablehlo.multiply %24, %24 : tensor<32x64xf32>
    %cst_3 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %26 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<32x64xf32>
    %27 = stablehlo.multiply %26, %24 : tensor<32x64xf32>
    %cst_4 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %28 = stablehlo.reduce(%25 init: %cst_4) applies stablehlo.add across dimensions = [0, 1] : (tensor<32x64xf32>, tensor<f32>) -> tensor<f32>
    %cst_5 = stablehlo.constant dense<2.048000e+03> : tensor<f32>
    %29 = stablehlo.divide %28, %cst_5 : tensor<f32>
    %cst_6 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %cst_7 = stablehlo.constant dense<2.048000e+03> : tensor<f32>
    %30 = stablehlo.divide %cst_6, %cst_7 : tensor<f32>
    %31 = stablehlo.broadcast_in_dim %30, dims = [] : (tensor<f32>) -> tensor<32x64xf32>
    %32 = stablehlo.multiply %31, %27 : tensor<32x64xf32>
    %33 = stablehlo.dot_general %32, %19, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<32x256xf32>) -> tensor<64x256xf32>
    %34 = stablehlo.transpose %33, dims = [1, 0] : (tensor<64x256xf32>) -> tensor<256x64xf32>
    %35 = stablehlo.dot_general %32, %arg7, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<256x64xf32>) -> tensor<32x256xf32>
    %36 = stablehlo.multiply %35, %21 : tensor<32x256xf32>
    %37 = stablehlo.multiply %36, %19 : tensor<32x256xf32>
    %38 = stablehlo.add %36, %37 : tensor<32x256xf32>
    %39 = stablehlo.dot_general %38, %17, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<32x64xf32>) -> tensor<256x64xf32>
    %40 = stablehlo.transpose %39, dims = [1, 0] : (tensor<256x64xf32>) -> tensor<64x256xf32>
    %41 = stablehlo.dot_general %38, %arg6, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<64x256xf32>) -> tensor<32x64xf32>
    %42 = stablehlo.add %32, %41 : tensor<32x64xf32>
    %43 = stablehlo.dot_general %42, %13, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<32x256xf32>) -> tensor<64x256xf32>
    %44 = stablehlo.transpose %43, dims = [1, 0] : (tensor<64x256xf32>) -> tensor<256x64xf32>
    %45 = stablehlo.dot_general %42, %arg5, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<256x64xf32>) -> tensor<32x256xf32>
    %46 = stablehlo.multiply %45, %15 : tensor<32x256xf32>
    %47 = stablehlo.multiply %46, %13 : tensor<32x256xf32>
    %48 = stablehlo.add %46, %47 : tensor<32x256xf32>
    %49 = stablehlo.dot_general %48, %11, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<32x64xf32>) -> tensor<256x64xf32>
    %50 = stablehlo.transpose %49, dims = [1, 0] : (tensor<256x64xf32>) -> tensor<64x256xf32>
    %51 = stablehlo.dot_general %48, %arg4, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<64x256xf32>) -> tensor<32x64xf32>
    %52 = stablehlo.add %42, %51 : tensor<32x64xf32>
    %53 = stablehlo.dot_general %52, %7, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<32x256xf32>) -> tensor<64x256xf32>
    %54 = stablehlo.transpose %53, dims = [1, 0] : (tensor<64x256xf32>) -> tensor<256x64xf32>
    %55 = stablehlo.dot_general %52, %arg3, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<256x64xf32>) -> tensor<32x256xf32>
    %56 = stablehlo.multiply %55, %9 : tensor<32x256xf32>
    %57 = stablehlo.multiply %56, %7 : tensor<32x256xf32>
    %58 = stablehlo.add %56, %57 : tensor<32x256xf32>
    %59 = stablehlo.dot_general %58, %5, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<32x64xf32>) -> tensor<256x64xf32>
    %60 = stablehlo.transpose %59, dims = [1, 0] : (tensor<256x64xf32>) -> tensor<64x256xf32>
    %61 = stablehlo.dot_general %58, %arg2, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<64x256xf32>) -> tensor<32x64xf32>
    %62 = stablehlo.add %52, %61 : tensor<32x64xf32>
    %63 = stablehlo.dot_general %62, %1, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<32x256xf32>) -> tensor<64x256xf32>
    %64 = stablehlo.transpose %63, dims = [1, 0] : (tensor<64x256xf32>) -> tensor<256x64xf32>
    %65 = stablehlo.dot_general %62, %arg1, contracting_dims = [1] x [1], precision = [DEFAULT, DEFAULT] : (tensor<32x64xf32>, tensor<256x64xf32>) -> tensor<32x256xf32>
    %66 = stablehlo.multiply %65, %3 : tensor<32x256xf32>
    %67 = stablehlo.multiply %66, %1 : tensor<32x256xf32>
    %68 = stablehlo.add %66, %67 : tensor<32x256xf32>
    %69 = stablehlo.dot_general %68, %arg8, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT] : (tensor<32x256xf32>, tensor<32x64xf32>) -> tensor<256x64xf32>
    %70 = stablehlo.transpose %69, dims = [1, 0] : (tensor<256x64xf32>) -> tensor<64x256xf32>
    %71 = stablehlo.multiply %70, %70 : tensor<64x256xf32>
    %cst_8 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %72 = stablehlo.reduce(%71 init: %cst_8) applies stablehlo.add across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %cst_9 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %73 = stablehlo.add %cst_9, %72 : tensor<f32>
    %74 = stablehlo.multiply %64, %64 : tensor<256x64xf32>
    %cst_10 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %75 = stablehlo.reduce(%74 init: %cst_10) applies stablehlo.add across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %76 = stablehlo.add %73, %75 : tensor<f32>
    %77 = stablehlo.multiply %60, %60 : tensor<64x256xf32>
    %cst_11 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %78 = stablehlo.reduce(%77 init: %cst_11) applies stablehlo.add across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %79 = stablehlo.add %76, %78 : tensor<f32>
    %80 = stablehlo.multiply %54, %54 : tensor<256x64xf32>
    %cst_12 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %81 = stablehlo.reduce(%80 init: %cst_12) applies stablehlo.add across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %82 = stablehlo.add %79, %81 : tensor<f32>
    %83 = stablehlo.multiply %50, %50 : tensor<64x256xf32>
    %cst_13 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %84 = stablehlo.reduce(%83 init: %cst_13) applies stablehlo.add across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %85 = stablehlo.add %82, %84 : tensor<f32>
    %86 = stablehlo.multiply %44, %44 : tensor<256x64xf32>
    %cst_14 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %87 = stablehlo.reduce(%86 init: %cst_14) applies stablehlo.add across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %88 = stablehlo.add %85, %87 : tensor<f32>
    %89 = stablehlo.multiply %40, %40 : tensor<64x256xf32>
    %cst_15 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %90 = stablehlo.reduce(%89 init: %cst_15) applies stablehlo.add across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %91 = stablehlo.add %88, %90 : tensor<f32>
    %92 = stablehlo.multiply %34, %34 : tensor<256x64xf32>
    %cst_16 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %93 = stablehlo.reduce(%92 init: %cst_16) applies stablehlo.add across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %94 = stablehlo.add %91, %93 : tensor<f32>
    %95 = stablehlo.sqrt %94 : tensor<f32>
    %96 = stablehlo.abs %70 : tensor<64x256xf32>
    %cst_17 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %97 = stablehlo.reduce(%96 init: %cst_17) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %98 = stablehlo.abs %64 : tensor<256x64xf32>
    %cst_18 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %99 = stablehlo.reduce(%98 init: %cst_18) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %100 = stablehlo.abs %60 : tensor<64x256xf32>
    %cst_19 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %101 = stablehlo.reduce(%100 init: %cst_19) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %102 = stablehlo.abs %54 : tensor<256x64xf32>
    %cst_20 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %103 = stablehlo.reduce(%102 init: %cst_20) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %104 = stablehlo.abs %50 : tensor<64x256xf32>
    %cst_21 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %105 = stablehlo.reduce(%104 init: %cst_21) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %106 = stablehlo.abs %44 : tensor<256x64xf32>
    %cst_22 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %107 = stablehlo.reduce(%106 init: %cst_22) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %108 = stablehlo.abs %40 : tensor<64x256xf32>
    %cst_23 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %109 = stablehlo.reduce(%108 init: %cst_23) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<64x256xf32>, tensor<f32>) -> tensor<f32>
    %110 = stablehlo.abs %34 : tensor<256x64xf32>
    %cst_24 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %111 = stablehlo.reduce(%110 init: %cst_24) applies stablehlo.maximum across dimensions = [0, 1] : (tensor<256x64xf32>, tensor<f32>) -> tensor<f32>
    %112 = stablehlo.broadcast_in_dim %97, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %113 = stablehlo.broadcast_in_dim %99, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %114 = stablehlo.broadcast_in_dim %101, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %115 = stablehlo.broadcast_in_dim %103, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %116 = stablehlo.broadcast_in_dim %105, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %117 = stablehlo.broadcast_in_dim %107, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %118 = stablehlo.broadcast_in_dim %109, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %119 = stablehlo.broadcast_in_dim %111, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %120 = stablehlo.concatenate %112, %113, %114, %115, %116, %117, %118, %119, dim = 0 : (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8xf32>
    %cst_25 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %121 = stablehlo.reduce(%120 init: %cst_25) applies stablehlo.maximum across dimensions = [0] : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    %cst_26 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %122 = stablehlo.divide %cst_26, %95 : tensor<f32>
    %cst_27 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %123 = stablehlo.minimum %cst_27, %122 : tensor<f32>
    %cst_28 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %124 = stablehlo.add %cst_28, %121 : tensor<f32>
    %125 = stablehlo.divide %123, %124 : tensor<f32>
    %cst_29 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %126 = stablehlo.multiply %cst_29, %125 : tensor<f32>
    %127 = stablehlo.broadcast_in_dim %126, dims = [] : (tensor<f32>) -> tensor<64x256xf32>
    %128 = stablehlo.multiply %127, %70 : tensor<64x256xf32>
    %129 = stablehlo.subtract %arg0, %128 : tensor<64x256xf32>
    %cst_30 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %130 = stablehlo.multiply %cst_30, %125 : tensor<f32>
    %131 = stablehlo.broadcast_in_dim %130, dims = [] : (tensor<f32>) -> tensor<256x64xf32>
    %132 = stablehlo.multiply %131, %64 : tensor<256x64xf32>
    %133 = stablehlo.subtract %arg1, %132 : tensor<256x64xf32>
    %cst_31 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %134 = stablehlo.multiply %cst_31, %125 : tensor<f32>
    %135 = stablehlo.broadcast_in_dim %134, dims = [] : (tensor<f32>) -> tensor<64x256xf32>
    %136 = stablehlo.multiply %135, %60 : tensor<64x256xf32>
    %137 = stablehlo.subtract %arg2, %136 : tensor<64x256xf32>
    %cst_32 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %138 = stablehlo.multiply %cst_32, %125 : tensor<f32>
    %139 = stablehlo.broadcast_in_dim %138, dims = [] : (tensor<f32>) -> tensor<256x64xf32>
    %140 = stablehlo.multiply %139, %54 : tensor<256x64xf32>
    %141 = stablehlo.subtract %arg3, %140 : tensor<256x64xf32>
    %cst_33 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %142 = stablehlo.multiply %cst_33, %125 : tensor<f32>
    %143 = stablehlo.broadcast_in_dim %142, dims = [] : (tensor<f32>) -> tensor<64x256xf32>
    %144 = stablehlo.multiply %143, %50 : tensor<64x256xf32>
    %145 = stablehlo.subtract %arg4, %144 : tensor<64x256xf32>
    %cst_34 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %146 = stablehlo.multiply %cst_34, %125 : tensor<f32>
    %147 = stablehlo.broadcast_in_dim %146, dims = [] : (tensor<f32>) -> tensor<256x64xf32>
    %148 = stablehlo.multiply %147, %44 : tensor<256x64xf32>
    %149 = stablehlo.subtract %arg5, %148 : tensor<256x64xf32>
    %cst_35 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %150 = stablehlo.multiply %cst_35, %125 : tensor<f32>
    %151 = stablehlo.broadcast_in_dim %150, dims = [] : (tensor<f32>) -> tensor<64x256xf32>
    %152 = stablehlo.multiply %151, %40 : tensor<64x256xf32>
    %153 = stablehlo.subtract %arg6, %152 : tensor<64x256xf32>
    %cst_36 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %154 = stablehlo.multiply %cst_36, %125 : tensor<f32>
    %155 = stablehlo.broadcast_in_dim %154, dims = [] : (tensor<f32>) -> tensor<256x64xf32>
    %156 = stablehlo.multiply %155, %34 : tensor<256x64xf32>
    %157 = stablehlo.subtract %arg7, %156 : tensor<256x64xf32>
    return %129, %133, %137, %141, %145, %149, %153, %157, %29 : tensor<64x256xf32>, tensor<256x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>, tensor<f32>
  }
}
